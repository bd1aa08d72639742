"""Formats for a master in the journal: each report once, no more of one job than an honest agent has, and counted."""

from msgspec.structs import replace

from netboot.records.drive_formats import MOST
from netboot.records.record import Record
from netboot.shared.drive_format import DriveFormat
from tests.records.conftest import MAC, hello, pc, ssd, start

TOLD = DriveFormat(disk=ssd().id, before=512, wanted=4096)


def kinds(record: Record) -> list[str]:
    return [event.kind for event in record.journal.read(limit=1000) if event.kind.startswith("format-")]


def test_a_report_that_comes_again_is_kept_once_and_its_paper_reads_it_back(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    ended = replace(TOLD, ended=True, after=4096, accepted="yes")
    for number, told in ((1, TOLD), (1, TOLD), (2, ended), (2, ended)):
        record.jobs.drive_format(job.id, told, number)
    assert kinds(record) == ["format-begun", "format-ended"]
    papers = record.papers.of_visit(visit.id)
    assert [told for _, told in papers.formats] == [TOLD, ended]
    assert papers.events[-1].sequence == papers.formats[-1][0], "the paper's events go so far"


def test_one_job_cannot_fill_the_record(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    for number in range(1, MOST + 5):
        record.jobs.drive_format(job.id, TOLD, number)
    assert len(kinds(record)) == MOST
