"""A batch gives out its places, each once, at hellos; nobody who had a turn gets a second one."""

import threading
from datetime import timedelta
from itertools import count
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.job import Job, StageRecord
from netboot.records.choices import CHOICE_LASTS
from netboot.records.cut_places import AGAIN
from netboot.records.record import Record, open_record
from netboot.records.refusals import BatchArmed, NoPlace, UnknownProfile
from netboot.records.values import Start, Visit
from netboot.shared.inventory import Board, Inventory, System
from netboot.shared.problems import Problem
from netboot.shared.stages import StageName
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, Clock, a_copy, hello, pc
from tests.records.places import Cluster, Place

LOOK = replace(ERASE_AND_DEPLOY, id="look", stages=("check", "finish"), master="")
_boots = count()


STARTS = {profile.id: Start(profile=profile, master=None, hostname="pc-1") for profile in (ERASE_AND_DEPLOY, LOOK)}
"""The workshop has two profiles."""


def boots(record: Record, inventory: Inventory, mac: str = "") -> Visit:
    """This PC says hello after a start."""
    return record.visits.greet(hello(inventory, f"boot-{next(_boots)}"), mac or inventory.nics[0].mac)


def joins(record: Record, batch: str, inventory: Inventory, mac: str = "", *, menu: str = "") -> str:
    """What its hello brings this PC: who chose the job, or why there is none."""
    visit = boots(record, inventory, mac)
    try:
        job = record.jobs.begin(visit.id, menu=menu, batch=batch, starts=STARTS)
    except NoPlace as refused:
        return refused.problem.code
    return "nothing" if job is None else job.profile.id


def offered(record: Record, inventory: Inventory) -> bool:
    """Whether its boot menu would have the batch armed."""
    return record.batches.offered(mac=inventory.nics[0].mac, uuid=inventory.system.uuid) is not None


def kinds(record: Record) -> list[str]:
    return [event.kind for event in record.journal.read(limit=1000)]


