"""Begins a job while nobody deletes masters.

Which version is current is read before the record says that a job needs it; a clean-up in those milliseconds would find
that nobody does. Not for: which masters jobs hold once they have begun (`records/held_masters.py`), how the store's
lock works (`store/folder.py`).
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, TypeVar

AGAIN: Final = 0.2
"""Seconds until masters that are being deleted are asked for again."""

HoldMasters = Callable[[], AbstractContextManager[None]]
"""Nobody deletes masters while it is held. Raises MastersChangingError at once while somebody does."""
Begun = TypeVar("Begun")


class MastersChangingError(Exception):
    """Somebody deletes masters just now."""


async def begun_while_held(hold: HoldMasters, begin: Callable[[], Begun]) -> Begun:
    """What `begin` gives, in a thread, once nobody deletes masters. No thread waits for that: others need them all."""

    def begun() -> Begun:
        with hold():
            return begin()

    while True:
        try:
            return await asyncio.to_thread(begun)
        except MastersChangingError:
            await asyncio.sleep(AGAIN)
