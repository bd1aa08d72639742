"""Sense data: how a SCSI command that did not just end well says so (SPC-5 §4.4). Pure."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

GOOD: Final = 0x00
CHECK_CONDITION: Final = 0x02
"""Status codes (SAM-6 §5.3)."""
FIXED_BYTES: Final = 18
_SPECIFIC: Final = 0x02
"""The descriptor with the sense key specific bytes."""
_VALID: Final = 0x80


class Key(IntEnum):
    """Sense keys."""

    NO_SENSE = 0x0
    RECOVERED = 0x1
    NOT_READY = 0x2
    MEDIUM_ERROR = 0x3
    HARDWARE_ERROR = 0x4
    ILLEGAL_REQUEST = 0x5
    DATA_PROTECT = 0x7
    ABORTED_COMMAND = 0xB


@dataclass(frozen=True, slots=True)
class Sense:
    """A sense key with its additional code and qualifier; `progress` of 65,536 of what is at work, where it is told."""

    key: Key
    code: int = 0
    qualifier: int = 0
    progress: int | None = None

    @property
    def fixed(self) -> bytes:
        """Fixed format, current error."""
        head = struct.pack("<BBB4xB", 0x70, 0, self.key, FIXED_BYTES - 8)
        return (head + struct.pack("<4xBBx", self.code, self.qualifier) + self._specific).ljust(FIXED_BYTES, b"\0")

    @property
    def described(self) -> bytes:
        """Descriptor format, current error."""
        more = b"" if self.progress is None else bytes([_SPECIFIC, 6, 0, 0]) + self._specific + b"\0"
        return bytes([0x72, self.key, self.code, self.qualifier, 0, 0, 0, len(more)]) + more

    @property
    def _specific(self) -> bytes:
        return b"" if self.progress is None else struct.pack(">BH", _VALID, self.progress)


INVALID_OPCODE: Final = Sense(Key.ILLEGAL_REQUEST, 0x20)
INVALID_FIELD: Final = Sense(Key.ILLEGAL_REQUEST, 0x24)
OUT_OF_RANGE: Final = Sense(Key.ILLEGAL_REQUEST, 0x21)
SANITIZING: Final = Sense(Key.NOT_READY, 0x04, 0x1B)
SANITIZE_FAILED: Final = Sense(Key.MEDIUM_ERROR, 0x31, 0x03)
LOCKED: Final = Sense(Key.DATA_PROTECT, 0x74, 0x71)
UNREADABLE: Final = Sense(Key.MEDIUM_ERROR, 0x11, 0x04)
ABORTED: Final = Sense(Key.ABORTED_COMMAND)
