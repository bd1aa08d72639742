"""Tells the server what is begun on a disk, before it is: so that the next boot can go on after a power cut.

A begun erase is a report like any other: numbered, kept, sent again; so is a Format for a master. How far an overwrite
is goes without a number, and seldom: only the newest counts, and a lost one costs a little reading. Not for: progress
(`meter.py`).
"""

import asyncio
from typing import Final, Protocol

from netboot.agent.reports import Reports
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import EraseReached, FromAgent

EVERY: Final = 10.0
"""Seconds between two words on how far an overwrite is."""


class Line(Protocol):
    """What reports go by; `settled` is set while none waits to be put on the record."""

    settled: asyncio.Event

    async def send(self, message: FromAgent) -> None: ...


class ToldBegins:
    """A `Begins` whose words go to the server."""

    def __init__(self, job: str, reports: Reports, line: Line) -> None:
        self._job = job
        self._reports = reports
        self._line = line
        self._reached: dict[DiskId, int] = {}
        self._told = 0.0

    async def begun(self, begun: Begun) -> None:
        """Returns once that is on the record, however long the line is broken."""
        await self._line.send(self._reports.begun(self._job, begun))
        await self._line.settled.wait()

    async def formatting(self, told: DriveFormat) -> None:
        """Returns once it is on the record that a drive is about to be formatted; the end of it is told in its turn."""
        await self._line.send(self._reports.formatting(self._job, told))
        if not told.ended:
            await self._line.settled.wait()

    def reached(self, disk: DiskId, done: int) -> None:
        """Kept until the next `tell`."""
        self._reached[disk] = done

    async def tell(self, now: float) -> None:
        """Send what is new, if the last word was long enough ago; `now` is of a clock that nobody sets."""
        if not self._reached or now - self._told < EVERY:
            return
        self._told = now
        reached, self._reached = self._reached, {}
        for disk, done in reached.items():
            await self._line.send(EraseReached(job=self._job, disk=disk, done=done))
