"""Where in a file something lies on the disk, and whether the file system would read it: FIEMAP (linux/fiemap.h).

An extent that is unwritten reads as zeros whatever is on the disk there: fallocate(1) leaves it so, and the kernel
swaps to it all the same, past the file system. Asked by ioctl: filefrag(8) tells people. Not for: what to do with them.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from netboot.shared.errors import NetbootError

_FIEMAP: Final = 0xC020660B
_SYNC: Final = 0x1
"""FIEMAP_FLAG_SYNC: what waits to be written is written first, and has its place then."""
_LAST: Final = 0x1
_UNWRITTEN: Final = 0x800
_HEAD: Final = struct.Struct("=QQIIII")
_EXTENT: Final = struct.Struct("=QQQQQIIII")
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Extent:
    """A piece of a file, in bytes; `end` is where the next one may begin."""

    start: int
    end: int
    unwritten: bool


def extents_of(fd: int) -> Iterator[Extent]:
    """Those of a file, in order, also while what came before is written to; where none is, is a hole. Raises OSError,
    and NetbootError for more than its file system holds, or no order."""
    told = os.fstatvfs(fd)
    room, place = told.f_blocks * told.f_frsize, 0
    while found := _from(fd, place):
        for extent, last in found:
            # One that is written to may become one with the next.
            extent = Extent(max(extent.start, place), extent.end, extent.unwritten)
            room -= extent.end - extent.start
            if extent.end <= extent.start or room < 0:
                raise NetbootError("a file takes more than its file system has", hint="look at the master")
            place = extent.end
            yield extent
            if last:
                return


def _from(fd: int, place: int) -> list[tuple[Extent, bool]]:
    """The next ones, each with whether it is the last."""
    answer = bytearray(_HEAD.size + _AT_ONCE * _EXTENT.size)
    _HEAD.pack_into(answer, 0, place, 2**64 - 1 - place, _SYNC, 0, _AT_ONCE, 0)
    fcntl.ioctl(fd, _FIEMAP, answer)
    count = _HEAD.unpack_from(answer)[3]
    found = []
    for number in range(min(count, _AT_ONCE)):
        start, _, length, _, _, flags, *_ = _EXTENT.unpack_from(answer, _HEAD.size + number * _EXTENT.size)
        found.append((Extent(start, start + length, bool(flags & _UNWRITTEN)), bool(flags & _LAST)))
    return found
