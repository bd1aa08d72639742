"""Begins, of a captured master, the version that fits smaller disks, where that was asked for, once nothing else is
made.

What waits is on the record before the capture's end is, so that a server that ends meanwhile begins it at its next
start. The captured master is whole and current all that time, and the version before afterwards. Not for: making it
(`makings.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.making import ShrinkOrder, ToShrink
from netboot.masters.worth_shrinking import smaller_version_of
from netboot.records.record import Record
from netboot.records.refusals import AtWork
from netboot.shared.errors import NetbootError
from netboot.shared.stages.capture import CaptureOptions, CaptureResult
from netboot.workshop.makings import FindCurrent, Makings

log = logging.getLogger(__name__)

AGAIN: Final = 60.0
"""Seconds after which what could not be begun is tried once more."""

OrderToShrink = Callable[[str, str, str, str], ShrinkOrder]
"""What makes, of a master's name and digest, which is the version so, the version so."""


class SmallerCaptures:
    """`run` begins them, one after the other: a service of the server. `kept_whole` names the masters of which none is
    made (`jobs/target.py`)."""

    def __init__(
        self,
        record: Record,
        makings: Makings,
        find_current: FindCurrent,
        order: OrderToShrink,
        kept_whole: Callable[[], Collection[str]],
    ) -> None:
        self._record = record
        self._makings = makings
        self._find_current = find_current
        self._order = order
        self._kept_whole = kept_whole

    async def captured(self, job: Job, made: CaptureResult) -> None:
        """This job made a master. Whatever goes wrong here, it has made it."""
        if not job.profile.options_for(CaptureOptions).smaller:
            return
        if self._is_kept_whole(made.name):
            return
        one = ToShrink(name=made.name, version=made.version, digest=made.manifest, job=job.id)
        try:
            if not await asyncio.to_thread(self._record.makings.put_off, one):
                log.warning("no smaller version of %s %s is made: too many wait", one.name, one.version)
            self._makings.tell_waiting(await asyncio.to_thread(self._record.makings.waiting))
        except Exception:
            log.exception("no smaller version of %s %s is made: the record did not take it", one.name, one.version)

    async def run(self) -> None:
        """Begin what waits whenever nothing is at work."""
        async with self._makings.watch() as changed:
            while True:
                changed.clear()
                try:
                    await self._begin_next()
                except Exception:
                    log.exception("a smaller version of what was captured could not be begun: it is tried again")
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN):
                        await changed.wait()

    async def _begin_next(self) -> None:
        waiting = await asyncio.to_thread(self._record.makings.waiting)
        self._makings.tell_waiting(waiting)
        if self._makings.runs:
            return
        for one in waiting:
            if self._is_kept_whole(one.name):
                pass
            elif await self._is_current(one):
                who = await asyncio.to_thread(self._record.makings.who_captured, one)
                order = self._order(one.name, one.digest, one.version, smaller_version_of(one.version))
                try:
                    await self._makings.begin(order, who)
                except AtWork:
                    return
            else:
                log.info("no smaller version of %s %s is made: another one is current", one.name, one.version)
            await asyncio.to_thread(self._record.makings.done_with, one)
            self._makings.tell_waiting(await asyncio.to_thread(self._record.makings.waiting))
            if self._makings.runs:
                return

    def _is_kept_whole(self, name: str) -> bool:
        """Asked again of what waited: the server may have other profiles since."""
        kept = name in self._kept_whole()
        if kept:
            log.warning(
                "no smaller version of %s is made: a profile gives it without customising, or names what grows", name
            )
        return kept

    async def _is_current(self, one: ToShrink) -> bool:
        """What cannot be told is left to the work itself, which says why it does not do it."""
        try:
            current = await asyncio.to_thread(self._find_current, one.name)
        except (NetbootError, OSError):
            return True
        return current is not None and current.digest == one.digest
