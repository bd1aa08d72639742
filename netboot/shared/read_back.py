"""How much of a disk is read back after an erase by the drive itself: all of it, or a sample that the profile asks for.

A sample is whole blocks, spread evenly over the disk, its first and its last always among them. Pure: no I/O. Not for:
reading (`agent/erase/firmware/read_back.py`).
"""

from typing import Final

BLOCK: Final = 1024 * 1024
"""Bytes that are read at once."""
ALL: Final = 100
"""Per cent of a disk."""


def blocks_to_read(size: int, percent: int) -> range:
    """The numbers of the blocks that are read of a disk of `size` bytes, but the last, which is always read too."""
    count = -(-size // BLOCK)
    return range(0, count, max(1, ALL // max(1, percent)))


def numbers(size: int, percent: int) -> tuple[range, int | None]:
    """The blocks that are read, in order, and the last block where it is not among them."""
    steps = blocks_to_read(size, percent)
    last = -(-size // BLOCK) - 1
    return steps, None if last in steps or not steps else last


def to_read(size: int, percent: int) -> int:
    """How many bytes those are."""
    steps, last = numbers(size, percent)
    tail = -(-size // BLOCK) * BLOCK - size
    return (len(steps) + (last is not None)) * BLOCK - tail
