"""The ATA commands that `hdparm --verbose` sent, and what came back for each: the bytes themselves. Pure.

Source: hdparm 9.65 (Debian 13), sgio.c, sg16(), dump_bytes(). Without --verbose hdparm says the same of an order that
was taken and of one for which nothing came back, with exit status 0: "Operation started in background", or for a
password nothing at all. So each order, and each question whose answer counts, is put with --verbose, and read here.
hdparm speaks to some USB bridges in a way of their own (apt.c), which it does not show: for them nothing is told.
Not for: what the commands mean (`ata_sanitize.py`, `hdparm_orders.py`).
"""

import re
from dataclasses import dataclass
from typing import Final

from netboot.agent.answers.sense import ILLEGAL_REQUEST, AtaRegisters, ata_registers, parse_sense

_HEX: Final = r"((?:\s+[0-9a-f]{2}){%s})\s*$"
_SENT: Final = re.compile(r"^outgoing cdb:" + _HEX % "12,16")
_ENDED: Final = re.compile(
    r"^SG_IO: ATA_\d\d status=0x([0-9a-f]{1,2}), host_status=0x([0-9a-f]{1,4}), driver_status=0x([0-9a-f]{1,4})\s*$"
)
_SENSE: Final = re.compile(r"^SG_IO: sb\[\]:" + _HEX % "8,64")
_COMPLAINT: Final = re.compile(r"^SG_IO: bad/missing sense data, sb\[\]:" + _HEX % "8,64", re.MULTILINE)
_PASS_THROUGH_16, _PASS_THROUGH_12 = 0x85, 0xA1
_GOOD, _CHECK_CONDITION = 0x00, 0x02
_HAS_SENSE: Final = (0x00, 0x08)
"""Driver statuses of an adapter that did its work."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command that came back: its ATA opcode `command`, the low byte of its `feature`, whether the adapter handed
    it on and back (`delivered`), its SCSI `status`, and the `sense` bytes, zeros where there were none."""

    command: int
    feature: int
    delivered: bool
    status: int
    sense: bytes

    @property
    def registers(self) -> AtaRegisters | None:
        """The registers that came back, None when none did."""
        return ata_registers(self.sense) if self.delivered and self.status == _CHECK_CONDITION else None

    @property
    def refused(self) -> bool:
        """Whether the disk, or what translates for it, refused the command."""
        if not self.delivered or self.status != _CHECK_CONDITION:
            return False
        registers = self.registers
        return registers.failed if registers is not None else is_illegal(self.sense)

    @property
    def done(self) -> bool:
        """Whether the disk ended the command without error, by its registers."""
        registers = self.registers
        return registers is not None and not registers.failed

    @property
    def good(self) -> bool:
        """Whether the command ended without any complaint: enough for one that carries data, for which registers come
        only with an error."""
        return self.delivered and self.status == _GOOD and not any(self.sense)


def parse_exchanges(transcript: str) -> tuple[Exchange, ...]:
    """All commands that came back, in order, from all that `hdparm --verbose …` printed."""
    found = []
    sent: bytes | None = None
    ended: tuple[int, bool] | None = None
    for line in transcript.splitlines():
        if (match := _SENT.match(line)) is not None:
            sent, ended = bytes.fromhex(match[1]), None
        elif (match := _ENDED.match(line)) is not None:
            ended = (int(match[1], 16), int(match[2], 16) == 0 and int(match[3], 16) in _HAS_SENSE)
        elif (match := _SENSE.match(line)) is not None and sent is not None and ended is not None:
            place = {_PASS_THROUGH_16: (14, 4), _PASS_THROUGH_12: (9, 3)}.get(sent[0])
            if place is not None and place[0] < len(sent):
                sense = bytes.fromhex(match[1])
                found.append(Exchange(sent[place[0]], sent[place[1]], ended[1], ended[0], sense))
            sent = ended = None
    return tuple(found)


def complaints(transcript: str) -> tuple[bytes, ...]:
    """The sense data that hdparm itself complained of, with --verbose or without, in order."""
    return tuple(bytes.fromhex(found) for found in _COMPLAINT.findall(transcript))


def is_illegal(data: bytes) -> bool:
    """Whether this sense data says that the command was none the disk takes now."""
    sense = parse_sense(data)
    return sense is not None and not sense.deferred and sense.key == ILLEGAL_REQUEST
