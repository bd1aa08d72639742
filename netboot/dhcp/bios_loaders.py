"""Notices a BIOS PC on which iPXE does not start, and sends it another build of iPXE.

undionly.kpxe works through the driver in the adapter's ROM (UNDI), which hangs or receives nothing on some PCs. From
here it looks like this: the PC loads it, iPXE never asks for its script, and the next packet is the ROM's again, at the
next start. After TIMES of that the PC is sent the next build of ORDER; one that works is kept until the server ends.
Pure and bounded; `now` is in seconds on any steady clock.
Not for: an iPXE that comes up and goes round in circles (loop_guard.py), what a person set (jobs/policy.py).
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from netboot.dhcp.boot_client import BootClient, BootMethod, Firmware
from netboot.dhcp.boot_file import runs_our_script
from netboot.dhcp.core import Remark
from netboot.jobs.policy import Loader, Policy

ORDER: Final[tuple[Loader, ...]] = ("undionly", "ipxe.pxe", "kkpxe")
"""The usual one; the one that needs nothing of the ROM; the one that takes nothing of it away. Then from the start."""

TIMES: Final = 3
"""Starts at which a PC loaded its loader and was not heard of again: one or two may have been switched off."""

WITHIN: Final = 3600.0
"""Seconds between two such starts, at most."""

MAX_ENTRIES: Final = 4096

_REMARKS: Final[dict[Loader, Remark]] = {"ipxe.pxe": Remark.SENT_IPXE_PXE, "kkpxe": Remark.SENT_UNDIONLY_KKPXE}


@dataclass(slots=True)
class _Pc:
    """Which of ORDER a PC is sent, how often that did not come up, and whether it got it since its last DISCOVER."""

    number: int = 0
    lost: int = 0
    loaded: bool = False
    all_tried: bool = False
    at: float = 0.0


class BiosLoaders:
    """Which loader each BIOS PC is sent, where nothing is set for it; at most MAX_ENTRIES of them."""

    def __init__(self) -> None:
        self._pcs: OrderedDict[str, _Pc] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pcs)

    def note_discover(self, client: BootClient, policy: Policy, now: float) -> bool:
        """A PC asks for its boot file. True when it is sent another loader from now on."""
        if not _is_for(client, policy):
            return False
        pc = self._pcs.setdefault(client.mac, _Pc())
        self._pcs.move_to_end(client.mac)
        if len(self._pcs) > MAX_ENTRIES:
            self._pcs.popitem(last=False)
        if now - pc.at > WITHIN:
            pc.lost = 0
        pc.lost += pc.loaded
        pc.loaded, pc.at = False, now
        if pc.lost < TIMES:
            return False
        pc.number, pc.lost = (pc.number + 1) % len(ORDER), 0
        pc.all_tried = pc.all_tried or pc.number == 0
        return True

    def policy_for(self, client: BootClient, policy: Policy) -> Policy:
        """The policy with the loader that this PC is sent."""
        pc = self._pcs.get(client.mac)
        return replace(policy, loader=ORDER[pc.number]) if pc is not None and _is_for(client, policy) else policy

    def loaded(self, mac: str) -> None:
        """This PC has got its loader, by TFTP."""
        if (pc := self._pcs.get(mac)) is not None:
            pc.loaded = True

    def came_up(self, mac: str) -> None:
        """This PC asked for something by HTTP, as only a loader does that works."""
        if (pc := self._pcs.get(mac)) is not None:
            pc.loaded, pc.lost = False, 0

    def remark(self, mac: str) -> Remark | None:
        """For people: that this PC is not sent the usual loader, or that none of them works on it; else None."""
        pc = self._pcs.get(mac)
        if pc is None:
            return None
        return Remark.EACH_LOADER_TRIED if pc.all_tried else _REMARKS.get(ORDER[pc.number])


def _is_for(client: BootClient, policy: Policy) -> bool:
    if client.firmware is not Firmware.BIOS or client.method is not BootMethod.PXE:
        return False
    return policy.loader not in ORDER and not runs_our_script(client)
