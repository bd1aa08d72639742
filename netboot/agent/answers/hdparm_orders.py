"""Whether an ATA disk took an order that hdparm gave it: SANITIZE, passwords, SECURITY ERASE UNIT. Pure.

Source: hdparm 9.65 (Debian 13), hdparm.c, do_sanitize_cmd() and do_set_security(); sgio.c, sg16(); ACS-4 for the
commands. An order is given with --verbose, and *accepted* is read from what came back (`hdparm_exchange.py`), never
from hdparm's words: where the registers did not come as a descriptor it reads them out of other bytes, goes on and ends
with status 0, also when the disk refused, as a frozen Micron M600 and a locked Intenso did. A tool that was killed, or
an adapter that failed, leaves the order where it may be: at work. An erase that ended with an error counts as refused.
Not for: what became of the order (`ata_sanitize.py`; for passwords `agent/disks/ata_abilities.py`).
"""

import re
from typing import Final

from netboot.agent.answers.hdparm_exchange import Exchange, complaints, is_illegal, parse_exchanges
from netboot.agent.answers.order import Order, Taken, in_short
from netboot.agent.answers.sense import ata_registers

_SANITIZE: Final = 0xB4
_SANITIZES: Final = (0x11, 0x12, 0x14)
"""CRYPTO SCRAMBLE EXT, BLOCK ERASE EXT, OVERWRITE EXT, by FEATURE."""
_COMMANDS: Final = {
    "SECURITY_SET_PASS": 0xF1,
    "SECURITY_UNLOCK": 0xF2,
    "SECURITY_ERASE": 0xF4,
    "SECURITY_DISABLE": 0xF6,
}
_SECURITY: Final = (0xF3, *_COMMANDS.values())
_ISSUING: Final = re.compile(r"^\s*Issuing (SECURITY_[A-Z_]+|SANITIZE)[A-Z_]* command", re.MULTILINE)
_NO_SANITIZE: Final = "SANITIZE feature set is not supported"
_ERROR: Final = re.compile(r"^\s*((?:SANITIZE failed|ERASE_PREPARE|SECURITY_[A-Z_]+): .+)$", re.MULTILINE)
_DOUBT: Final = re.compile(r"^(SG_IO: (?:bad|questionable|missing).*)$", re.MULTILINE)
_REASON: Final = re.compile(r"^(SANITIZE device error reason: .*)$", re.MULTILINE)
_BY_THE_DISK: Final = ": Input/output error"
"""EIO: sg16() says so only when the disk's own STATUS has an error."""


def parse_sanitize_order(transcript: str) -> Order:
    """What became of `hdparm --verbose --sanitize-block-erase`, `…-crypto-scramble` or `…-overwrite`, from all that it
    printed."""
    if _NO_SANITIZE in transcript:
        return Order("refused", _NO_SANITIZE)
    orders = [one for one in parse_exchanges(transcript) if one.command == _SANITIZE and one.feature in _SANITIZES]
    if len(orders) == 1 and orders[0].done:
        return Order("accepted", _said(transcript))
    return Order(_refused_or_not_told(transcript, orders, "SANITIZE"), _said(transcript))


def parse_security_order(transcript: str, command: str) -> Order:
    """What became of `hdparm --verbose --security-set-pass`, `…-unlock`, `…-disable`, `…-erase` or `…-erase-enhanced`,
    from all that it printed.

    `command`: the word that hdparm prints for it: SECURITY_SET_PASS, SECURITY_UNLOCK, SECURITY_DISABLE or
    SECURITY_ERASE. `accepted` for an erase: it ended without error, for SECURITY ERASE UNIT answers at its end only.
    hdparm tries the password before it disables it, and prepares the erase: a refusal of either is the order's.
    """
    every = [one for one in parse_exchanges(transcript) if one.command in _SECURITY]
    orders = [one for one in every if one.command == _COMMANDS[command]]
    if len(orders) == 1 and every[-1] is orders[0] and (orders[0].done or orders[0].good):
        return Order("accepted", _said(transcript))
    return Order(_refused_or_not_told(transcript, every, command), _said(transcript))


def _refused_or_not_told(transcript: str, orders: list[Exchange], command: str) -> Taken:
    if orders:
        return "refused" if any(one.refused for one in orders) else "not-told"
    if _ISSUING.findall(transcript) != [command]:
        return "not-told"
    # Without --verbose only a refusal can be told.
    if any(_refuses(data) for data in complaints(transcript)):
        return "refused"
    errors = _ERROR.findall(transcript)
    by_the_disk = bool(errors) and all(error.endswith(_BY_THE_DISK) for error in errors)
    return "refused" if by_the_disk and not _DOUBT.search(transcript) else "not-told"


def _refuses(data: bytes) -> bool:
    registers = ata_registers(data)
    return registers.failed if registers is not None else is_illegal(data)


def _said(transcript: str) -> str:
    lines = [*_DOUBT.findall(transcript), *_ERROR.findall(transcript), *_REASON.findall(transcript)]
    return in_short(*dict.fromkeys(lines))
