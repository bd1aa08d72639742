"""Lets an erase by the drive's firmware (erasing.py) happen to the data, as far as its progress has come.

So that what a hung or failed erase left behind, or a power cut in the middle, is really there to be read.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.erasing import Erasing, Fill, progress, seconds_left

BUDGET = 16 << 20
"""Bytes that are erased in one go at most, so that the PC never waits long for an answer."""
_LOOK = 0.05
"""Seconds between two looks at an erase that goes on, so that the data goes as its progress does."""


class Erasable(Protocol):
    """A medium, or a part of one."""

    size: int

    def fill(self, start: int, end: int, pattern: bytes) -> None:
        """Erase these bytes, and leave the pattern."""

    def scramble(self, start: int, end: int) -> None:
        """Erase these bytes, and leave noise."""


def total(media: Sequence[Erasable]) -> int:
    """The bytes of all of them."""
    return sum(medium.size for medium in media)


def catch_up(
    erasing: Erasing, media: Sequence[Erasable], behaviour: Behaviour, now: float, budget: int = BUDGET
) -> Erasing:
    """Do what is due by now, one medium after the other, at most `budget` bytes; says how far it came.

    The end of an erase may be told to the PC once `erased` is what `due` says.
    """
    end = min(due(erasing, media, behaviour, now), erasing.erased + budget)
    if behaviour.erase is not Outcome.LIES:
        base = 0
        for medium in media:
            start, stop = max(erasing.erased, base) - base, min(end, base + medium.size) - base
            if start < stop and erasing.fill is Fill.NOISE:
                medium.scramble(start, stop)
            elif start < stop:
                medium.fill(start, stop, erasing.pattern)
            base += medium.size
    return msgspec.structs.replace(erasing, erased=max(end, erasing.erased))


def due(erasing: Erasing, media: Sequence[Erasable], behaviour: Behaviour, now: float) -> int:
    """Up to which byte it should be by now: whole blocks of 4096 until the end."""
    size = total(media)
    reached = int(progress(erasing, behaviour, now) * size)
    return size if reached >= size else reached // 4096 * 4096


def wait(erasing: Erasing, media: Sequence[Erasable], behaviour: Behaviour, now: float) -> float | None:
    """In how many seconds to go on with it, None: nothing will change by itself."""
    if erasing.erased < due(erasing, media, behaviour, now):
        return 0
    left = seconds_left(erasing, behaviour, now)
    return None if left is None else min(_LOOK, left)
