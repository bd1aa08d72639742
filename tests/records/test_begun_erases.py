"""Erases that were begun stay on the record until their end is, and are given to the next job of such a disk."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from msgspec.structs import replace

from netboot.jobs.job import Job, StageRecord
from netboot.records import arrivals
from netboot.records.begun_erases import MOST
from netboot.records.record import Record
from netboot.records.refusals import HelloRefused
from netboot.shared.erase_begun import Begun
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.records.conftest import MAC, Clock, hello, pc, ssd, start

DISK = ssd().id
KEY = "ab" * 32
DEVICE = "192.0.2.7"


def begun(**changes: object) -> Begun:
    told = Begun(disk=DISK, method="nvme-sanitize-block", key=KEY, tool="nvme version 2.13", missing=(3,))
    return replace(told, **changes)


def at_work(record: Record, boot: str, inventory: Inventory | None = None) -> Job:
    """A PC of which a job runs, its erase begun."""
    visit = record.visits.greet(hello(inventory or pc(), boot), MAC)
    job = start(record, visit)
    record.jobs.stage_started(job.id, "erase", 1)
    return job


def given(record: Record, boot: str, inventory: Inventory | None = None) -> tuple[Begun, ...]:
    """What the next job of this PC is given."""
    return at_work(record, boot, inventory).begun


def test_what_was_begun_is_given_to_the_next_job_by_the_servers_clock(record: Record) -> None:
    job = at_work(record, "boot-1")
    assert job.begun == ()
    record.jobs.erase_begun(job.id, begun(at=5.0), 2)
    (told,) = given(record, "boot-2")
    assert told.at > 1.7e9
    assert replace(told, at=0.0) == begun()


def test_that_the_drive_took_it_and_how_far_an_overwrite_is_come_later(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(), 2)
    record.jobs.erase_begun(job.id, begun(taken=True, command="nvme sanitize", ordered=2), 3)
    record.jobs.erase_reached(job.id, DISK, 1000)
    (told,) = given(record, "boot-2")
    assert (told.taken, told.command, told.ordered, told.done) == (True, "nvme sanitize", 2, 0)
    job = at_work(record, "boot-3")
    record.jobs.erase_begun(job.id, begun(method="overwrite"), 2)
    for done in (4096, 2048, 10**18):
        record.jobs.erase_reached(job.id, DISK, done)
    (told,) = given(record, "boot-4")
    assert (told.method, told.done) == ("overwrite", DISK.size)


def test_each_is_an_event_with_its_key_and_its_password_before_the_drive_hears_of_it(record: Record) -> None:
    job = at_work(record, "boot-1")
    for number in (2, 3):
        record.jobs.erase_begun(job.id, begun(method="ata-erase", password="netboot-0123456789abcdef"), number)
    record.jobs.erase_begun(job.id, begun(method="ata-erase", taken=True), 4)
    events = [event for event in record.journal.read(limit=1000) if event.kind == "erase-begun"]
    assert len(events) == 2, "said twice it is one"
    assert KEY in events[0].body
    assert "netboot-0123456789abcdef" in events[0].body
    (visit,) = record.machines.detail(record.machines.overview()[0].id).visits
    assert {(event.machine_id, event.visit_id, event.job_id) for event in events} == {
        (record.machines.overview()[0].id, visit.id, job.id)
    }
    assert record.journal.verify().broken is None


def test_an_erasure_of_the_disk_is_its_end_whatever_its_verdict_and_whichever_job(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(), 2)
    later = at_work(record, "boot-2")
    assert later.begun != ()
    failed = Erasure(disk=DISK, evidence=Overwritten(), verdict="not-erased", problem=Problem("not-erased"))
    done = StageRecord(stage="erase", state="failed", problem=failed.problem, result=EraseResult(erasures=(failed,)))
    record.jobs.stage_finished(later.id, done, 1.0, 2)
    assert given(record, "boot-3") == ()


def test_it_follows_its_disk_into_another_pc(record: Record) -> None:
    record.jobs.erase_begun(at_work(record, "boot-1").id, begun(), 2)
    other = pc(2, disks=(ssd(2), ssd(1)))
    assert [one.disk for one in given(record, "boot-2", other)] == [DISK]
    assert given(record, "boot-3", pc(3)) == ()


def test_the_newest_counts(record: Record) -> None:
    first, second = "11" * 32, "22" * 32
    record.jobs.erase_begun(at_work(record, "boot-1").id, begun(key=first), 2)
    record.jobs.erase_begun(at_work(record, "boot-2").id, begun(key=second), 2)
    assert [one.key for one in given(record, "boot-3")] == [second]


def test_nothing_is_kept_of_a_disk_that_does_not_say_who_it_is_nor_for_a_job_that_is_over(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(disk=DiskId(size=10**9, path="pci-1")), 2)
    record.jobs.end(job.id, Problem("power-cut", {"stage": "erase"}))
    record.jobs.erase_begun(job.id, begun(), 3)
    record.jobs.erase_reached(job.id, DISK, 1000)
    assert given(record, "boot-2") == ()


def test_when_it_was_begun_is_told_of_its_order_not_of_the_drive_s_answer(record: Record, clock: Clock) -> None:
    job = at_work(record, "boot-1")
    clock.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    record.jobs.erase_begun(job.id, begun(), 2)
    clock.pass_by(timedelta(hours=1))
    record.jobs.erase_begun(job.id, begun(taken=True), 3)
    (told,) = given(record, "boot-2")
    assert 0 <= told.at - datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp() < 60
    assert told.taken


def test_a_clock_before_all_times_is_told_as_their_beginning(record: Record, clock: Clock) -> None:
    job = at_work(record, "boot-1")
    clock.now = datetime(1969, 7, 20, tzinfo=UTC)
    record.jobs.erase_begun(job.id, begun(at=5.0), 2)
    assert [one.at for one in given(record, "boot-2")] == [0.0]


@pytest.mark.parametrize(
    "second", [{"method": "overwrite", "done": 10}, {"method": "overwrite", "taken": True}, {"taken": False}]
)
def test_another_order_in_the_same_job_takes_the_place_of_the_first(
    record: Record, clock: Clock, second: dict[str, object]
) -> None:
    """The next method of the order, or the same drive told once more: nothing is left of what was before."""
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(method="nvme-sanitize-block", taken=True, done=500), 2)
    clock.pass_by(timedelta(hours=1))
    after = clock.now.timestamp()
    record.jobs.erase_begun(job.id, begun(**second), 3)
    (told,) = given(record, "boot-2")
    assert told.at > after
    assert replace(told, at=0.0) == begun(**second)


def test_an_overwrite_that_goes_on_is_told_from_where_it_went_on(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(method="overwrite", done=5000), 2)
    assert [one.done for one in given(record, "boot-2")] == [5000]
    job = at_work(record, "boot-3")
    record.jobs.erase_begun(job.id, begun(method="overwrite", done=DISK.size + 1), 2)
    assert [one.done for one in given(record, "boot-4")] == [DISK.size], "and no further than the disk goes"
    job = at_work(record, "boot-5")
    record.jobs.erase_begun(job.id, begun(method="overwrite", done=DISK.size, size=DISK.size), 2)
    record.jobs.erase_reached(job.id, DISK, DISK.size)
    assert [one.done for one in given(record, "boot-6")] == [DISK.size]


def test_how_far_it_is_is_told_of_the_disk_and_job_that_it_is_of(record: Record) -> None:
    two = pc(1, disks=(ssd(1), ssd(2)))
    job = at_work(record, "boot-1", two)
    record.jobs.erase_begun(job.id, begun(method="overwrite"), 2)
    record.jobs.erase_begun(job.id, begun(method="overwrite", disk=ssd(2).id), 3)
    record.jobs.erase_reached(job.id, DISK, 1000)
    record.jobs.erase_reached(job.id, ssd(3).id, 2000)
    record.jobs.erase_reached(job.id, DiskId(size=10**9, path="pci-1"), 3000)
    assert [(one.disk, one.done) for one in given(record, "boot-2", two)] == [(DISK, 1000), (ssd(2).id, 0)]


def proven(record: Record, job: Job, disk: DiskId) -> None:
    """An erasure of this disk is entered."""
    failed = Erasure(disk=disk, evidence=Overwritten(), verdict="not-erased", problem=Problem("not-erased"))
    done = StageRecord(stage="erase", state="failed", problem=failed.problem, result=EraseResult(erasures=(failed,)))
    record.jobs.stage_finished(job.id, done, 1.0, 9)


def test_an_erasure_of_before_is_no_end_of_what_was_begun_since(record: Record) -> None:
    first = at_work(record, "boot-1")
    proven(record, first, DISK)
    job = at_work(record, "boot-2")
    record.jobs.erase_begun(job.id, begun(), 2)
    assert [one.disk for one in given(record, "boot-3")] == [DISK]


GROWN = replace(DISK, size=DISK.size + 512 * 1000)


def test_a_disk_that_gave_back_what_it_hid_is_told_what_was_begun_on_it_at_its_new_size(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(size=GROWN.size, method="overwrite", done=GROWN.size), 2)
    assert given(record, "boot-2") == (), "of the size that it has no more"
    grown = pc(1, disks=(replace(ssd(), id=GROWN),))
    (told,) = given(record, "boot-3", grown)
    assert (told.disk, told.size, told.done) == (GROWN, GROWN.size, GROWN.size)


def test_an_end_of_a_disk_counts_whatever_size_it_has(record: Record) -> None:
    job = at_work(record, "boot-1")
    record.jobs.erase_begun(job.id, begun(size=GROWN.size), 2)
    grown = pc(1, disks=(replace(ssd(), id=GROWN),))
    later = at_work(record, "boot-2", grown)
    proven(record, later, GROWN)
    assert given(record, "boot-3", grown) == ()
    again = at_work(record, "boot-4")
    record.jobs.erase_begun(again.id, begun(size=GROWN.size), 2)
    assert [one.disk for one in given(record, "boot-5", grown)] == [GROWN], "and that of before is none of this"


def test_an_agent_that_tells_without_end_adds_only_so_much(record: Record) -> None:
    job = at_work(record, "boot-1")
    for number in range(2, 302):
        method: Method = "overwrite" if number % 2 else "nvme-sanitize-block"
        record.jobs.erase_begun(job.id, begun(method=method, tool="x" * 200), number)
    events = [event for event in record.journal.read(limit=1000) if event.kind == "erase-begun"]
    assert len(events) == MOST
    assert record.journal.verify().broken is None
    (kept,) = given(record, "boot-2")
    assert f'"method":"{kept.method}"' in events[-1].body, "what is dropped changes nothing"


def test_what_one_job_told_counts_for_no_other(record: Record) -> None:
    job = at_work(record, "boot-1")
    for number in range(2, 2 + MOST):
        method: Method = "overwrite" if number % 2 else "nvme-sanitize-block"
        record.jobs.erase_begun(job.id, begun(method=method), number)
    other = pc(2)
    record.jobs.erase_begun(at_work(record, "boot-2", other).id, begun(disk=ssd(2).id), 2)
    assert [one.disk for one in given(record, "boot-3", other)] == [ssd(2).id]


def test_what_it_tells_counts_for_its_address(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC, address=DEVICE)
    monkeypatch.setattr(arrivals, "DAY_BYTES", 24 << 10)
    monkeypatch.setattr(arrivals, "SPARED_BYTES", 0)
    assert record.visits.greet(hello(pc(2), "boot-2"), MAC, address=DEVICE).new
    job = start(record, visit)
    for number in range(2, 2 + MOST):
        method: Method = "overwrite" if number % 2 else "nvme-sanitize-block"
        record.jobs.erase_begun(job.id, begun(method=method, tool="x" * 256), number)
    with pytest.raises(HelloRefused):
        record.visits.greet(hello(pc(3), "boot-3"), MAC, address=DEVICE)


def test_it_counts_for_its_address_by_its_event_and_what_is_not_kept_by_nothing(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC, address=DEVICE)
    job, numbers = start(record, visit), count(2)
    record.jobs.stage_started(job.id, "erase", 1)

    def adds(told: Begun) -> int:
        before = record._open.arrivals.recently_added(DEVICE).size
        record.jobs.erase_begun(job.id, told, next(numbers))
        return record._open.arrivals.recently_added(DEVICE).size - before

    assert adds(begun(disk=DiskId(size=10**9, path="pci-1"))) == 0
    assert adds(begun()) == len(record.journal.read(limit=1000)[-1].body)
    assert adds(begun()) == 0
    for turn in range(1, MOST):
        assert adds(begun(method="overwrite" if turn % 2 else "nvme-sanitize-block")) > 0
    assert adds(begun(key="cd" * 32, method="nvme-sanitize-crypto")) == 0


def test_more_disks_may_tell_more(record: Record) -> None:
    inventory = pc(disks=(ssd(1), ssd(2)))
    job = start(record, record.visits.greet(hello(inventory, "boot-1"), MAC))
    for number in range(2, 2 + 2 * MOST):
        method: Method = "overwrite" if number % 4 < 2 else "nvme-sanitize-block"
        record.jobs.erase_begun(job.id, begun(disk=ssd(1 + number % 2).id, method=method), number)
    assert len([event for event in record.journal.read(limit=1000) if event.kind == "erase-begun"]) == 2 * MOST
