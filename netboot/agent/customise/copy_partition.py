"""What is in a partition, copied to another place of the same disk and compared there, before the table says so.

An NTFS also says itself where it begins, in its boot sector (the hidden sectors, at 1Ch) and in that one's copy behind
its last cluster: GParted keeps the first right too, and ntfsfix wants both the same.
Blocks; needs root. Not for: where it goes (`table.py`).
"""

import fcntl
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError

_FORGET: Final = 0x1261
"""ioctl BLKFLSBUF: write out what was written to the device, and forget what was read (linux/fs.h)."""
_PIECE: Final = 4 << 20
_BOOT: Final = 512
_NTFS: Final = b"NTFS    "
_AGAIN: Final = "deploy the master again"


def copy_partition(disk: Path, start: int, target: int, length: int, *, sector: int) -> None:
    """Copy `length` bytes from `start` to `target`, which do not overlap. Raises NetbootError."""
    try:
        fd = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
        try:
            changed = _hidden_sectors(fd, start, target, length, sector)
            for at in range(0, length, _PIECE):
                piece = _piece(fd, start, at, length, changed)
                if os.pwrite(fd, piece, target + at) != len(piece):
                    raise NetbootError("a partition was copied in part only", hint=_AGAIN)
            os.fsync(fd)
            fcntl.ioctl(fd, _FORGET)
            for at in range(0, length, _PIECE):
                piece = _piece(fd, start, at, length, changed)
                if os.pread(fd, len(piece), target + at) != piece:
                    raise NetbootError(
                        f"what was written to {disk.name} is not there", hint="see the disk's SMART data"
                    )
        finally:
            os.close(fd)
    except OSError as error:
        raise NetbootError(f"{disk.name}: {error}", hint=_AGAIN) from error


def _piece(fd: int, start: int, at: int, length: int, changed: Mapping[int, bytes]) -> bytes:
    """What the copy has from `at` on: the partition's own bytes, but for those of `changed`, by where they stand."""
    wanted = min(_PIECE, length - at)
    data = os.pread(fd, wanted, start + at)
    if len(data) != wanted:
        raise NetbootError("a partition ends behind the disk", hint=_AGAIN)
    for place, new in changed.items():
        if at <= place < at + wanted:
            data = data[: place - at] + new + data[place - at + len(new) :]
    return data


def _hidden_sectors(fd: int, start: int, target: int, length: int, sector: int) -> dict[int, bytes]:
    """What the boot sectors of an NTFS, the first one and its copy, have to say of its new place."""
    boot = os.pread(fd, _BOOT, start)
    if not boot.startswith(_NTFS, 3):
        return {}
    bytes_each, sectors = struct.unpack_from("<H", boot, 0x0B)[0], struct.unpack_from("<Q", boot, 0x28)[0]
    here = struct.pack("<I", target // sector & 0xFFFFFFFF)
    copies = (at for at in (0, bytes_each * sectors) if at + _BOOT <= length)
    return {at + 0x1C: here for at in copies if os.pread(fd, _BOOT, start + at).startswith(_NTFS, 3)}
