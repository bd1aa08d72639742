"""Whether a drive stores no zeros: found by the time that it takes for them, beside the time for what it must store.

Some controllers note that a sector is zero and write nothing; what was there stays. What netboot writes is never zeros,
so its overwrite is not fooled; the finding is for people, who may overwrite disks otherwise. A drive that takes all
writes into a cache, and one whose link is slower than its medium, takes as long for both: not noticed is not shown.
It writes at the very places that the overwrite writes again. Blocks: run it in a thread.
"""

import time
from collections.abc import Sequence
from statistics import median
from typing import Final

from netboot.agent.disks.direct_io import DirectDisk, DiskError, aligned_buffer
from netboot.agent.erase.pattern import BLOCK, Pattern, PatternBlock
from netboot.shared.erase_methods.overwrite import ZeroWrites

_BLOCKS: Final = 4
_TURNS: Final = 2
"""Each kind is written so often at each place, in turns, so that seeking and a cache that fills count for both."""
_TIMES: Final = 4.0
_LEAST: Final = 0.02
"""How many times as long, and how many seconds longer, the pattern must take: less is chance."""


def time_zero_writes(device: DirectDisk, pattern: Pattern) -> ZeroWrites | None:
    """Write both at the beginning of the disk; None where the disk is too small, or refused."""
    if device.size < 2 * _BLOCKS * BLOCK:
        return None
    zeros: list[float] = []
    stored: list[float] = []
    try:
        with aligned_buffer(BLOCK) as nothing, aligned_buffer(BLOCK) as something:
            block = PatternBlock(pattern, something)
            device.write(nothing, 0)  # the first write wakes a disk up
            for _ in range(_TURNS):
                for number in range(_BLOCKS):
                    block.become(number)
                    stored.append(_seconds(device, something, number * BLOCK))
                    zeros.append(_seconds(device, nothing, number * BLOCK))
    except DiskError as fault:
        if fault.kind != "refused":
            raise
        return None
    return ZeroWrites(zeros=usual(zeros), pattern=usual(stored), elided=is_elided(usual(zeros), usual(stored)))


def usual(times: Sequence[float]) -> float:
    """How long so many writes take when nothing holds any of them up: a drive or a PC may have something else to do."""
    return median(times) * len(times)


def is_elided(zeros: float, stored: float) -> bool:
    """Whether zeros took so much less time than what had to be stored, in seconds, that they were not."""
    return stored > _TIMES * zeros and stored - zeros > _LEAST


def _seconds(device: DirectDisk, buffer: memoryview, offset: int) -> float:
    began = time.monotonic()
    device.write(buffer, offset)
    return time.monotonic() - began
