"""Takes the prepared PC's memory out of an installed system's swap files, which stay: zeros in place of all but their
first page.

That page has what mkswap(8) wrote (UUID, label, size); one that says that the PC is hibernated says it no more, since
another PC would wake up with that memory. The file keeps its size and its place on the disk, for a hole would make
swapon(8) refuse it; what is zeros already is left alone, so that doing it again takes a read. Not for: a swap
partition, of which no master holds more than its header (`survey/used_ranges.py`); a file on another file system or
subvolume than the root's, copies of one in snapshots.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Final

from netboot.agent.customise.file_extents import extents_of
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.mount_points import swap_paths

_USUAL: Final = ("swapfile", "swap.img", "swap/swapfile", "var/swap")
"""Where installers put one: Debian's and others', Ubuntu's, on btrfs, dphys-swapfile's, which no fstab names. It may
also be there with its line taken out."""
_FILES_MOST: Final = 32
"""What Linux swaps to at once (MAX_SWAPFILES)."""
_PAGE: Final = 4096
_SIGN_AT: Final = _PAGE - 10
_SIGN: Final = b"SWAPSPACE2"
_HIBERNATED: Final = (b"S1SUSPEND\0", b"S2SUSPEND\0", b"ULSUSPEND\0", b"LINHIB0001")
"""What stands there instead while a PC is hibernated, by util-linux's blkid."""
_PART: Final = 1 << 20
_ZEROS: Final = bytes(_PART)
_TO_DISK: Final = 64
"""Parts after which they are waited for, so that no unmount has a memory full of them to write."""


def clear_swap_files(tree: InstalledTree) -> int:
    """Overwrite what they hold; how many held something. Raises NetbootError, OSError."""
    cleared = 0
    for name in _swap_files(tree):
        with tree.opened(name, os.O_RDWR) as fd:
            cleared += _clear(fd)
    return cleared


def count_swap_files(tree: InstalledTree) -> int:
    """How many of them hold something. Raises NetbootError, OSError."""
    count = 0
    for name in _swap_files(tree):
        with tree.opened(name) as fd:
            count += _sign(fd) != _SIGN or any(True for _ in _held(fd))
    return count


def _swap_files(tree: InstalledTree) -> list[str]:
    """Every one once, whatever its names."""
    found = dict[tuple[int, int], str]()
    for name in dict.fromkeys((*swap_paths(tree.read("etc/fstab")), *_USUAL)):
        with contextlib.suppress(FileNotFoundError), tree.opened(name) as fd:
            if _sign(fd) in (_SIGN, *_HIBERNATED):
                status = os.fstat(fd)
                found[status.st_dev, status.st_ino] = name
        if len(found) > _FILES_MOST:
            raise NetbootError("the master has too many swap files", hint="look at its /etc/fstab")
    return list(found.values())


def _sign(fd: int) -> bytes:
    return os.pread(fd, len(_SIGN), _SIGN_AT)


def _clear(fd: int) -> bool:
    hibernated = _sign(fd) != _SIGN
    if hibernated:
        os.pwrite(fd, _SIGN, _SIGN_AT)
    number = 0
    for number, (start, length) in enumerate(_held(fd), 1):
        os.pwrite(fd, _ZEROS[:length], start)
        if number % _TO_DISK == 0:
            os.fdatasync(fd)
    os.fdatasync(fd)
    return hibernated or number > 0


def _held(fd: int) -> Iterator[tuple[int, int]]:
    """Start and length of the parts that may hold memory: there is something in them, or what the disk has there."""
    size = os.fstat(fd).st_size
    for extent in extents_of(fd):
        end = min(extent.end, size)
        for start in range(max(extent.start, _PAGE), end, _PART):
            length = min(_PART, end - start)
            if extent.unwritten or os.pread(fd, length, start) != _ZEROS[:length]:
                yield start, length
