"""Whether an ATA disk took an order to give back what it hides, that hdparm gave it with --verbose. Pure.

Sources: hdparm 9.65 (Debian 13), hdparm.c, do_set_max_sectors() and do_drive_cmd() for --dco-restore; ATA8-ACS, SET MAX
ADDRESS (F9h) and SET MAX ADDRESS EXT (37h), DEVICE CONFIGURATION RESTORE (B1h/C0h); ACS-4, SET ACCESSIBLE MAX ADDRESS
EXT (78h/0001h). *accepted* is read from what came back (`hdparm_exchange.py`), never from hdparm's words or its status.
Not for: how large the disk is then (`agent/disks/disk_status.py`), which is what counts.
"""

import re
from collections.abc import Callable
from typing import Final

from netboot.agent.answers.hdparm_exchange import Exchange, parse_exchanges
from netboot.agent.answers.order import Order, in_short
from netboot.shared.given_back import Area

_SET_MAX, _SET_MAX_EXT, _ACCESSIBLE_MAX, _DCO = 0xF9, 0x37, 0x78, 0xB1
_SET_ACCESSIBLE, _RESTORE = 0x01, 0xC0
_ERROR: Final = re.compile(r"^\s*((?:SG_IO: (?:bad|questionable|missing)|.* failed:).*)$", re.MULTILINE)


def _sets_max(one: Exchange) -> bool:
    return one.command in (_SET_MAX, _SET_MAX_EXT) or (one.command, one.feature) == (_ACCESSIBLE_MAX, _SET_ACCESSIBLE)


def _restores(one: Exchange) -> bool:
    return (one.command, one.feature) == (_DCO, _RESTORE)


_ORDERS: Final[dict[Area, Callable[[Exchange], bool]]] = {"max-address": _sets_max, "overlay": _restores}


def parse_give_back(transcript: str, area: Area) -> Order:
    """What became of `hdparm --verbose -Np…` (max-address) or `hdparm --verbose --dco-restore` (overlay), from all that
    it printed."""
    orders = [one for one in parse_exchanges(transcript) if _ORDERS[area](one)]
    said = in_short(*dict.fromkeys(_ERROR.findall(transcript)))
    if len(orders) != 1:
        return Order("not-told", said)
    return Order("accepted" if orders[0].done else "refused" if orders[0].refused else "not-told", said)
