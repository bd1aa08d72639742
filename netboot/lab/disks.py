"""Disk images of the lab's PCs: made empty or full of old data, and searched for what should be gone.

"Old data" fills the whole capacity: every 512-byte sector carries a marker and the disk's serial, then bytes
that do not compress, so a sector that an erase missed is found wherever it lies.
Not for: partition tables and file systems; masters make those.
"""

import errno
import hashlib
import os
from pathlib import Path

from netboot.lab.runs import LEAST_ROOM, require_room

MARKER = b"NETBOOT-LAB-OLD-DATA"
SECTOR = 512
_BLOCK = 1 << 20


def create_empty(path: Path, size: int) -> None:
    """Make a sparse image of `size` bytes, all zeros. Raises NetbootError when it could not be filled later."""
    require_room(path.parent, size + LEAST_ROOM)
    with path.open("xb") as image:
        image.truncate(size)


def create_used(path: Path, size: int, serial: str) -> None:
    """Make an image of `size` bytes, a multiple of 512, every sector of it old data of the disk `serial`."""
    if size % SECTOR:
        raise ValueError(f"{size} bytes is no whole number of sectors")
    require_room(path.parent, size + LEAST_ROOM)
    block = old_data_sector(serial) * (_BLOCK // SECTOR)
    with path.open("xb", buffering=0) as image:
        for start in range(0, size, _BLOCK):
            image.write(block[: min(_BLOCK, size - start)])


def old_data_sector(serial: str) -> bytes:
    """The 512 bytes of old data of one disk."""
    head = MARKER + b" " + serial.encode() + b" "
    return head + hashlib.shake_256(head).digest(SECTOR - len(head))


def find_pattern(path: Path, pattern: bytes = MARKER) -> int | None:
    """Search the whole image for `pattern` and return the offset in bytes of its first place, or None.

    Holes of a sparse file are zeros and are passed over, unless zeros are what is searched.
    """
    if not pattern or not pattern.strip(b"\0"):
        raise ValueError("a pattern of zeros cannot be told from a hole")
    overlap = len(pattern) - 1
    with path.open("rb", buffering=0) as image:
        size = os.fstat(image.fileno()).st_size
        at = 0
        while (start := _next_data(image.fileno(), at)) is not None:
            end = os.lseek(image.fileno(), start, os.SEEK_HOLE)
            # A pattern may begin or end in the zeros of a hole beside the data.
            position = max(0, start - overlap)
            stop = min(size, end + overlap)
            while position < stop:
                chunk = os.pread(image.fileno(), min(16 * _BLOCK, stop - position), position)
                if not chunk:
                    break
                if (offset := chunk.find(pattern)) >= 0:
                    return position + offset
                position += len(chunk) if position + len(chunk) >= stop else len(chunk) - overlap
            at = end
    return None


def allocated_bytes(path: Path) -> int:
    """What an image takes on the host's disk, in bytes."""
    return path.stat().st_blocks * 512


def _next_data(fd: int, at: int) -> int | None:
    try:
        return os.lseek(fd, at, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but a hole up to the end
            return None
        raise
