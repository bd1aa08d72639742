"""What an overwrite writes: bytes that differ from job to job and in every sector of the disk.

A block is 1 MiB of SHAKE-256 output from the job's random seed, so it does not compress and no sector is zero; eight
bytes of every 512 carry the number of the block. A disk that answers with another sector's contents (a forged
capacity, a misdirected write, a controller that drops writes) or with the last job's is therefore found wherever it
happens. Pure: no I/O.
"""

import hashlib
from typing import Final

BLOCK: Final = 1024 * 1024
"""Bytes of one block."""
SEED: Final = 32
"""Bytes of the seed."""

_STEP: Final = 512
_STAMP: Final = 8
_STEPS: Final = BLOCK // _STEP


class Pattern:
    """The pattern of one job; `seed` is 32 random bytes. `description` is what a second program needs to check it."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED:
            raise ValueError(f"a seed of {len(seed)} bytes; {SEED} are needed")
        self.base = hashlib.shake_256(seed).digest(BLOCK)
        self.description = (
            f"SHAKE-256({seed.hex()}), {BLOCK} bytes repeated, "
            f"bytes 0-7 of every {_STEP} replaced by the number of the repetition, big-endian"
        )


class PatternBlock:
    """One block of a pattern in `buffer` (BLOCK bytes, the caller's), which `become` turns into any other, in place."""

    def __init__(self, pattern: Pattern, buffer: bytearray | memoryview) -> None:
        self.buffer = buffer
        self._stamp = b""
        buffer[:] = pattern.base

    def become(self, number: int) -> None:
        """Make the buffer block `number`. Only the bytes of the stamp that changed are touched: blocks go up by one."""
        stamp = number.to_bytes(_STAMP, "big")
        for position, value in enumerate(stamp):
            if not self._stamp or self._stamp[position] != value:
                self.buffer[position::_STEP] = bytes((value,)) * _STEPS
        self._stamp = stamp


def first_difference(expected: memoryview, content: memoryview) -> int:
    """The position of the first byte that differs, or their common length when none does."""
    low, high = 0, len(expected)
    while low < high:
        middle = (low + high + 1) // 2
        if bytes(expected[low:middle]) == bytes(content[low:middle]):
            low = middle
        else:
            high = middle - 1
    return low
