"""Whether the store has every chunk of a master, asked before a job with it destroys anything.

Looked at is whether each chunk of the very manifest that the job was ordered is there, not what is in it: a master has
thousands, on a disk that may be slow, so that is done in a thread, once for all PCs that ask at a time. Not for: damage
inside a chunk (`netboot master verify`; the PC finds it on arrival), what counts as missing (`store/stored.py`), a PC
whose disks are being erased already (`dispatcher.py`).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import Final, NoReturn

from netboot.jobs.job import MasterNeeds
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem

log = logging.getLogger(__name__)

FRESH: Final = 10.0
"""Seconds for which an answer holds: the PCs of a batch ask within moments of each other."""
AGAIN: Final = 600.0
"""Seconds between two looks that nobody asked for."""

CountMissing = Callable[[str], int]
"""How many chunks the store lacks of the manifest of this digest. Raises NetbootError where that cannot be told."""


class WholeMasters:
    """`given`: the manifests (their digests) that PCs get now; both it and `count` read the store, in a thread."""

    def __init__(
        self,
        count: CountMissing = lambda _: 0,
        given: Callable[[], Collection[str]] = frozenset,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._given = given
        self._clock = clock
        self._looks: dict[str, asyncio.Task[str]] = {}
        self._seen: dict[str, tuple[float, str]] = {}

    async def forbids(self, master: MasterNeeds) -> Problem | None:
        """Why nothing may be erased for this master, or None."""
        return _problem(master, await self._missing(master.manifest))

    def seen(self, master: MasterNeeds | None) -> Problem | None:
        """As `forbids`, by the last look, which may be minutes old: for what is only shown. Never blocks."""
        return None if master is None else _problem(master, self._found(master.manifest))

    async def run(self) -> NoReturn:
        """Look at the masters that PCs get, at the server's start and now and then."""
        while True:
            try:
                for digest in await asyncio.to_thread(self._given):
                    await self._missing(digest)
            except (NetbootError, OSError) as error:
                log.error("which masters PCs get cannot be told: %s", error)
            await asyncio.sleep(AGAIN)

    async def _missing(self, digest: str) -> str:
        """How many chunks are missing, "" for none, "?" where that cannot be told."""
        at, seen = self._seen.get(digest, (self._clock() - FRESH, ""))
        if self._clock() - at < FRESH:
            return seen
        if digest not in self._looks:
            self._looks[digest] = asyncio.create_task(self._look(digest))
        # A line that breaks ends nobody else's look.
        return await asyncio.shield(self._looks[digest])

    async def _look(self, digest: str) -> str:
        try:
            missing = await asyncio.to_thread(self._count, digest)
        except NetbootError as error:
            log.error("whether the master of the manifest %s is whole cannot be told: %s", digest, error)
            found = "?"
        else:
            found = str(missing) if missing else ""
            if missing and self._found(digest) != found:
                log.error("the master of the manifest %s is incomplete: the store lacks %d chunks", digest, missing)
        finally:
            del self._looks[digest]
        self._seen[digest] = (self._clock(), found)
        return found

    def _found(self, digest: str) -> str:
        """What the last look found, "" also where there was none."""
        return self._seen[digest][1] if digest in self._seen else ""


def _problem(master: MasterNeeds, missing: str) -> Problem | None:
    return Problem("master-incomplete", {"master": master.name, "missing": missing}) if missing else None
