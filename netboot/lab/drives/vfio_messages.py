"""The messages of vfio-user 0.0, bytes to values and back: no sockets here.

Follows QEMU's docs/interop/vfio-user.rst ("Protocol Specification"), client to server only: a server that is handed the
PC's memory as files (guest_memory.py) never asks its client for anything. Left out, and never offered to the client:
twin sockets, REGION_WRITE_MULTI, region files, migration. All numbers are in the host's order, which is little-endian.
"""

import errno
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag

HEADER_BYTES = 16
MAX_DATA = 1 << 20
"""The most bytes that one read or write may carry, as the version message tells the client."""
MAX_FILES = 8
"""The most files that may come with one message, likewise."""
MAX_MAPS = 4096
_MAX_MESSAGE = HEADER_BYTES + 16 + MAX_DATA

_REPLY = 1
_NO_REPLY = 1 << 4
_ERROR = 1 << 5
_TYPE = 0xF


class MessageError(Exception):
    """A message that cannot be carried out; `errno` is what the client is told."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.errno = number


class StreamError(Exception):
    """What came is no vfio-user: nothing after it can be trusted, the connection has to end."""


class Command(IntEnum):
    """ "Commands": what a client asks for."""

    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    GET_INFO = 4
    GET_REGION_INFO = 5
    GET_IRQ_INFO = 7
    SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    RESET = 13


class IrqFlags(IntFlag):
    """VFIO_IRQ_SET_…, from <linux/vfio.h>."""

    DATA_NONE = 1
    DATA_BOOL = 2
    DATA_EVENTFD = 4
    ACTION_MASK = 8
    ACTION_UNMASK = 16
    ACTION_TRIGGER = 32


@dataclass(frozen=True, slots=True)
class Header:
    """ "Header": what stands before each message; `size` in bytes counts itself."""

    id: int
    command: int
    size: int
    flags: int

    @property
    def wants_reply(self) -> bool:
        """Whether the client waits for an answer."""
        return not self.flags & _NO_REPLY


@dataclass(frozen=True, slots=True)
class Version:
    """The first message: what the client speaks, and what it can."""

    major: int
    minor: int
    capabilities: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DmaMap:
    """A piece of the PC's memory: `size` bytes at its `address`, in the file that came along at `offset`."""

    offset: int
    address: int
    size: int
    readable: bool
    writeable: bool


@dataclass(frozen=True, slots=True)
class DmaUnmap:
    """A piece of memory that goes; `everything` (VFIO_DMA_UNMAP_FLAG_ALL): all of them."""

    address: int
    size: int
    everything: bool


@dataclass(frozen=True, slots=True)
class GetInfo:
    """What the device is."""


@dataclass(frozen=True, slots=True)
class GetRegionInfo:
    """How large a BAR is, or the configuration space."""

    index: int


@dataclass(frozen=True, slots=True)
class GetIrqInfo:
    """How many interrupts of a kind there are."""

    index: int


@dataclass(frozen=True, slots=True)
class SetIrqs:
    """Which event files, which came along, say that an interrupt is there: `count` of them from `start`."""

    flags: IrqFlags
    index: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class RegionRead:
    """The PC reads `count` bytes of a BAR or of the configuration space."""

    offset: int
    region: int
    count: int


@dataclass(frozen=True, slots=True)
class RegionWrite:
    """The PC writes there."""

    offset: int
    region: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Reset:
    """The PC's bus is reset: at a restart, and when it wakes from S3."""


Request = (
    Version | DmaMap | DmaUnmap | GetInfo | GetRegionInfo | GetIrqInfo | SetIrqs | RegionRead | RegionWrite | Reset
)  # fmt: skip


def parse_header(data: bytes) -> Header:
    """The 16 bytes before a message. Raises StreamError when what follows cannot be told apart from here on."""
    number, command, size, flags, _ = struct.unpack("<HHIII", data)
    if not HEADER_BYTES <= size <= _MAX_MESSAGE:
        raise StreamError(f"a message of {size} bytes")
    if flags & _TYPE:
        raise StreamError("a reply to nothing that was asked")
    return Header(number, command, size, flags)


