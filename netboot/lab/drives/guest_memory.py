"""The PC's memory, as a device on its bus sees it: pieces of files that the client handed over, by bus address.

Not for: memory that the client keeps to itself (a ROM, say); a device that reaches for it gets a DmaError, as one that
reaches for nothing does.
"""

import errno
import mmap
import os
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from netboot.lab.drives.vfio_messages import MAX_MAPS, DmaMap, DmaUnmap, MessageError

_PAGE: Final = mmap.ALLOCATIONGRANULARITY
_LAST: Final = (1 << 64) - 1


class DmaError(Exception):
    """A device reached for memory that is not there for it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    address: int
    size: int
    writeable: bool
    view: mmap.mmap | None
    skip: int


class GuestMemory:
    """What a device may read and write of its PC; empty until the client has mapped something."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: list[_Piece] = []

    def map(self, request: DmaMap, file: int | None) -> None:
        """Take a piece in; the file stays the caller's to close. Raises MessageError."""
        if not request.size or request.address + request.size - 1 > _LAST:
            raise MessageError(errno.EINVAL, f"{request.size} bytes at {request.address:#x}")
        at = bisect_right(self._starts, request.address)
        before = self._pieces[at - 1] if at else None
        after = self._pieces[at] if at < len(self._pieces) else None
        if (before and before.address + before.size > request.address) or (
            after and request.address + request.size > after.address
        ):
            raise MessageError(errno.EEXIST, f"{request.address:#x} is mapped already")
        if len(self._pieces) >= MAX_MAPS:
            raise MessageError(errno.ENOSPC, "too many maps")
        view, skip = (None, 0) if file is None else _open(request, file)
        self._starts.insert(at, request.address)
        self._pieces.insert(at, _Piece(request.address, request.size, request.writeable, view, skip))

    def unmap(self, request: DmaUnmap) -> None:
        """Let a piece go, or all of them. Raises MessageError when nothing was mapped just so."""
        if request.everything:
            self.clear()
            return
        at = bisect_right(self._starts, request.address) - 1
        if at < 0 or self._starts[at] != request.address or self._pieces[at].size != request.size:
            raise MessageError(errno.ENOENT, f"{request.size} bytes at {request.address:#x} are not mapped")
        del self._starts[at]
        _close(self._pieces.pop(at))

    def clear(self) -> None:
        """Let everything go: the PC has lost its power."""
        for piece in self._pieces:
            _close(piece)
        self._starts.clear()
        self._pieces.clear()

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from `address` on, over the borders of pieces too. Raises DmaError."""
        parts = [view[start : start + length] for view, start, length, _ in self._ranges(address, size)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Write there; nothing of it is written when a part is missing or read-only. Raises DmaError."""
        ranges = self._ranges(address, len(data))
        if not all(writeable for *_, writeable in ranges):
            raise DmaError(f"{len(data)} bytes at {address:#x} are read-only")
        done = 0
        for view, start, length, _ in ranges:
            view[start : start + length] = data[done : done + length]
            done += length

    def _ranges(self, address: int, size: int) -> list[tuple[mmap.mmap, int, int, bool]]:
        found = []
        while size > 0:
            at = bisect_right(self._starts, address) - 1
            piece = self._pieces[at] if at >= 0 else None
            if piece is None or piece.view is None or address >= piece.address + piece.size:
                raise DmaError(f"no memory at {address:#x}")
            inside = address - piece.address
            length = min(size, piece.size - inside)
            found.append((piece.view, piece.skip + inside, length, piece.writeable))
            address += length
            size -= length
        return found


def _open(request: DmaMap, file: int) -> tuple[mmap.mmap, int]:
    """A view of the piece, and how far into it the piece begins: a view begins at a page's border."""
    start = request.offset // _PAGE * _PAGE
    skip = request.offset - start
    # Past the file's end every access would be a SIGBUS.
    if request.offset + request.size > os.fstat(file).st_size:
        raise MessageError(errno.EINVAL, "a piece past the end of its file")
    access = mmap.PROT_READ | (mmap.PROT_WRITE if request.writeable else 0)
    try:
        return mmap.mmap(file, skip + request.size, mmap.MAP_SHARED, access, offset=start), skip
    except (OSError, ValueError, OverflowError) as error:
        raise MessageError(errno.EINVAL, f"this file cannot be mapped: {error}") from error


def _close(piece: _Piece) -> None:
    if piece.view is not None:
        piece.view.close()
