"""What is in use of a partition, copied to another place of the same disk and compared there, before the table says so.

An NTFS says itself where it begins, too (`survey/moved_ntfs.py`).
Blocks; needs root. Not for: where it goes (`survey/places.py`).
"""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.survey.moved_ntfs import moved_boot_sectors

_FORGET: Final = 0x1261
"""ioctl BLKFLSBUF: write out what was written to the device, and forget what was read (linux/fs.h)."""
_PIECE: Final = 4 << 20
_AGAIN: Final = "deploy the master again"


def copy_partition(
    disk: Path, start: int, target: int, length: int, *, used: Sequence[tuple[int, int]], sector: int
) -> None:
    """Copy what of `length` bytes from `start` on is `used`, as (start, end) of the disk, to `target`; the two do not
    overlap. Raises NetbootError."""
    try:
        fd = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
        try:
            changed = moved_boot_sectors(lambda at, end: os.pread(fd, end - at, start + at), length, target // sector)
            for at, end in _pieces(used, start):
                piece = _piece(fd, start, at, end, changed)
                if os.pwrite(fd, piece, target + at) != len(piece):
                    raise NetbootError("a partition was copied in part only", hint=_AGAIN)
            os.fsync(fd)
            fcntl.ioctl(fd, _FORGET)
            for at, end in _pieces(used, start):
                piece = _piece(fd, start, at, end, changed)
                if os.pread(fd, len(piece), target + at) != piece:
                    raise NetbootError(
                        f"what was written to {disk.name} is not there", hint="see the disk's SMART data"
                    )
        finally:
            os.close(fd)
    except OSError as error:
        raise NetbootError(f"{disk.name}: {error}", hint=_AGAIN) from error


def _pieces(used: Sequence[tuple[int, int]], start: int) -> Iterator[tuple[int, int]]:
    """What is used, in pieces that memory is spared for, from where the partition begins."""
    for first, end in used:
        for at in range(first - start, end - start, _PIECE):
            yield at, min(at + _PIECE, end - start)


def _piece(fd: int, start: int, at: int, end: int, changed: Mapping[int, bytes]) -> bytes:
    """What the copy has from `at` to `end`: the partition's own bytes, but for those of `changed`, by their place."""
    wanted = end - at
    data = os.pread(fd, wanted, start + at)
    if len(data) != wanted:
        raise NetbootError("a partition ends behind the disk", hint=_AGAIN)
    for place, new in changed.items():
        if at <= place < at + wanted:
            data = data[: place - at] + new + data[place - at + len(new) :]
    return data
