"""One pass over a disk by a few threads: blocks in order, several under way, watched for a device that hangs.

There are two time limits. A disk that finishes no block for STUCK_AFTER is shown as stuck; one that does not answer at
all, not even with an error, for as long as the pass allows is given up.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import StallError, settle_all, start

Worker = Callable[[], AbstractContextManager[Callable[[int], int]]]
"""Opened once a thread; what it gives is called with a block's number and returns how many bytes that block was."""

Look = Callable[[int, float], None]
"""Told how many bytes are done, and for how many seconds the disk has been stuck, 0 while it is not."""

STUCK_AFTER: Final = 20.0
"""Seconds without a finished block after which a disk is told as stuck: longer than a drive's usual retries."""

_LOOK_EVERY: Final = 0.25


class Sweep:
    """A pass over blocks of a disk by `threads` threads. `done`: bytes of the blocks finished.

    `alive` gives a number that goes up with everything that the disk answers, also badly.
    """

    def __init__(
        self,
        disk: DirectDisk,
        numbers: Iterator[int],
        worker: Worker,
        *,
        threads: int,
        alive: Callable[[], int] = lambda: 0,
    ) -> None:
        self._disk = disk
        self._numbers = numbers
        self._worker = worker
        self._crew = threads
        self._alive = alive
        self._lock = threading.Lock()
        self._stop = False
        self.done = 0

    async def run(self, *, stall: float, look: Look) -> None:
        """Sweep to the end. `look` is told now and then; `stall` is in seconds.

        Raises StallError, or the first exception of a worker. However it ends, no thread touches the disk afterwards,
        or the disk was abandoned.
        """
        threads = {start(self._work) for _ in range(self._crew)}
        try:
            await self._watch(threads, stall, look)
        finally:
            self._stop = True
            await settle_all(self._disk, threads)
        look(self.done, 0.0)

    async def _watch(self, threads: set[asyncio.Future[None]], stall: float, look: Look) -> None:
        waiting = threads
        seen = self.done
        answered = self._alive()
        moved = lived = time.monotonic()
        while waiting:
            ended, waiting = await asyncio.wait(waiting, timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED")
            for thread in ended:
                thread.result()
            now = time.monotonic()
            if self._alive() != answered or self.done != seen:
                answered, lived = self._alive(), now
            if self.done != seen:
                seen, moved = self.done, now
                look(seen, 0.0)
            elif now - moved > STUCK_AFTER:
                look(seen, now - moved)
            if now - lived > stall:
                raise StallError(stall)

    def _work(self) -> None:
        with self._worker() as work:
            while (number := self._take()) is not None:
                length = work(number)
                with self._lock:
                    self.done += length

    def _take(self) -> int | None:
        with self._lock:
            return None if self._stop else next(self._numbers, None)
