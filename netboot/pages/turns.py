"""Dear work in turns: a few at a time, a few in the queue, and the rest is told to come back later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netboot.pages.refusal import Refusal


class Turns:
    """At most `at_once` inside and `queue` waiting."""

    def __init__(self, *, at_once: int, queue: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._most = at_once + queue
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises Refusal when too many wait already."""
        if self._here >= self._most:
            raise Refusal("busy")
        self._here += 1
        try:
            async with self._room:
                yield
        finally:
            self._here -= 1
