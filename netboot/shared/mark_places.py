"""Where the marks of an erase by the drive itself stand on a disk: at both its ends, and all over it. Pure: no I/O.

The same for both: the agent marks these places, and the server knows how many there are on the disk that it ordered.
Not for: what is written there (`agent/erase/firmware/markers.py`).
"""

from typing import Final

MOST: Final = 2048
"""Marks on a disk: on a slow one of 10 ms a place, less than a minute for each pass."""
PAGE: Final = 4096
"""Bytes of one mark, and of what is compared; a multiple of every sector up to 4Kn."""
_LEAST: Final = 4


def mark_places(size: int) -> tuple[int, ...]:
    """Bytes from the start of a disk of `size` bytes, in order. The last mark ends where the disk does, wherever the
    pages end: the second copy of a partition table is there."""
    numbers = _numbers(size)
    return (*(number * PAGE for number in numbers), size - PAGE) if size >= PAGE else ()


def places_beside(size: int) -> tuple[int, ...]:
    """Between each two marks a page that none of them touches."""
    middle, last = _step(size) // 2, size // PAGE - 1
    return tuple((number + middle) * PAGE for number in _numbers(size) if middle and number + middle < last)


def _numbers(size: int) -> range:
    """The marked pages but the last."""
    return range(0, max(0, size // PAGE - 1), _step(size))


def _step(size: int) -> int:
    return max(_LEAST, -(-(size // PAGE) // (MOST - 1)))
