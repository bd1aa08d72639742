"""Who had a turn in a batch and is not taken again, whatever clocks and restarts do; who goes on after a power cut."""

from datetime import timedelta
from typing import Literal

import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records.choices import CHOICE_LASTS
from netboot.records.cut_places import AGAIN
from netboot.records.record import Record, open_record
from netboot.shared.inventory import Board, System
from netboot.shared.problems import Problem
from netboot.shared.stages import StageName
from tests.records.batch_steps import STARTS, at_work, boots, joins, kinds, offered
from tests.records.conftest import Clock, pc
from tests.records.places import Place


def test_a_batch_does_not_last_a_year_because_the_clock_was_put_back(record: Record, clock: Clock) -> None:
    clock.now += timedelta(days=365)
    armed = record.batches.arm("debian", 2, "Anne")
    clock.now -= timedelta(days=365)
    assert not offered(record, pc())
    assert joins(record, armed.id, pc()) == "batch-over"


@pytest.mark.parametrize("nameless", [False, True])
@pytest.mark.parametrize("armed", [False, True])
def test_a_pc_of_this_morning_is_not_taken_again_because_the_clock_was_put_ahead(
    record: Record, clock: Clock, armed: bool, nameless: bool
) -> None:
    mine = replace(pc(1), system=System(), board=Board(), nics=(replace(pc(1).nics[0], driver="r8152"),))
    mine = mine if nameless else pc(1)
    batch = record.batches.arm("debian", 5, "Anne").id if armed else ""
    visit = boots(record, mine)
    job = record.jobs.begin(visit.id, menu="" if armed else "debian", batch=batch, starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, None)
    clock.now += timedelta(days=400)
    later = record.batches.arm("debian", 5, "Anne", instead="")
    assert [offered(record, each) for each in (mine, pc(2))] == [False, True]
    assert [joins(record, later.id, each) for each in (mine, pc(2))] == ["batch-again", "debian"]
    clock.pass_by(CHOICE_LASTS)
    assert joins(record, record.batches.arm("debian", 5, "Anne").id, mine) == "debian"


def test_a_job_of_before_a_restart_that_ends_now_counts_from_its_end(place: Place, clock: Clock) -> None:
    with open_record(place, clock=clock) as before:
        job = before.jobs.begin(boots(before, pc()).id, menu="debian", starts=STARTS)
        assert job is not None
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        record.jobs.end(job.id, None)
        clock.now += timedelta(days=400)
        record.batches.arm("debian", 5, "Anne")
        assert not offered(record, pc())


@pytest.mark.parametrize("nameless", [False, True])
@pytest.mark.parametrize("armed", [False, True])
def test_a_pc_of_this_morning_is_not_taken_again_after_a_restart_with_the_clock_put_ahead(
    place: Place, clock: Clock, armed: bool, nameless: bool
) -> None:
    mine = replace(pc(1), system=System(), board=Board(), nics=(replace(pc(1).nics[0], driver="r8152"),))
    mine = mine if nameless else pc(1)
    with open_record(place, clock=clock, monotonic=clock.monotonic) as before:
        batch = before.batches.arm("debian", 5, "Anne").id if armed else ""
        visit = boots(before, mine)
        job = before.jobs.begin(visit.id, menu="" if armed else "debian", batch=batch, starts=STARTS)
        assert job is not None
        before.jobs.end(job.id, None)
        before.visits.end(visit.id)
    clock.now += timedelta(days=400)
    steady = Clock()  # a machine that was started again counts from zero
    for hours in (0, 9, 9):
        with open_record(place, clock=clock, monotonic=steady.monotonic) as record:
            steady.pass_by(timedelta(hours=hours))
            record.batches.arm("debian", 5, "Anne")
            assert [offered(record, each) for each in (mine, pc(2))] == [False, True]
            armed_now = record.batches.newest()
            assert armed_now is not None
            record.batches.disarm(armed_now.id, "Anne")
    # Once the server has run for a day since, in however many pieces, a PC of last year is taken.
    with open_record(place, clock=clock, monotonic=steady.monotonic) as record:
        steady.pass_by(timedelta(hours=6))
        assert joins(record, record.batches.arm("debian", 5, "Anne").id, mine) == "debian"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_pc_without_names_whose_erase_took_longer_than_a_day_is_not_taken_again(
    place: Place, clock: Clock, restarted: bool
) -> None:
    mine = replace(pc(1), system=System(), board=Board(), nics=(replace(pc(1).nics[0], driver="r8152"),))
    with open_record(place, clock=clock, monotonic=clock.monotonic) as before:
        visit = boots(before, mine)
        job = before.jobs.begin(visit.id, menu="debian", starts=STARTS)
        assert job is not None
        before.jobs.stage_started(job.id, "erase", 1)
        for _ in range(30):
            clock.pass_by(timedelta(hours=1))
            before.people.set_setting("hour", str(clock.now))
        before.jobs.end(job.id, None)
        if not restarted:
            before.batches.arm("debian", 5, "Anne")
            assert not offered(before, mine)
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        armed = record.batches.newest() or record.batches.arm("debian", 5, "Anne")
        assert not offered(record, mine)
        assert joins(record, armed.id, mine) == "batch-again"


