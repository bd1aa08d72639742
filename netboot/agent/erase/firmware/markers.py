"""What proves that an erase reached a disk: marks of this job written across it before, and what was there before.

A mark is one page of bytes that no disk can guess, keyed by the job and by its place; it is read back from the device
before it counts. The first page and the last are marked, and places spread over all of the disk between. Beside each
mark a page of what the disk holds is remembered by its digest, where it is no single byte throughout: that would look
the same on an erased disk. What a lying drive keeps is so found both ways.
Pure: the caller reads and writes. Not for: what it comes to (`shared/firmware_verdict.py`).
"""

import hashlib
from typing import Final

MOST: Final = 2048
"""Marks on a disk: on a slow one of 10 ms a place, less than a minute for each pass."""
PAGE: Final = 4096
"""Bytes of one mark, and of what is compared; a multiple of every sector up to 4Kn."""
_LEAST: Final = 4


class Marks:
    """The marks of one job on a disk of `size` bytes; `seed` is random. `places` are bytes from its start, in order."""

    def __init__(self, seed: bytes, size: int) -> None:
        self._seed = seed
        pages = size // PAGE
        last = pages - 1
        step = max(_LEAST, -(-pages // (MOST - 1)))
        numbers = [*range(0, max(0, last), step), last] if pages > 0 else []
        self.places = tuple(number * PAGE for number in numbers)
        # Between two marks, and never one of them.
        self.beside = tuple((number + step // 2) * PAGE for number in numbers if step > 1 and number + step // 2 < last)

    def mark(self, place: int) -> bytes:
        """What is written at this place."""
        return hashlib.shake_256(self._seed + place.to_bytes(8, "big")).digest(PAGE)


def digest(content: memoryview) -> bytes | None:
    """What a page is remembered by; None for one of a single byte throughout, which tells nothing."""
    return None if is_one_value(content) is not None else hashlib.sha256(content).digest()


def is_one_value(content: memoryview) -> int | None:
    """The byte that all of it is, None where they differ."""
    first = content[0]
    return first if bytearray(content) == bytes((first,)) * len(content) else None
