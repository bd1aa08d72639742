"""What is begun is on the record before anything goes on; how far an overwrite is, is told seldom."""

import asyncio

from msgspec.structs import replace

from netboot.agent.begins import EVERY, ToldBegins
from netboot.agent.reports import Reports
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import EraseBegun, EraseReached, FormatTold, FromAgent

DISK, OTHER = DiskId(serial="A", size=10**9), DiskId(serial="B", size=10**9)


class Line:
    """A line whose other end answers when it is told to, as `agent/net/link.py` keeps account of it."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self.settled = asyncio.Event()
        self.settled.set()
        self.sent: list[FromAgent] = []

    async def send(self, message: FromAgent) -> None:
        if not self._reports.settled:
            self.settled.clear()
        self.sent.append(message)

    def answer(self, number: int) -> None:
        self._reports.received(number)
        if self._reports.settled:
            self.settled.set()


async def test_whoever_begins_waits_until_that_is_on_the_record() -> None:
    reports = Reports()
    line = Line(reports)
    begins = ToldBegins("j", reports, line)
    first = asyncio.create_task(begins.begun(Begun(disk=DISK, method="overwrite")))
    await asyncio.sleep(0.05)
    assert not first.done()
    (told,) = line.sent
    assert isinstance(told, EraseBegun)
    assert (told.job, told.number, told.begun.disk) == ("j", 1, DISK)
    assert reports.unreceived() == (told,), "on a new line it is said again"
    line.answer(1)
    await asyncio.wait_for(first, 1)


async def test_a_format_waits_for_the_record_before_it_and_not_after_it() -> None:
    reports = Reports()
    line = Line(reports)
    begins = ToldBegins("j", reports, line)
    told = DriveFormat(disk=DISK, before=512, wanted=4096)
    before = asyncio.create_task(begins.formatting(told))
    await asyncio.sleep(0.05)
    assert not before.done()
    line.answer(1)
    await asyncio.wait_for(before, 1)
    ended = replace(told, ended=True, after=4096)
    await asyncio.wait_for(begins.formatting(ended), 1)
    kept = FormatTold(number=2, job="j", format=ended)
    assert (line.sent, reports.unreceived()) == ([FormatTold(number=1, job="j", format=told), kept], (kept,))


async def test_the_newest_figure_of_each_disk_is_told_once_in_a_while() -> None:
    reports = Reports()
    line = Line(reports)
    begins = ToldBegins("j", reports, line)
    await begins.tell(100.0)
    for done in (1, 2, 3):
        begins.reached(DISK, done)
    begins.reached(OTHER, 9)
    await begins.tell(101.0)
    begins.reached(DISK, 4)
    await begins.tell(101.0 + EVERY / 2)
    assert line.sent == [EraseReached(job="j", disk=DISK, done=3), EraseReached(job="j", disk=OTHER, done=9)]
    await begins.tell(101.0 + EVERY)
    assert line.sent[2:] == [EraseReached(job="j", disk=DISK, done=4)]
    assert reports.settled, "these are no reports"
