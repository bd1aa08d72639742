"""An ATA command as it reaches a disk, and what comes back: register values and data (ACS, “Command descriptions”)."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

SECTOR: Final = 512
"""Bytes of a logical sector; the disks of this package have no other."""


class Op(IntEnum):
    """The commands that a disk of this package knows, by the value of the COMMAND field."""

    NOP = 0x00
    DATA_SET_MANAGEMENT = 0x06
    READ_SECTORS = 0x20
    READ_SECTORS_EXT = 0x24
    READ_DMA_EXT = 0x25
    READ_NATIVE_MAX_EXT = 0x27
    READ_MULTIPLE_EXT = 0x29
    READ_LOG_EXT = 0x2F
    WRITE_SECTORS = 0x30
    WRITE_SECTORS_EXT = 0x34
    WRITE_DMA_EXT = 0x35
    SET_MAX_EXT = 0x37
    WRITE_MULTIPLE_EXT = 0x39
    WRITE_DMA_FUA_EXT = 0x3D
    READ_VERIFY = 0x40
    READ_VERIFY_EXT = 0x42
    READ_LOG_DMA_EXT = 0x47
    ACCESSIBLE_MAX = 0x78
    DIAGNOSTIC = 0x90
    SMART = 0xB0
    DCO = 0xB1
    SANITIZE = 0xB4
    READ_MULTIPLE = 0xC4
    WRITE_MULTIPLE = 0xC5
    SET_MULTIPLE = 0xC6
    READ_DMA = 0xC8
    WRITE_DMA = 0xCA
    WRITE_MULTIPLE_FUA_EXT = 0xCE
    STANDBY_IMMEDIATE = 0xE0
    IDLE_IMMEDIATE = 0xE1
    STANDBY = 0xE2
    IDLE = 0xE3
    CHECK_POWER_MODE = 0xE5
    SLEEP = 0xE6
    FLUSH_CACHE = 0xE7
    FLUSH_CACHE_EXT = 0xEA
    IDENTIFY_DEVICE = 0xEC
    SET_FEATURES = 0xEF
    SECURITY_SET_PASSWORD = 0xF1
    SECURITY_UNLOCK = 0xF2
    SECURITY_ERASE_PREPARE = 0xF3
    SECURITY_ERASE_UNIT = 0xF4
    SECURITY_FREEZE_LOCK = 0xF5
    SECURITY_DISABLE_PASSWORD = 0xF6
    READ_NATIVE_MAX = 0xF8
    SET_MAX = 0xF9


class Status:
    """Bits of the STATUS field."""

    BUSY: Final = 0x80
    READY: Final = 0x40
    FAULT: Final = 0x20
    SEEK_COMPLETE: Final = 0x10
    DATA_REQUEST: Final = 0x08
    ERROR: Final = 0x01


class Error:
    """Bits of the ERROR field."""

    UNCORRECTABLE: Final = 0x40
    ID_NOT_FOUND: Final = 0x10
    ABORT: Final = 0x04


GOOD: Final = Status.READY | Status.SEEK_COMPLETE


@dataclass(frozen=True, slots=True)
class Command:
    """A command's fields. Those of a 28-bit command hold 8, 8 and 28 bits; `data` is what the host sent along."""

    op: int
    feature: int = 0
    count: int = 0
    lba: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """The fields of a command's end; `data` goes to the host."""

    status: int = GOOD
    error: int = 0
    count: int = 0
    lba: int = 0
    data: bytes = field(default=b"", repr=False)

    @property
    def failed(self) -> bool:
        """Whether the command ended in an error."""
        return bool(self.status & Status.ERROR)


DONE: Final = Reply()
"""The end of a command that has nothing to tell."""


def failure(error: int, *, lba: int = 0, data: bytes = b"") -> Reply:
    """The end of a command that failed with these bits of the ERROR field."""
    return Reply(GOOD | Status.ERROR, error, lba=lba, data=data)


ABORTED: Final = failure(Error.ABORT)
"""What a disk answers to a command that it does not know, or not now (ACS, “Command aborted”)."""

PIO_IN: Final = frozenset(
    {
        Op.READ_SECTORS, Op.READ_SECTORS_EXT, Op.READ_MULTIPLE, Op.READ_MULTIPLE_EXT, Op.READ_LOG_EXT, Op.SMART,
        Op.DCO, Op.IDENTIFY_DEVICE,
    }
)  # fmt: skip
"""Commands whose data comes by PIO: each is announced by a PIO Setup FIS of its own."""
EXTENDED: Final = frozenset(
    {
        Op.DATA_SET_MANAGEMENT, Op.READ_SECTORS_EXT, Op.READ_DMA_EXT, Op.READ_NATIVE_MAX_EXT, Op.READ_MULTIPLE_EXT,
        Op.READ_LOG_EXT, Op.WRITE_SECTORS_EXT, Op.WRITE_DMA_EXT, Op.SET_MAX_EXT, Op.WRITE_MULTIPLE_EXT,
        Op.WRITE_DMA_FUA_EXT, Op.READ_VERIFY_EXT, Op.READ_LOG_DMA_EXT, Op.ACCESSIBLE_MAX, Op.SANITIZE,
        Op.WRITE_MULTIPLE_FUA_EXT, Op.FLUSH_CACHE_EXT,
    }
)  # fmt: skip
"""Commands with fields of 16, 16 and 48 bits; all others have 8, 8 and 28."""
