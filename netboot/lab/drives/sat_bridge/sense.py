"""Sense data: how a SCSI command that did not just end well says so (SPC-5 §4.4; SAT-4 §12.2.2.7). Pure."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from netboot.lab.drives.ata.command import Reply

GOOD: Final = 0x00
CHECK_CONDITION: Final = 0x02
"""Status codes (SAM-6 §5.3)."""
FIXED_BYTES: Final = 18
_ATA_STATUS_RETURN: Final = 0x09


class Key(IntEnum):
    """Sense keys."""

    NO_SENSE = 0x0
    RECOVERED = 0x1
    NOT_READY = 0x2
    MEDIUM_ERROR = 0x3
    ILLEGAL_REQUEST = 0x5
    DATA_PROTECT = 0x7
    ABORTED_COMMAND = 0xB


@dataclass(frozen=True, slots=True)
class Sense:
    """A sense key with its additional code and qualifier."""

    key: Key
    code: int = 0
    qualifier: int = 0

    @property
    def fixed(self) -> bytes:
        """Fixed format, current error."""
        head = struct.pack("<BBB4xB", 0x70, 0, self.key, FIXED_BYTES - 8)
        return (head + struct.pack("<4xBB", self.code, self.qualifier)).ljust(FIXED_BYTES, b"\0")


INVALID_OPCODE: Final = Sense(Key.ILLEGAL_REQUEST, 0x20)
INVALID_FIELD: Final = Sense(Key.ILLEGAL_REQUEST, 0x24)
OUT_OF_RANGE: Final = Sense(Key.ILLEGAL_REQUEST, 0x21)
SANITIZING: Final = Sense(Key.NOT_READY, 0x04, 0x1B)
SANITIZE_FAILED: Final = Sense(Key.MEDIUM_ERROR, 0x31, 0x03)
LOCKED: Final = Sense(Key.DATA_PROTECT, 0x74, 0x71)
UNREADABLE: Final = Sense(Key.MEDIUM_ERROR, 0x11, 0x04)
ABORTED: Final = Sense(Key.ABORTED_COMMAND)
REGISTERS_FOLLOW: Final = Sense(Key.RECOVERED, 0x00, 0x1D)
"""ATA PASS-THROUGH INFORMATION AVAILABLE."""


def with_registers(sense: Sense, reply: Reply, *, extended: bool) -> bytes:
    """Descriptor format, with the registers of a passed command's end."""
    count, lba = reply.count.to_bytes(2, "big"), reply.lba.to_bytes(6, "little")
    device = 0x40 | (0 if extended else lba[3] & 0xF)
    high = (lba[3], lba[4], lba[5]) if extended else (0, 0, 0)
    descriptor = bytes(
        [
            _ATA_STATUS_RETURN, 12, int(extended), reply.error, count[0] if extended else 0, count[1],
            high[0], lba[0], high[1], lba[1], high[2], lba[2], device, reply.status,
        ]
    )  # fmt: skip
    return bytes([0x72, sense.key, sense.code, sense.qualifier, 0, 0, 0, len(descriptor)]) + descriptor
