"""Limits expensive requests: a few run at once, a few wait in a queue, and further ones are refused as "busy"."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netboot.webui.refusal import Refusal


class Turns:
    """At most `at_once` run and `queue` wait, first come first served.

    Of one address only one request at a time stands in the queue; its others wait for that one. So a client that asks
    for much delays itself and nobody else.
    """

    def __init__(self, *, at_once: int, queue: int) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._most = at_once + queue
        self._here = 0
        self._own: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn_of(self, address: str) -> AsyncIterator[None]:
        """Wait until no other request of this address waits, then for a turn. Raises Refusal when the queue is full.

        The caller limits how many of one address wait.
        """
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
        """Wait for a turn. Raises Refusal when the queue is full."""
        if self._here >= self._most:
            raise Refusal("busy")
        self._here += 1
        try:
            async with self._room:
                yield
        finally:
            self._here -= 1
