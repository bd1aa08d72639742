"""What is left undone in a machine: the newest work that stopped, until that stage is done anew."""

from datetime import timedelta
from itertools import count
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records.aggregates.jobs import LEFT_SHOWN
from netboot.records.record import Record
from netboot.records.unfinished import Begun, left_undone
from netboot.records.values import JobState, StageState
from netboot.shared.problems import Problem
from netboot.shared.stages import StageName
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, Clock, hello, pc, start

ALL: Final[tuple[StageName, ...]] = ("check", "erase", "deploy", "customise", "finish")
LOOK: Final[tuple[StageName, ...]] = ("check", "finish")
_numbers = count()


def job(stages: tuple[StageName, ...], stopped_at: StageName | None, state: JobState = "interrupted") -> Begun:
    """A job that stopped at this stage; None: at none."""
    where = len(stages) if stopped_at is None else stages.index(stopped_at)
    how_far: list[tuple[StageName, StageState]] = [
        (name, "done" if number < where else "failed" if number == where else "waiting")
        for number, name in enumerate(stages)
    ]
    return Begun(f"job-{next(_numbers)}", state if stopped_at else "done", tuple(how_far))


stage_lists: st.SearchStrategy[tuple[StageName, ...]] = st.sampled_from(
    [ALL, LOOK, ("check", "erase", "finish"), ("check", "deploy", "finish"), ("check", "memory", "erase", "finish")]
)
jobs = stage_lists.flatmap(lambda stages: st.builds(job, st.just(stages), st.sampled_from([None, *stages[:-1]])))


def stage_left(*history: Begun) -> StageName | None:
    found = left_undone(history)
    return found[1] if found else None


def test_looking_at_a_pc_does_not_do_its_erase_anew() -> None:
    cut = job(ALL, "erase")
    assert stage_left(cut) == "erase"
    assert stage_left(cut, job(LOOK, None)) == "erase"
    assert stage_left(cut, job(LOOK, "check")) == "erase", "a disk may be half erased: that comes first"
    assert stage_left(cut, job(("check", "deploy", "finish"), None)) == "erase"


def test_what_was_done_anew_is_not_left_and_what_stopped_then_is() -> None:
    cut = job(ALL, "erase")
    assert stage_left(cut, job(("check", "erase", "finish"), None)) is None
    assert stage_left(cut, job(ALL, "deploy", "failed")) == "deploy"
    assert stage_left(cut, job(ALL, "deploy", "failed"), job(ALL, None)) is None
    # Somebody gave up the installation and had the PC erased: nothing half written is left.
    assert stage_left(job(ALL, "deploy", "failed"), job(("check", "erase", "finish"), None)) is None
    assert stage_left(job(ALL, "customise"), job(("check", "deploy", "finish"), None)) is None


def test_a_pc_that_had_only_to_go_away_has_done_all() -> None:
    assert stage_left(job(ALL, "finish")) is None


@given(st.lists(jobs, max_size=6), jobs)
def test_only_the_work_itself_ends_what_is_left(history: list[Begun], later: Begun) -> None:
    before, after = left_undone(history), left_undone([*history, later])
    done = {name for name, state in later.stages if state == "done"}
    done |= {"deploy", "customise"} if "erase" in done else {"customise"} if "deploy" in done else set()
    if before is not None and before[0].writes and before[1] not in done and later.state == "done":
        assert after == before
    if later.state != "done" and later.writes:
        assert after is not None
        assert after[0] is later
    everything = [job(("check", "memory", "erase", "finish"), None), job(ALL, None)]
    assert left_undone([*history, later, *everything]) is None


# On the record


def cut_in_erase(record: Record, number: int = 1) -> str:
    """A PC whose power went in its erase; its machine's id."""
    visit = record.visits.greet(hello(pc(number), f"boot-{next(_numbers)}"), MAC)
    begun = start(record, visit)
    record.jobs.stage_started(begun.id, "check", 1)
    record.jobs.stage_finished(begun.id, StageRecord(stage="check", state="done"), 1.0, 2)
    record.jobs.stage_started(begun.id, "erase", 3)
    return visit.machine_id


