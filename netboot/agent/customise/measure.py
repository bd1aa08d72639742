"""How large a partition and the file system on it are now, read from the device itself. Blocks."""

import fcntl
import os
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.growth import HEAD, SuperblockError, size_in

_FORGET: Final = 0x1261
"""ioctl BLKFLSBUF: write out what was written to the device, and forget what was read (linux/fs.h)."""
_AGAIN: Final = "deploy the master again"


def length_of(device: Path) -> int:
    """The device's length in bytes."""
    with device.open("rb") as file:
        return file.seek(0, os.SEEK_END)


def size_of(device: Path, kind: str) -> int:
    """The length in bytes that the file system has by its own superblock. Raises NetbootError."""
    try:
        return size_in(kind, head_of(device))
    except SuperblockError as error:
        raise unreadable(device, error) from error


def head_of(device: Path) -> bytes:
    """The first HEAD bytes, as they are on the disk. Raises NetbootError."""
    try:
        with device.open("rb") as file:
            # XFS and btrfs write past what was read of their device before.
            fcntl.ioctl(file.fileno(), _FORGET)
            return file.read(HEAD)
    except OSError as error:
        raise unreadable(device, error) from error


def forget_read(device: Path) -> None:
    """Let what is read next come from the disk. Raises NetbootError."""
    try:
        with device.open("rb") as file:
            fcntl.ioctl(file.fileno(), _FORGET)
    except OSError as error:
        raise unreadable(device, error) from error


def unreadable(device: Path, error: Exception) -> NetbootError:
    """What is on the device is not what the master has there."""
    return NetbootError(f"{device.name}: {error}", hint=_AGAIN)
