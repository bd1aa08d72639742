"""Runs disk I/O in daemon threads, because a thread that waits in the kernel for a dead disk never ends.

asyncio's own thread pool would keep the agent from exiting. A disk whose thread does not return is abandoned
(`DirectDisk.abandon`), never closed while the thread still uses it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from netboot.agent.disks.direct_io import DirectDisk

T = TypeVar("T")

LAST_WORDS: Final = 10.0
"""Seconds that a thread gets to finish what it is at when nobody wants it any more."""


class StallError(Exception):
    """Nothing was finished for `seconds`. The disk was abandoned."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no progress for {seconds:.0f} s")
        self.seconds = seconds


def start(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run `work` in a daemon thread; its value or its exception comes by the future."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    # Of several threads that fail together only one is heard; the others must not be logged as forgotten.
    future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type] # a T when there is no error

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as caught:  # carried over to whoever waits
            error = caught
        # The loop is gone when this thread was left behind and the agent has ended since.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, daemon=True).start()
    return future


async def on_disk(disk: DirectDisk, work: Callable[[], T], *, stall: float) -> T:
    """One piece of blocking work on this disk, given up after `stall` seconds. Raises StallError, or what it raises.

    However it ends, the work does not touch the disk afterwards, or the disk was abandoned.
    """
    future = start(work)
    try:
        ended, _ = await asyncio.wait({future}, timeout=stall)
        if not ended:
            raise StallError(stall)
        return future.result()
    finally:
        await settle_all(disk, {future})


async def settle_all(disk: DirectDisk, futures: set[asyncio.Future[T]]) -> None:
    """Wait a little for work that was told to stop, else abandon the disk."""
    try:
        if any(not future.done() for future in futures):
            await asyncio.wait(futures, timeout=LAST_WORDS)
    finally:
        if any(not future.done() for future in futures):
            disk.abandon()
