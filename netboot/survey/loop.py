"""A part of an image file as a read-only block device, for programs that read devices only.

The kernel frees the device when its last handle is closed (LO_FLAGS_AUTOCLEAR), so that a process that is killed leaves
none behind. losetup cannot do that: it would close the device before anybody else has opened it.
Needs root. Not for: writing; images are made with programs that write into files.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError

# linux/loop.h: LOOP_CTL_GET_FREE, LOOP_CONFIGURE (Linux 5.8), and the flags.
_GET_FREE: Final = 0x4C82
_CONFIGURE: Final = 0x4C0A
_READ_ONLY: Final = 1
_AUTOCLEAR: Final = 4
# struct loop_config: file, block size; struct loop_info64 of which offset, size limit and flags are set; reserved.
_CONFIG: Final = struct.Struct("<II3Q2Q4I64s64s32s2Q64s")
_TRIES: Final = 64


@contextmanager
def loop_device(image: Path, *, offset: int = 0, length: int | None = None, sector: int = 512) -> Iterator[Path]:
    """`length` bytes of `image` from `offset` on (None: to the end) as /dev/loopN. Raises NetbootError."""
    if os.geteuid() != 0:
        raise NetbootError("reading a disk image needs root", hint="start the command again with sudo")
    try:
        with image.open("rb") as file:
            device, path = _attach(file.fileno(), offset, length or 0, sector)
    except OSError as error:
        raise NetbootError(
            f"no loop device can be had: {error.strerror}",
            hint="is the kernel's module `loop` there (modprobe loop)? losetup --list shows who uses the devices",
        ) from error
    try:
        yield path
    finally:
        os.close(device)


def _attach(file: int, offset: int, length: int, sector: int) -> tuple[int, Path]:
    config = _CONFIG.pack(
        file, sector, 0, 0, 0, offset, length, 0, 0, 0, _READ_ONLY | _AUTOCLEAR, b"", b"", b"", 0, 0, b""
    )
    with Path("/dev/loop-control").open("rb") as control:
        for _ in range(_TRIES):
            path = Path(f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}")
            device = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _CONFIGURE, config)
            except OSError as error:
                os.close(device)
                # Somebody else took the free one first.
                if error.errno != errno.EBUSY:
                    raise
            else:
                return device, path
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
