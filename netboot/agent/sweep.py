"""One pass over a disk by a few threads: blocks in order, several under way, watched for a device that hangs."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from netboot.agent.direct_io import DirectDisk
from netboot.agent.disk_threads import StallError, settle_all, start

Worker = Callable[[], AbstractContextManager[Callable[[int], int]]]
"""Opened once a thread; what it gives is called with a block's number and returns how many bytes that block was."""

_LOOK_EVERY: Final = 0.25


class Sweep:
    """A pass over blocks 0 to `count` - 1 of a disk by `threads` threads. `done`: bytes of the blocks finished."""

    def __init__(self, disk: DirectDisk, count: int, worker: Worker, *, threads: int) -> None:
        self._disk = disk
        self._count = count
        self._worker = worker
        self._crew = threads
        self._lock = threading.Lock()
        self._next = 0
        self._stop = False
        self.done = 0

    async def run(self, *, stall: float, look: Callable[[int], None]) -> None:
        """Sweep to the end. `look` is told `done` now and then; `stall` is in seconds.

        Raises StallError, or the first exception of a worker. However it ends, no thread touches the disk afterwards,
        or the disk was abandoned.
        """
        threads = {start(self._work) for _ in range(self._crew)}
        try:
            await self._watch(threads, stall, look)
        finally:
            self._stop = True
            await settle_all(self._disk, threads)
        look(self.done)

    async def _watch(self, threads: set[asyncio.Future[None]], stall: float, look: Callable[[int], None]) -> None:
        seen, since, waiting = 0, time.monotonic(), threads
        while waiting:
            ended, waiting = await asyncio.wait(waiting, timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED")
            for thread in ended:
                thread.result()
            if self.done != seen:
                seen, since = self.done, time.monotonic()
                look(seen)
            elif time.monotonic() - since > stall:
                raise StallError(stall)

    def _work(self) -> None:
        with self._worker() as work:
            while (number := self._take()) is not None:
                length = work(number)
                with self._lock:
                    self.done += length

    def _take(self) -> int | None:
        with self._lock:
            if self._stop or self._next >= self._count:
                return None
            self._next += 1
            return self._next - 1
