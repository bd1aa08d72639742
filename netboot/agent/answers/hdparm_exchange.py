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

_HEX: Final = r"((?:[ ]+[0-9a-f]{2}){%s})[ ]*"
_EXCHANGE: Final = re.compile(
    rf"^outgoing cdb:{_HEX % '12,16'}\n"
    r"(?:outgoing_data:.*\n)?"
    r"SG_IO: ATA_\d\d status=0x([0-9a-f]{1,2}), host_status=0x([0-9a-f]{1,4}), driver_status=0x([0-9a-f]{1,4})\n"
    rf"SG_IO: sb\[\]:{_HEX % '8,64'}$",
    re.MULTILINE,
)
_COMPLAINT: Final = re.compile(rf"^SG_IO: bad/missing sense data, sb\[\]:{_HEX % '8,64'}$", re.MULTILINE)
_PLACES: Final = {0x85: (14, 4), 0xA1: (9, 3)}
"""Where COMMAND and FEATURES are in ATA PASS-THROUGH (16) and (12)."""
_GOOD, _CHECK_CONDITION = 0x00, 0x02
_DELIVERED: Final = (("0", "0"), ("0", "8"))
"""Host and driver status of an adapter that did its work; the last is that there is sense data."""


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
    for sent, status, host, driver, sense in _EXCHANGE.findall(transcript):
        command = bytes.fromhex(sent)
        place = _PLACES.get(command[0])
        if place is not None and place[0] < len(command):
            delivered = (host, driver) in _DELIVERED
            known = command[place[0]], command[place[1]]
            found.append(Exchange(*known, delivered, int(status, 16), bytes.fromhex(sense)))
    return tuple(found)


def complaints(transcript: str) -> tuple[bytes, ...]:
    """The sense data that hdparm itself complained of, with --verbose or without, in order."""
    return tuple(bytes.fromhex(found) for found in _COMPLAINT.findall(transcript))


def is_illegal(data: bytes) -> bool:
    """Whether this sense data says that the command was none the disk takes now."""
    sense = parse_sense(data)
    return sense is not None and not sense.deferred and sense.key == ILLEGAL_REQUEST
