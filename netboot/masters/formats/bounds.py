"""What holds for every format: how large a disk may say it is, and where in a file the pieces of a disk may lie.

Pure. All values are bytes. Not for: any one format's fields.
"""

from array import array
from typing import Final

from netboot.shared.errors import NetbootError

LARGEST: Final = 16 << 40
"""The largest disk that is believed: a file of ext4 holds no more."""

AGAIN: Final = "was it cut short? Copy or download it again"
WHOLE: Final = "make it one file first: qemu-img convert -O qcow2 THIS WHOLE.qcow2"
CONVERT: Final = "convert it first: qemu-img convert -O qcow2 THIS disk.qcow2"


def require_size(size: int, name: str) -> int:
    """The size, if a disk can have it. Raises NetbootError."""
    if not 0 < size <= LARGEST:
        raise NetbootError(f"{name} is damaged: it says that its disk has {size} bytes", hint=AGAIN)
    if size % 512:
        raise NetbootError(f"{name} is damaged: its disk of {size} bytes has no whole number of sectors", hint=AGAIN)
    return size


def damaged(name: str, what: str) -> NetbootError:
    """A file that contradicts itself, or lacks a part."""
    return NetbootError(f"{name} is damaged: {what}", hint=AGAIN)


class Pieces:
    """The pieces of a disk, of `length` each, that lie in a file between `first` and `end`, none over another."""

    def __init__(self, first: int, end: int, length: int) -> None:
        self._first, self._end, self._length = first, end, length
        # In a cell of a piece's length one piece starts at most: here is where in the cell, and 1; 0 is none.
        self._starts = array("I", [0]) * (max(0, end - first) // length + 1)

    def add(self, at: int, needed: int) -> str:
        """What is wrong with a piece at this place of which `needed` bytes count, "" when nothing is."""
        if at < self._first:
            return "one of its tables points into its header"
        if at + needed > self._end:
            return "one of its tables points behind its end"
        cell, start = divmod(at - self._first, self._length)
        before = self._starts[cell - 1] if cell else 0
        behind = self._starts[cell + 1] if cell + 1 < len(self._starts) else 0
        if self._starts[cell] or before - 1 > start or (behind and behind - 1 < start):
            return "two places of the disk lie over each other in the file"
        self._starts[cell] = start + 1
        return ""
