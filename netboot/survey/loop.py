"""A part of an image file as a block device, for programs that know devices only.

The kernel frees the device when its last handle is closed (LO_FLAGS_AUTOCLEAR), so that a process that is killed leaves
none behind. losetup cannot do that: it would close the device before anybody else has opened it.
Needs root. Only a copy that is ours is ever given to be written to, or a disk that was just deployed.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from netboot.shared.errors import NetbootError
from netboot.shared.process import run

# linux/loop.h: LOOP_CTL_GET_FREE, LOOP_CONFIGURE (Linux 5.8), and the flags.
_GET_FREE: Final = 0x4C82
_CONFIGURE: Final = 0x4C0A
_SET_READ_ONLY: Final = 0x125D  # BLKROSET of linux/fs.h
_NO: Final = struct.pack("i", 0)
_READ_ONLY: Final = 1
_AUTOCLEAR: Final = 4
# struct loop_config: file, block size; struct loop_info64 of which offset, size limit and flags are set; reserved.
_CONFIG: Final = struct.Struct("<II3Q2Q4I64s64s32s2Q64s")
_TRIES: Final = 64
_PAUSE: Final = 0.01
"""Seconds until it is tried again."""
_CONTROL: Final = Path("/dev/loop-control")


@contextmanager
def loop_device(image: Path, *, offset: int = 0, length: int | None = None, sector: int = 512) -> Iterator[Path]:
    """`length` bytes of `image` from `offset` on (None: to the end) as /dev/loopN, to be read alone.

    Raises NetbootError.
    """
    with _loop_device(image, os.O_RDONLY, offset, length or 0, sector) as (_, path):
        yield path


@contextmanager
def writable_loop_device(
    copy: Path, *, offset: int = 0, length: int | None = None, sector: int = 512
) -> Iterator[Path]:
    """The same of a file or device that is nobody's but ours, to be written to; it is there at the end.

    Raises NetbootError.
    """
    with _loop_device(copy, os.O_RDWR, offset, length or 0, sector) as (device, path):
        yield path
        os.fsync(device)


@contextmanager
def _loop_device(image: Path, access: int, offset: int, length: int, sector: int) -> Iterator[tuple[int, Path]]:
    if os.geteuid() != 0:
        raise NetbootError("reading a disk image needs root", hint="start the command again with sudo")
    try:
        file = os.open(image, access | os.O_CLOEXEC)
        try:
            device, path = _attach(file, access, offset, length, sector)
        finally:
            os.close(file)
    except OSError as error:
        raise NetbootError(
            f"no loop device can be had: {error.strerror}",
            hint="is the kernel's module `loop` there (modprobe loop)? losetup --list shows who uses the devices",
        ) from error
    try:
        yield device, path
    finally:
        os.close(device)


def _control() -> BinaryIO:
    if not _CONTROL.exists():
        # Nobody has asked for the module yet: so it is in the agent, where no udev rule loads it.
        run(["modprobe", "--quiet", "loop"], expect=None, timeout=60)
    return _CONTROL.open("rb")


def _attach(file: int, access: int, offset: int, length: int, sector: int) -> tuple[int, Path]:
    flags = _AUTOCLEAR if access == os.O_RDWR else _AUTOCLEAR | _READ_ONLY
    config = _CONFIG.pack(file, sector, 0, 0, 0, offset, length, 0, 0, 0, flags, b"", b"", b"", 0, 0, b"")
    with _control() as control:
        for _ in range(_TRIES):
            path = Path(f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}")
            device = os.open(path, access | os.O_CLOEXEC)
            try:
                if access == os.O_RDWR:
                    # udev's agreement, as long as it is held here (systemd's "Locking Block Device Access"): it would
                    # activate a group of LVM that it finds there, and keep the device in use.
                    fcntl.flock(device, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.ioctl(device, _CONFIGURE, config)
                if access == os.O_RDWR:
                    # Whoever had this number before may have called it read-only for good (blockdev --setro).
                    fcntl.ioctl(device, _SET_READ_ONLY, _NO)
            except OSError as error:
                os.close(device)
                # Somebody else took the free one first, or udev is looking at it.
                if error.errno not in (errno.EBUSY, errno.EAGAIN):
                    raise
                time.sleep(_PAUSE)
            else:
                return device, path
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
