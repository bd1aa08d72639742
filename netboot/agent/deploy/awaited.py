"""Tells the screen and the page what a stage waits for, and for how long: the server, or a disk.

A server that accepts and sends nothing, or a disk that never finishes a write, would otherwise look like progress. Not
for: giving up (`fetch.py`, `agent/disks/disk_threads.py`), passes over a whole disk (`agent/disks/sweep.py`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from netboot.agent.disks import sweep
from netboot.agent.progress import HeldUp
from netboot.shared.protocol import Stuck

_LOOK_EVERY: Final = 0.25


class Awaited:
    """Something that several tasks wait for, now and then; `left`: in how many seconds who waits gives it up, where
    that is told."""

    def __init__(self) -> None:
        self.left = 0.0
        self._waiting = 0
        self._moved = 0.0

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Somebody waits for it meanwhile."""
        if not self._waiting:
            self.moved()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def moved(self) -> None:
        """Something came of it now."""
        self._moved = time.monotonic()

    def still(self) -> float:
        """Seconds for which somebody has waited and nothing came; 0 while nobody waits."""
        return time.monotonic() - self._moved if self._waiting else 0.0


class Waits:
    """The source of chunks (`server`), and the disk that gets the master, `disk_name` for people, once it is known: as
    it is written and read (`disk`), and while it is formatted (`format`)."""

    def __init__(self, held_up: HeldUp, server: Awaited) -> None:
        self._held_up = held_up
        self._server = server
        self.disk = Awaited()
        self.format = Awaited()
        self.disk_name = ""

    @asynccontextmanager
    async def told(self) -> AsyncIterator[None]:
        """Tell meanwhile who is stuck, again and again, and at the end that nobody is."""
        telling = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            telling.cancel()
            self._held_up(())

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            name = self.disk_name[:256]
            stuck = [
                Stuck(what="target", disk=name, seconds=self.disk.still()),
                Stuck(what="format", disk=name, seconds=self.format.still(), left=self.format.left),
                Stuck(what="server", seconds=self._server.still()),
            ]
            self._held_up([one for one in stuck if one.seconds > sweep.STUCK_AFTER])
