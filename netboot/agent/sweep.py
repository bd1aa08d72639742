"""One pass over a disk by a few threads: blocks in order, several under way, watched for a device that hangs.

A thread that waits in the kernel for a dead disk cannot be ended. The threads are therefore daemons of their own and
not asyncio's; when a sweep stalls they are left behind, told to stop at their next block, and the disk stays open.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

from netboot.agent.direct_io import DirectDisk

Worker = Callable[[], AbstractContextManager[Callable[[int], int]]]
"""Opened once a thread; what it gives is called with a block's number and returns how many bytes that block was."""

_LOOK_EVERY: Final = 0.25
_LAST_WORDS: Final = 10.0


class StallError(Exception):
    """No block was finished for `seconds`: the threads are still in the kernel and hold the disk."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no progress for {seconds:.0f} s")
        self.seconds = seconds


class Sweep:
    """A pass over blocks 0 to `count` - 1 of a disk by `threads` threads. `done`: bytes of the blocks finished."""

    def __init__(self, disk: DirectDisk, count: int, worker: Worker, *, threads: int) -> None:
        self._disk = disk
        self._count = count
        self._worker = worker
        self._lock = threading.Lock()
        self._next = 0
        self._stop = False
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        self._running = threads
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self.done = 0

    async def run(self, *, stall: float, look: Callable[[int], None]) -> None:
        """Sweep to the end. `look` is told `done` now and then; `stall` is in seconds.

        Raises StallError, or the first exception of a worker. However it ends, no thread touches the disk afterwards,
        or the disk was abandoned.
        """
        for thread in self._threads:
            thread.start()
        try:
            await self._watch(stall, look)
        finally:
            self._stop = True
            await self._settle()
        if self._failure is not None:
            raise self._failure
        look(self.done)

    async def _watch(self, stall: float, look: Callable[[int], None]) -> None:
        seen, since = 0, time.monotonic()
        while not await self._ends_within(_LOOK_EVERY):
            if self.done != seen:
                seen, since = self.done, time.monotonic()
                look(seen)
            elif time.monotonic() - since > stall:
                raise StallError(stall)

    async def _settle(self) -> None:
        ended = False
        try:
            ended = await self._ends_within(_LAST_WORDS)
        finally:
            if not ended:
                self._disk.abandon()

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._ended.wait()
        except TimeoutError:
            return False

    def _work(self) -> None:
        try:
            with self._worker() as work:
                while (number := self._take()) is not None:
                    length = work(number)
                    with self._lock:
                        self.done += length
        except BaseException as error:  # carried over to the waiting task, which raises it
            with self._lock:
                self._failure = self._failure or error
                self._stop = True
        with self._lock:
            self._running -= 1
            last = self._running == 0
        if last:
            # The loop is gone when the threads were left behind and the agent has ended since.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    def _take(self) -> int | None:
        with self._lock:
            if self._stop or self._next >= self._count:
                return None
            self._next += 1
            return self._next - 1
