"""Whole disks read and written past the page cache: what is read comes from the device, what is written goes to it.

O_DIRECT (open(2)) wants offset, length and memory aligned to the logical sector; buffers here are anonymous mmaps,
so they stand on a page. Regular files work as well, for disk images and tests. A device opened for writing is claimed
with O_EXCL, which the kernel refuses while the disk or one of its partitions is mounted (EBUSY).
Every call blocks: run it in a thread. Not for: deciding which disk may be written (`claim.py`).
"""

import errno
import fcntl
import mmap
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, Self

_BLKRRPART: Final = 0x125F
_BLKFLSBUF: Final = 0x1261
_BLKSSZGET: Final = 0x1268
_BLKGETSIZE64: Final = 0x80081272

_FILE_SECTOR: Final = 512
_GONE: Final = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM})
_OFFLINE: Final = frozenset({"offline", "transport-offline", "deleting", "deleted", "cancel", "dead"})
"""States of SCSI devices (scsi_sysfs.c) and NVMe controllers (nvme/host/sysfs.c) that answer nothing any more."""


Kind = Literal["refused", "gone", "resized"]
"""What a disk that fails at a call has: this place only, or it is not there any more, or it has another size."""


class DiskError(Exception):
    """The device or the kernel refused: `offset` is the first byte that was not read or written, `error` its words.

    Both are for the log and the record; people are told by `kind` (`disk_faults.py`).
    """

    def __init__(self, offset: int, error: str, number: int = 0, *, kind: Kind = "refused") -> None:
        super().__init__(f"{error} at byte {offset}")
        self.offset = offset
        self.error = error
        self.number = number
        self.kind = kind


class DiskBusyError(DiskError):
    """The disk, or one of its partitions, is mounted or claimed: nothing was opened."""


class DirectDisk:
    """An open disk. `size` and `sector` (the logical sector) are bytes. Closing it twice is allowed.

    Safe to use from several threads at once, each with its own buffer; the owner closes it after the last one ended.
    """

    def __init__(self, path: Path, flags: int) -> None:
        try:
            self._fd = os.open(path, flags | os.O_DIRECT | os.O_CLOEXEC)
        except OSError as error:
            number = error.errno or 0
            if number == errno.EBUSY:
                raise DiskBusyError(0, _words(error), number) from error
            gone = number in _GONE or number == errno.ENOENT
            raise DiskError(0, _words(error), number, kind="gone" if gone else "refused") from error
        self.path = path
        try:
            self.device = os.fstat(self._fd).st_rdev
            self.size, self.sector = _geometry(self._fd)
        except OSError as error:
            self.close()
            raise DiskError(0, _words(error), error.errno or 0) from error

    @classmethod
    def for_reading(cls, path: Path) -> Self:
        """Open without any claim. Raises DiskError."""
        return cls(path, os.O_RDONLY)

    @classmethod
    def for_writing(cls, path: Path) -> Self:
        """Open and claim. Raises DiskBusyError when it is mounted, DiskError for anything else."""
        return cls(path, os.O_RDWR | os.O_EXCL)

    @classmethod
    def for_reading_alone(cls, path: Path) -> Self:
        """Open and claim as `for_writing` does, so that nobody mounts it, and without a way to write."""
        return cls(path, os.O_RDONLY | os.O_EXCL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the disk back; the kernel then looks for partitions again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def abandon(self) -> None:
        """Leave the disk open for good: a thread still waits in the kernel for it, so its number must not be reused."""
        self._fd = -1

    def read(self, buffer: memoryview, offset: int) -> None:
        """Fill all of `buffer` from `offset`, both aligned to the sector. Raises DiskError."""
        done = 0
        while done < len(buffer):
            try:
                count = os.preadv(self._fd, [buffer[done:]], offset + done)
            except OSError as error:
                raise self._fault(offset + done, error) from error
            if count <= 0:
                raise self._fault(offset + done, OSError(errno.ENODATA, "the disk ends here"))
            done += count

    def write(self, buffer: memoryview, offset: int) -> None:
        """Write all of `buffer` at `offset`, both aligned to the sector. Raises DiskError."""
        if offset + len(buffer) > self.size:
            raise DiskError(self.size, "beyond the end of the disk", errno.ENOSPC)
        done = 0
        while done < len(buffer):
            try:
                count = os.pwritev(self._fd, [buffer[done:]], offset + done)
            except OSError as error:
                raise self._fault(offset + done, error) from error
            if count <= 0:
                raise self._fault(offset + done, OSError(errno.EIO, "nothing was written"))
            done += count

    def sync(self) -> None:
        """Return when the device says that everything written is on the medium. Raises DiskError."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise self._fault(0, error) from error

    def state(self) -> Kind:
        """Whether the disk is still there as it was opened; "refused" when nothing speaks against it."""
        try:
            size, _ = _geometry(self._fd)
        except OSError:
            return "gone"
        if not size or _is_offline(self.device):
            return "gone"
        return "refused" if size == self.size else "resized"

    def _fault(self, offset: int, error: OSError) -> DiskError:
        # A disk that was unplugged has no bytes left for the kernel, which then says that no space is left on it.
        kind = "gone" if error.errno in _GONE else self.state()
        return DiskError(offset, _words(error), error.errno or 0, kind=kind)

    def forget_partitions(self) -> None:
        """Drop what the kernel remembers of this disk: its buffers and its partitions, which are read again.

        A regular file and a device without partitions have nothing to forget. Raises DiskError.
        """
        try:
            fcntl.ioctl(self._fd, _BLKFLSBUF, 0)
            fcntl.ioctl(self._fd, _BLKRRPART, 0)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):
                raise DiskError(0, _words(error), error.errno or 0) from error


@contextmanager
def aligned_buffer(size: int) -> Iterator[memoryview]:
    """`size` bytes of zeroed memory on a page boundary, given back at the end."""
    memory = mmap.mmap(-1, max(size, 1))
    view = memoryview(memory)[:size]
    try:
        yield view
    finally:
        view.release()


def _geometry(fd: int) -> tuple[int, int]:
    if not stat.S_ISBLK(os.fstat(fd).st_mode):
        return os.fstat(fd).st_size, _FILE_SECTOR
    size = struct.unpack("Q", fcntl.ioctl(fd, _BLKGETSIZE64, bytes(8)))[0]
    sector = struct.unpack("i", fcntl.ioctl(fd, _BLKSSZGET, bytes(4)))[0]
    return int(size), int(sector)


def _is_offline(device: int) -> bool:
    """Whether the kernel has no such device any more, or has given it up; a regular file is never offline."""
    if not device:
        return False
    here = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    try:
        return (here / "device/state").read_text(encoding="ascii").strip() in _OFFLINE
    except OSError:
        return not here.exists()


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
