"""Continues a pass past bad sectors: a block that fails is tried in smaller and smaller pieces, down to a sector.

One fault must not end a pass, or the data behind it would stay. But a dying disk must not occupy a bench for days
either, so errors and the time they take are limited: after several in a row the rest of a block is given up; after a
block that failed as a whole, more and more blocks are skipped; skipped blocks are tried again from the far end; and a
disk whose errors took too long in all is given up.
Not for: what is done to the disk (the caller's), what was done (`ranges.py`).
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from netboot.agent.disks.direct_io import DiskError

Act = Callable[[int, int], None]
"""Does something to the bytes from the first number up to before the second. Raises DiskError."""

_PIECES: Final = (64 * 1024, 4096, 512)


class GaveUpError(Exception):
    """The disk has refused for longer than it is given."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds are those that refused calls took.

    `run_seconds` and `run_calls`: refusals in one block without one success between them, after which its rest is
    given up. `narrow_seconds` and `narrow_calls`: of the whole pass, after which no block is narrowed down any more.
    `all_seconds`: of the whole pass, after which the disk is given up. `left_out`: blocks left out at once, at most.
    """

    run_seconds: float = 60.0
    run_calls: int = 4096
    narrow_seconds: float = 3600.0
    narrow_calls: int = 50_000
    all_seconds: float = 2 * 3600.0
    left_out: int = 1024


LIMITS: Final = Limits()


@dataclass(slots=True)
class _Block:
    """One block at work: refusals since the last success, the seconds they took, and whether anything was taken."""

    calls: int = 0
    seconds: float = 0.0
    took: bool = False


class PastFaults:
    """One pass over the blocks 0 to `count` - 1, by several threads. `smallest`: bytes of a piece that is not divided.

    `calls` counts what the disk has answered, well or badly: it lives as long as that goes up.
    """

    def __init__(self, count: int, *, smallest: int, limits: Limits = LIMITS) -> None:
        self._count = count
        self._smallest = smallest
        self._limits = limits
        self._lock = threading.Lock()
        self._refusals, self._seconds = 0, 0.0
        self._step = 0
        self._direction = 1
        self._avoided = range(0)
        self._left_out: set[int] = set()
        self.calls = 0

    def first(self) -> Iterator[int]:
        """The blocks, in order. Whoever takes them does so one at a time."""
        yield from self._those(range(self._count))

    def again(self) -> Iterator[int]:
        """What was left out, from the far end. To be asked for when `first` is over and nothing is under way."""
        self._direction, self._step, self._avoided = -1, 0, range(0)
        again, self._left_out = sorted(self._left_out, reverse=True), set()
        yield from self._those(again)

    def do(self, number: int, act: Act, start: int, end: int) -> None:
        """Do it to the block of this number, from `start` up to before `end`, or to what of it does not refuse.

        Raises GaveUpError, and DiskError when the disk is not there any more.
        """
        block = _Block()
        whole = self._once(block, act, start, end) or self._narrow(block, act, start, end)
        with self._lock:
            if not whole:
                self._left_out.add(number)
            if block.took:
                self._step = 0
                return
            self._step = min(max(1, 2 * self._step), self._limits.left_out)
            ahead = number + self._direction * self._step
            self._avoided = range(min(number, ahead), max(number, ahead) + 1)

    def _those(self, numbers: Iterable[int]) -> Iterator[int]:
        for number in numbers:
            with self._lock:
                avoided = number in self._avoided
                if avoided:
                    self._left_out.add(number)
            if not avoided:
                yield number

    def _narrow(self, block: _Block, act: Act, start: int, end: int) -> bool:
        """Try what was refused in pieces; False when that was given up before its end."""
        piece = next((piece for piece in _PIECES if self._smallest <= piece < end - start), 0)
        if not piece:
            return True
        for begin in range(start, end, piece):
            if self._is_enough(block):
                return False
            finish = min(begin + piece, end)
            if not self._once(block, act, begin, finish) and not self._narrow(block, act, begin, finish):
                return False
        return True

    def _once(self, block: _Block, act: Act, start: int, end: int) -> bool:
        """Do it once; False when it was refused."""
        began = time.monotonic()
        try:
            act(start, end)
        except DiskError as refused:
            if refused.kind != "refused":
                raise
            self._refused(block, time.monotonic() - began)
            return False
        with self._lock:
            self.calls += 1
        block.calls, block.seconds, block.took = 0, 0.0, True
        return True

    def _refused(self, block: _Block, seconds: float) -> None:
        block.calls += 1
        block.seconds += seconds
        with self._lock:
            self.calls += 1
            self._refusals += 1
            self._seconds += seconds
            if self._seconds > self._limits.all_seconds:
                raise GaveUpError

    def _is_enough(self, block: _Block) -> bool:
        limits = self._limits
        in_block = block.seconds > limits.run_seconds or block.calls > limits.run_calls
        return in_block or self._seconds > limits.narrow_seconds or self._refusals > limits.narrow_calls
