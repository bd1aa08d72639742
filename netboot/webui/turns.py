"""Dear work in turns: a few at a time, a few in the queue, and the rest is told to come back later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netboot.webui.refusal import Refusal


class Turns:
    """At most `at_once` inside and `queue` waiting, first come first served. Of one address at most one stands in the
    queue, and its next ones behind it: so whoever asks much waits longer, and nobody else does."""

    def __init__(self, *, at_once: int, queue: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._most = at_once + queue
        self._here = 0
        self._own: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn_of(self, address: str) -> AsyncIterator[None]:
        """Wait until no other of this address waits, and then for one's turn. How many of one address come is bounded
        by the caller. Raises Refusal when too many wait already."""
        lock, users = self._own.get(address, (asyncio.Lock(), 0))
        self._own[address] = (lock, users + 1)
        try:
            async with lock, self.turn():
                yield
        finally:
            lock, users = self._own.pop(address)
            if users > 1:
                self._own[address] = (lock, users - 1)

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