@pytest.mark.parametrize("hours", [-24 * 365, 1, 24 * 365])
def test_which_work_is_the_newest_does_not_hang_on_the_clock(record: Record, clock: Clock, hours: int) -> None:
    machine = cut_in_erase(record)
    clock.now += timedelta(hours=hours)
    visit = record.visits.greet(hello(pc(), f"boot-{next(_numbers)}"), MAC)
    assert visit.left is not None
    assert (visit.left.problem, visit.left.running) == (Problem("power-cut", {"stage": "erase"}), False)
    look = replace(ERASE_AND_DEPLOY, id="look", stages=LOOK, master="")
    done = start(record, visit, profile=look)
    record.jobs.stage_started(done.id, "check", 1)
    record.jobs.stage_finished(done.id, StageRecord(stage="check", state="done"), 1.0, 2)
    record.jobs.end(done.id, None)
    (row,) = record.machines.overview()
    assert row.job is not None
    assert row.written is not None
    assert (row.job.id, row.written.profile) == (done.id, ERASE_AND_DEPLOY)
    left = record.jobs.left_undone(machine)
    assert left is not None
    assert left.stage == "erase"
    assert record.machines.detail(machine).left == left


def test_a_server_that_starts_knows_of_the_pcs_that_were_unfinished_lately(record: Record, clock: Clock) -> None:
    machine = cut_in_erase(record)
    (left,) = record.jobs.unfinished_lately()
    assert (left.machine_id, left.mac, left.unfinished.running) == (machine, MAC, True)
    record.visits.greet(hello(pc(), f"boot-{next(_numbers)}"), MAC)
    assert [found.unfinished.running for found in record.jobs.unfinished_lately()] == [False]
    clock.now += LEFT_SHOWN
    assert record.jobs.unfinished_lately() == ()
    assert record.jobs.left_undone(machine) is not None


def test_what_is_left_at_the_old_number_is_left_at_the_new_one_until_either_has_done_it(record: Record) -> None:
    old = cut_in_erase(record)
    visit = record.visits.greet(hello(pc(1), f"boot-{next(_numbers)}"), MAC)
    record.visits.end(visit.id)
    new = record.visits.greet(hello(pc(2), f"boot-{next(_numbers)}"), MAC)
    assert (new.machine_id != old, new.left) == (True, None)
    record.visits.end(new.id)
    record.machines.merge(old, new.machine_id, "Anne")
    visit = record.visits.greet(hello(pc(1), f"boot-{next(_numbers)}"), MAC)
    assert visit.machine_id == new.machine_id
    assert visit.left is not None
    assert visit.left.stage == "erase"
    assert [row.left for row in record.machines.overview()] == [visit.left] * len(record.machines.overview())
    assert [found.machine_id for found in record.jobs.unfinished_lately()] == [new.machine_id]
    assert record.machines.detail(old).left == record.machines.detail(new.machine_id).left == visit.left
    begun = start(record, visit)
    for number, stage in enumerate(begun.profile.stages, 1):
        record.jobs.stage_finished(begun.id, StageRecord(stage=stage, state="done"), 1.0, number)
    record.jobs.end(begun.id, None)
    assert (record.jobs.left_undone(old), record.jobs.left_undone(new.machine_id)) == (None, None)
    assert record.jobs.unfinished_lately() == ()


def test_a_denial_is_not_what_is_left(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), f"boot-{next(_numbers)}"), MAC)
    begun = start(record, visit)
    record.jobs.stage_started(begun.id, "check", 1)
    record.jobs.stage_finished(begun.id, StageRecord(stage="check", state="done"), 1.0, 2)
    record.jobs.end(begun.id, Problem("denied"))
    left = record.jobs.left_undone(visit.machine_id)
    assert left is not None
    assert left.problem == Problem("interrupted", {"stage": "erase"})