def parse(header: Header, body: bytes) -> Request:
    """What a message asks for; `body` is what follows its header. Raises MessageError."""
    match header.command:
        case Command.VERSION:
            return _version(body)
        case Command.DMA_MAP:
            _, flags, offset, address, size = _fields("<IIQQQ", body)
            return DmaMap(offset, address, size, bool(flags & 1), bool(flags & 2))
        case Command.DMA_UNMAP:
            _, flags, address, size = _fields("<IIQQ", body)
            return DmaUnmap(address, size, bool(flags & 2))
        case Command.GET_INFO:
            return GetInfo()
        case Command.GET_REGION_INFO:
            return GetRegionInfo(_fields("<III", body)[2])
        case Command.GET_IRQ_INFO:
            return GetIrqInfo(_fields("<III", body)[2])
        case Command.SET_IRQS:
            _, flags, index, start, count = _fields("<IIIII", body)
            return SetIrqs(IrqFlags(flags & 0x3F), index, start, count)
        case Command.REGION_READ:
            offset, region, count = _fields("<QII", body)
            if count > MAX_DATA:
                raise MessageError(errno.EINVAL, f"a read of {count} bytes")
            return RegionRead(offset, region, count)
        case Command.REGION_WRITE:
            offset, region, count = _fields("<QII", body)
            if len(body) != 16 + count:
                raise MessageError(errno.EINVAL, f"a write of {count} bytes with {len(body) - 16}")
            return RegionWrite(offset, region, body[16:])
        case Command.RESET:
            return Reset()
        case _:
            raise MessageError(errno.ENOTSUP, f"command {header.command}")


def _fields(layout: str, body: bytes) -> tuple[int, ...]:
    if len(body) < struct.calcsize(layout):
        raise MessageError(errno.EINVAL, f"{len(body)} bytes are too few")
    return struct.unpack_from(layout, body)


def _version(body: bytes) -> Version:
    major, minor = _fields("<HH", body)
    text = body[4:].partition(b"\0")[0]
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise MessageError(errno.EINVAL, "capabilities that are no JSON") from error
    capabilities = said.get("capabilities", {}) if isinstance(said, dict) else None
    if not isinstance(capabilities, dict):
        raise MessageError(errno.EINVAL, "capabilities that are no object")
    return Version(major, minor, capabilities)


def reply(header: Header, body: bytes = b"") -> bytes:
    """The answer to a command that was carried out."""
    return _header(header, len(body), _REPLY, 0) + body


def error_reply(header: Header, number: int) -> bytes:
    """The answer to one that was not: the header alone, with an errno."""
    return _header(header, 0, _REPLY | _ERROR, number)


def _header(header: Header, length: int, flags: int, error: int) -> bytes:
    return struct.pack("<HHIII", header.id, header.command, HEADER_BYTES + length, flags, error)


def version_body() -> bytes:
    """What this server speaks and can."""
    capabilities = {
        "max_msg_fds": MAX_FILES,
        "max_data_xfer_size": MAX_DATA,
        "max_dma_maps": MAX_MAPS,
        "pgsizes": 4096,
    }
    return struct.pack("<HH", 0, 0) + json.dumps({"capabilities": capabilities}).encode() + b"\0"


def unmap_body(request: DmaUnmap) -> bytes:
    """The entry that went, as the client named it."""
    return struct.pack("<IIQQ", 24, 2 if request.everything else 0, request.address, request.size)


def info_body(regions: int, irqs: int) -> bytes:
    """A PCI device that can be reset, with so many regions and kinds of interrupts."""
    return struct.pack("<IIII", 16, 0b11, regions, irqs)


def region_info_body(index: int, size: int) -> bytes:
    """A region of `size` bytes that is read and written by messages; of none: not there."""
    return struct.pack("<IIIIQQ", 32, 0b11 if size else 0, index, 0, size, 0)


def irq_info_body(index: int, count: int) -> bytes:
    """So many interrupts of a kind, each told by an event file."""
    return struct.pack("<IIII", 16, 1 if count else 0, index, count)


def read_body(request: RegionRead, data: bytes) -> bytes:
    """What was read."""
    return struct.pack("<QII", request.offset, request.region, len(data)) + data


def write_body(request: RegionWrite) -> bytes:
    """That all of it was written."""
    return struct.pack("<QII", request.offset, request.region, len(request.data))
