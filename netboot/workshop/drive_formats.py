"""Puts on the record that a drive is formatted for its master: before the drive hears it, and what became of it.

Only of a disk of this very job, whose profile lets drives be formatted; all else is dropped and logged.
Not for: orders (`dispatcher.py`).
"""

import asyncio
import logging

from netboot.jobs.job import Job
from netboot.jobs.sectors import formats_sectors
from netboot.records.record import Record
from netboot.shared.protocol import FormatTold, Received
from netboot.workshop.agent_session import Session

log = logging.getLogger(__name__)


class DriveFormats:
    """Whoever calls holds the session's lock."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def told(self, session: Session, message: FormatTold) -> None:
        """Keep it, then say so: the agent waits for that. Also of a job that is over: the drive was emptied all the
        same."""
        job = session.job if session.job is not None and session.job.id == message.job else None
        if job is None:
            job = await asyncio.to_thread(self._record.jobs.ended_job, session.visit.id, message.job)
        if job is not None and _is_of(job, message):
            await asyncio.to_thread(self._record.jobs.drive_format, job.id, message.format, message.number)
        else:
            log.warning("visit %s formats a drive, which was not ordered", session.visit.id)
        await session.send(Received(number=message.number))


def _is_of(job: Job, message: FormatTold) -> bool:
    return formats_sectors(job.profile) and any(disk.id.same_as(message.format.disk) for disk in job.inventory.disks)
