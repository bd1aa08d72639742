"""Puts on the record what an agent begins to erase, before the drive hears it, and how far an overwrite is.

Only of a disk that this very job has been ordered to erase, by a method of that order; all else is dropped and logged.
Not for: orders (`dispatcher.py`), what the next order is given of it (`netboot/jobs/erase_cuts.py`).
"""

import asyncio
import logging
import time
from typing import Final

from netboot.jobs.job import Job
from netboot.records.record import Record
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import EraseBegun, EraseReached, Received
from netboot.shared.stages import Stage
from netboot.shared.stages.erase import Erase
from netboot.workshop.agent_session import Session

log = logging.getLogger(__name__)

EVERY: Final = 5.0
"""Seconds between two figures of one disk that are kept: an agent tells one in ten."""


class BegunErases:
    """Whoever calls holds the session's lock."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def begun(self, session: Session, job: Job | None, ordered: Stage | None, message: EraseBegun) -> None:
        """Keep it, then say so: the agent waits for that."""
        if job is not None and _is_ordered(job, ordered, message.job, message.begun.disk, message.begun.method):
            await asyncio.to_thread(self._record.jobs.erase_begun, job.id, message.begun, message.number)
        else:
            log.warning("visit %s begins an erase that was not ordered", session.visit.id)
        await session.send(Received(number=message.number))

    async def reached(self, session: Session, job: Job | None, ordered: Stage | None, message: EraseReached) -> None:
        """Keep the figure, unless the last one was a moment ago."""
        if job is None or not _is_ordered(job, ordered, message.job, message.disk, "overwrite"):
            return
        now = time.monotonic()
        if now - session.reached.get(message.disk.text, -EVERY) >= EVERY:
            session.reached[message.disk.text] = now
            await asyncio.to_thread(self._record.jobs.erase_reached, job.id, message.disk, message.done)


def _is_ordered(job: Job, ordered: Stage | None, told: str, disk: DiskId, method: Method) -> bool:
    if told != job.id or not isinstance(ordered, Erase):
        return False
    return any(one.disk.same_as(disk) and method in one.methods for one in ordered.disks)
