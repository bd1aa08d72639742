"""A command in a submission queue and its completion, bytes to values and back. Pure.

Follows NVM Express Base 2.0 §3.3.3 (both entries) and §4.1.1 (PRPs are walked in queues.py).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

COMMAND_BYTES = 64
COMPLETION_BYTES = 16
ALL_NAMESPACES = 0xFFFFFFFF


class Admin(IntEnum):
    """Base §5, figure "Opcodes for Admin Commands"."""

    DELETE_SQ = 0x00
    CREATE_SQ = 0x01
    GET_LOG_PAGE = 0x02
    DELETE_CQ = 0x04
    CREATE_CQ = 0x05
    IDENTIFY = 0x06
    ABORT = 0x08
    SET_FEATURES = 0x09
    GET_FEATURES = 0x0A
    ASYNC_EVENT = 0x0C
    SELF_TEST = 0x14
    FORMAT = 0x80
    SECURITY_SEND = 0x81
    SECURITY_RECEIVE = 0x82
    SANITIZE = 0x84


class Io(IntEnum):
    """NVM Command Set 1.0 §3, figure "Opcodes for NVM Commands"."""

    FLUSH = 0x00
    WRITE = 0x01
    READ = 0x02
    WRITE_ZEROES = 0x08
    DATASET_MANAGEMENT = 0x09


class Status(IntEnum):
    """Status code type and status code together (Base §3.3.3.2, figures "Status Code"): type * 256 + code."""

    SUCCESS = 0x000
    INVALID_OPCODE = 0x001
    INVALID_FIELD = 0x002
    ID_CONFLICT = 0x003
    TRANSFER_ERROR = 0x004
    INTERNAL_ERROR = 0x006
    ABORTED = 0x007
    SQ_DELETED = 0x008
    INVALID_NAMESPACE = 0x00B
    INVALID_PRP_OFFSET = 0x013
    OPERATION_DENIED = 0x015
    SANITIZE_FAILED = 0x01C
    SANITIZE_IN_PROGRESS = 0x01D
    LBA_OUT_OF_RANGE = 0x080
    NOT_READY = 0x082
    FORMAT_IN_PROGRESS = 0x084
    INVALID_CQ = 0x100
    INVALID_QUEUE_ID = 0x101
    INVALID_QUEUE_SIZE = 0x102
    TOO_MANY_EVENT_REQUESTS = 0x105
    INVALID_VECTOR = 0x108
    INVALID_LOG_PAGE = 0x109
    INVALID_FORMAT = 0x10A
    INVALID_QUEUE_DELETION = 0x10C
    FEATURE_NOT_SAVEABLE = 0x10D
    FEATURE_NOT_CHANGEABLE = 0x10E
    SELF_TEST_IN_PROGRESS = 0x11D
    WRITE_FAULT = 0x280
    UNRECOVERED_READ_ERROR = 0x281
    ACCESS_DENIED = 0x286


PASSING = frozenset({Status.SANITIZE_IN_PROGRESS, Status.FORMAT_IN_PROGRESS, Status.NOT_READY})
"""What may be otherwise when the same command comes again; everything else says Do Not Retry."""


class CommandError(Exception):
    """A command ends with this status; `lba` is the sector that it is about, if any."""

    def __init__(self, status: Status, lba: int = 0) -> None:
        super().__init__(status.name.lower())
        self.status = status
        self.lba = lba


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of a submission queue; `queue` is the queue's number."""

    queue: int
    opcode: int
    id: int
    nsid: int
    prp1: int
    prp2: int
    words: tuple[int, ...]
    """Command dwords 10 to 15."""

    @property
    def lba(self) -> int:
        """Where a read or write begins."""
        return self.words[0] | self.words[1] << 32

    @property
    def blocks(self) -> int:
        """How many logical blocks it is about."""
        return (self.words[2] & 0xFFFF) + 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command that was carried out gives back: dword 0 of its completion, and data for the PC."""

    result: int = 0
    data: bytes = b""


def parse_command(queue: int, entry: bytes) -> Command:
    """A submission queue entry. Raises CommandError: data by SGL and fused commands are not supported."""
    head, nsid, *_, prp1, prp2, d10, d11, d12, d13, d14, d15 = struct.unpack("<IIQQQQ6I", entry)
    command = Command(queue, head & 0xFF, head >> 16, nsid, prp1, prp2, (d10, d11, d12, d13, d14, d15))
    if head & 0xFF00:
        raise CommandError(Status.INVALID_FIELD)
    return command


def command_id(entry: bytes) -> int:
    """The identifier of a command that could not be parsed."""
    return int.from_bytes(entry[2:4], "little")


def completion(*, result: int, head: int, queue: int, command: int, status: Status, phase: bool) -> bytes:
    """A completion queue entry."""
    return struct.pack("<IIHHHH", result, 0, head, queue, command, status_field(status) | phase)


def status_field(status: Status) -> int:
    """The last 16 bits of a completion, its phase left out."""
    return status << 1 | (1 << 15 if status and status not in PASSING else 0)