def test_the_next_pcs_get_the_profile_and_one_more_does_not(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    assert offered(record, pc(1))
    assert [joins(record, batch.id, pc(number)) for number in (1, 2, 3)] == ["debian", "debian", "batch-full"]
    newest = record.batches.newest()
    assert newest is not None
    assert (newest.ending, newest.left) == ("full", 0)
    assert [(place.number, place.label) for place in newest.taken] == [
        (1, "LENOVO ThinkCentre M720q PC0X7Q01"),
        (2, "LENOVO ThinkCentre M720q PC0X7Q02"),
    ]
    assert not offered(record, pc(4))
    assert [kind for kind in kinds(record) if "batch" in kind] == [
        "batch-armed", "batch-place", "batch-place", "batch-closed",
    ]  # fmt: skip
    assert record.journal.verify().broken is None


def test_who_armed_the_batch_is_who_chose(record: Record) -> None:
    batch = record.batches.arm("debian", 1, "Anne")
    joins(record, batch.id, pc())
    (row,) = record.machines.overview()
    assert row.job is not None
    assert row.job.chosen_by == "Anne"
    record.people.forget("Anne")
    newest = record.batches.newest()
    assert newest is not None
    assert newest.who == "—"


def test_a_pc_that_comes_back_gets_its_own_disk_and_never_a_second_erase(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, pc()) == "debian"
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-again"
    assert offered(record, pc(2))
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 4


def test_the_same_boot_does_not_ask_twice(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    visit = boots(record, pc())
    job = record.jobs.begin(visit.id, batch=batch.id, starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, None)
    assert record.jobs.begin(visit.id, batch=batch.id, starts=STARTS) is None
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 4


def test_a_pc_that_was_erased_today_on_its_own_is_left_alone_and_one_that_was_looked_at_is_not(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, "", pc(1), menu="debian") == "debian"
    assert joins(record, "", pc(2), menu="look") == "look"
    assert [offered(record, pc(number)) for number in (1, 2)] == [False, True]
    assert [joins(record, batch.id, pc(number)) for number in (1, 2)] == ["batch-again", "debian"]


def test_a_pc_of_yesterday_may_take_part_today(record: Record, clock: Clock) -> None:
    joins(record, record.batches.arm("debian", 1, "Anne").id, pc())
    clock.pass_by(CHOICE_LASTS + timedelta(minutes=1))
    batch = record.batches.arm("debian", 1, "Anne")
    assert not offered(record, pc())  # its job never ended: it may still be at work
    visit = boots(record, pc())
    assert visit.job is None
    assert record.jobs.begin(visit.id, batch=batch.id, starts=STARTS) is not None


@pytest.mark.parametrize("uuid", ["", "03000200-0400-0500-0006-000700080009"])
def test_a_pc_without_names_is_known_by_the_adapter_it_came_by(record: Record, uuid: str) -> None:
    nameless = replace(
        pc(), system=System(uuid=uuid), board=Board(), nics=(replace(pc().nics[0], mac=MAC, driver="r8152"),)
    )
    batch = record.batches.arm("debian", 5, "Anne")
    assert offered(record, nameless)
    assert joins(record, batch.id, nameless) == "debian"
    assert not offered(record, nameless)
    assert joins(record, batch.id, nameless) == "batch-again"


def test_a_dock_that_goes_from_pc_to_pc_does_not_keep_the_second_out(record: Record) -> None:
    dock = replace(pc().nics[0], mac="00:e0:4c:68:00:01", driver="r8152")
    first, second = (replace(pc(number), nics=(dock,)) for number in (1, 2))
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, first) == "debian"
    assert (offered(record, first), offered(record, second)) == (False, True)
    assert joins(record, batch.id, second) == "debian"


def test_an_adapter_that_another_pc_came_by_days_ago_keeps_no_pc_without_names_out(
    record: Record, clock: Clock
) -> None:
    dock = replace(pc().nics[0], mac="00:e0:4c:68:00:01", driver="r8152")
    record.visits.end(boots(record, pc(1), dock.mac).id)
    for _ in range(3):
        clock.pass_by(CHOICE_LASTS)
        boots(record, pc(2))
    assert joins(record, "", pc(1), menu="debian") == "debian"
    nameless = replace(pc(3), system=System(), board=Board(), nics=(dock,))
    batch = record.batches.arm("debian", 5, "Anne")
    assert offered(record, nameless)
    assert joins(record, batch.id, nameless) == "debian"


def test_a_persons_own_choice_comes_first_and_takes_no_place(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    visit = boots(record, pc(1))
    record.choices.choose(visit.machine_id, "look", "Omar")
    assert joins(record, batch.id, pc(1)) == "look"
    assert joins(record, batch.id, pc(2), menu="look") == "look"
    newest = record.batches.newest()
    assert newest is not None
    assert newest.left == 2


def test_a_batch_that_was_disarmed_takes_nobody(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    assert record.batches.disarm(batch.id, "Omar")
    assert not record.batches.disarm(batch.id, "Omar")
    assert not offered(record, pc())
    assert joins(record, batch.id, pc()) == "batch-over"
    newest = record.batches.newest()
    assert newest is not None
    assert (newest.ending, newest.left) == ("disarmed", 0)


def test_a_batch_lasts_one_bench_day(record: Record, clock: Clock) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    clock.now += CHOICE_LASTS
    assert not offered(record, pc())
    assert record.batches.newest() is None
    assert joins(record, batch.id, pc()) == "batch-over"
    assert kinds(record).count("batch-closed") == 1


def test_a_batch_is_replaced_only_by_somebody_who_saw_it(record: Record) -> None:
    first = record.batches.arm("debian", 2, "Anne")
    with pytest.raises(BatchArmed):
        record.batches.arm("look", 2, "Omar")
    second = record.batches.arm("look", 2, "Omar", instead=first.id)
    with pytest.raises(BatchArmed):
        record.batches.arm("debian", 2, "Anne", instead=first.id)
    assert record.batches.newest() == second
    assert joins(record, first.id, pc()) == "batch-over"


def test_a_batch_that_never_was_takes_nobody(record: Record) -> None:
    assert joins(record, "made-up", pc()) == "batch-over"


def test_a_batch_whose_profile_is_gone_gives_no_place_away(record: Record) -> None:
    batch = record.batches.arm("gone", 1, "Anne")
    with pytest.raises(UnknownProfile):
        joins(record, batch.id, pc())
    assert record.batches.newest() == batch


def test_of_many_hellos_at_once_as_many_get_a_place_as_there_are(record: Record) -> None:
    batch = record.batches.arm("debian", 3, "Anne")
    visits = [boots(record, pc(number)) for number in range(1, 9)]
    together = threading.Barrier(len(visits))
    found: list[str] = []

    def begin(visit: Visit) -> None:
        together.wait()
        try:
            job = record.jobs.begin(visit.id, batch=batch.id, starts=STARTS)
            found.append(job.profile.id if job else "nothing")
        except NoPlace as refused:
            found.append(refused.problem.code)

    threads = [threading.Thread(target=begin, args=(visit,)) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["batch-full"] * 5 + ["debian"] * 3
    newest = record.batches.newest()
    assert newest is not None
    assert [place.number for place in newest.taken] == [1, 2, 3]
    assert record.journal.verify().broken is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.integers(1, 4), comers=st.lists(st.integers(1, 5), max_size=8))
def test_whoever_comes_in_whatever_order_no_pc_gets_two_places_and_no_place_two_pcs(
    empty: Place, cluster: Cluster | None, places: int, comers: list[int]
) -> None:
    with a_copy(empty, cluster) as copied, open_record(copied, clock=Clock()) as record:
        batch = record.batches.arm("debian", places, "Anne")
        found = [joins(record, batch.id, pc(number)) for number in comers]
        newest = record.batches.newest()
    assert found.count("debian") == min(places, len(set(comers)))
    assert newest is not None
    machines = [place.machine_id for place in newest.taken]
    assert len(machines) == len(set(machines)) == found.count("debian")


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


def test_what_is_armed_after_the_clock_was_put_back_is_what_is_shown_and_offered(record: Record, clock: Clock) -> None:
    clock.now += timedelta(hours=2)
    before = record.batches.arm("debian", 2, "Anne")
    clock.now -= timedelta(hours=1)
    armed = record.batches.arm("look", 2, "Anne", instead=before.id)
    assert record.batches.newest() == armed
    assert record.batches.offered(mac=MAC, uuid="") == armed


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


def at_work(record: Record, batch: str, inventory: Inventory, *stages: StageName) -> Job:
    """This PC joins, has done these stages, and is at work on the one that follows."""
    visit = boots(record, inventory)
    job = record.jobs.begin(visit.id, batch=batch, starts=STARTS)
    assert job is not None
    number = 0
    for stage in stages:
        number += 2
        record.jobs.stage_started(job.id, stage, number - 1)
        record.jobs.stage_finished(job.id, StageRecord(stage=stage, state="done"), 1.0, number)
    following = job.profile.stages[len(stages)]
    return record.jobs.stage_started(job.id, following, number + 1)


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