def test_a_twin_of_a_pc_that_had_its_turn_is_offered_the_batch(record: Record) -> None:
    """Its UUID is its twin's, its adapter is not: its hello decides, and it has no turn yet."""
    batch = record.batches.arm("debian", 4, "Anne")
    assert joins(record, batch.id, pc(1)) == "debian"
    twin = replace(pc(2), system=pc(1).system, board=pc(1).board)
    assert not offered(record, pc(1))
    assert offered(record, twin)
    assert joins(record, batch.id, twin) == "debian"
    assert not offered(record, twin)
    # A laptop without an adapter of its own is known by its UUID, whatever dongle it comes by.
    laptop = replace(pc(3), nics=(replace(pc(3).nics[0], driver="r8152"),))
    assert joins(record, batch.id, laptop) == "debian"
    assert record.batches.offered(mac="00:e0:4c:68:00:99", uuid=laptop.system.uuid) is None


@pytest.mark.parametrize("done", [(), ("check",), ("check", "erase"), ("check", "erase", "deploy")])
@pytest.mark.parametrize("places", [1, 2])
def test_a_pc_whose_power_went_in_the_middle_goes_on_in_its_own_place(
    record: Record, places: int, done: tuple[StageName, ...]
) -> None:
    batch = record.batches.arm("debian", places, "Anne")
    at_work(record, batch.id, pc(), *done)
    assert offered(record, pc())
    assert offered(record, pc(2)) == (places == 2)
    assert joins(record, batch.id, pc()) == "debian"
    newest = record.batches.newest()
    assert newest is not None
    assert [place.number for place in newest.taken] == [1]
    assert "batch-place-again" in kinds(record)
    assert record.journal.verify().broken is None


def test_a_pc_that_has_finished_is_never_taken_again(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    at_work(record, batch.id, pc(), "check", "erase", "deploy", "customise")  # it restarts: that is all `finish` does
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-again"
    (row,) = record.machines.overview()
    assert row.job is not None
    assert (row.job.state, row.left) == ("done", None)


@pytest.mark.parametrize("code", ["disk-error", "agent-error"])
def test_a_pc_whose_work_failed_is_not_taken_again(record: Record, code: Literal["disk-error", "agent-error"]) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    job = at_work(record, batch.id, pc(), "check")
    failed = StageRecord(stage="erase", state="failed", problem=Problem(code))
    record.jobs.stage_finished(job.id, failed, 1.0, 9)
    record.jobs.end(job.id, failed.problem)
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-again"


@pytest.mark.parametrize("end", ["disarmed", "replaced", "expired"])
def test_a_batch_that_is_over_takes_no_pc_again(record: Record, clock: Clock, end: str) -> None:
    batch = record.batches.arm("debian", 1, "Anne")  # full at once, and one may still end it
    at_work(record, batch.id, pc(), "check")
    if end == "disarmed":
        assert record.batches.disarm(batch.id, "Anne")
        assert not record.batches.disarm(batch.id, "Anne")
    elif end == "replaced":
        record.batches.arm("look", 1, "Anne")
    else:
        clock.now += CHOICE_LASTS
    newest = record.batches.offered(mac=pc().nics[0].mac, uuid=pc().system.uuid)
    assert newest is None or newest.id != batch.id
    assert joins(record, batch.id, pc()) != "debian"


def test_a_pc_that_stops_each_time_is_left_to_a_person(record: Record) -> None:
    batch = record.batches.arm("debian", 1, "Anne")
    for _ in range(AGAIN + 1):
        assert offered(record, pc())
        at_work(record, batch.id, pc(), "check")
    assert not offered(record, pc())


def test_what_was_done_with_a_pc_since_ends_its_place(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    at_work(record, batch.id, pc(), "check")
    assert joins(record, "", pc(), menu="look") == "look"
    assert not offered(record, pc())
