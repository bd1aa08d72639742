"""A job whose machine's last one was cut short in its deploy goes by that one's erase, while the journal proves it."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from netboot.jobs.cut_deploys import LASTS
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.records.values import JobRow, Visit
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Code, Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, Clock, hello, pc, ssd, start
from tests.records.erasing import MASTER

DISK = ssd().id


def came(record: Record, boot: str, inventory: Inventory | None = None) -> Visit:
    return record.visits.greet(hello(inventory or pc(), boot), MAC)


def chosen(record: Record, visit: Visit, profile: Profile = ERASE_AND_DEPLOY) -> Job:
    return start(record, visit, profile=profile, master=MASTER)


def deploying(record: Record, boot: str = "boot-1", *, verdict: Verdict = "erased") -> Job:
    """A PC that was erased and is at its deploy."""
    job = chosen(record, came(record, boot))
    erasure = Erasure(
        disk=DISK, evidence=Overwritten(written=DISK.size, verified=DISK.size), verdict=verdict, level="clear"
    )
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=pc()))
    erased = StageRecord(stage="erase", state="done", result=EraseResult(erasures=(erasure,)))
    number = 0
    for report in (checked, erased):
        record.jobs.stage_started(job.id, report.stage, number := number + 1)
        job = record.jobs.stage_finished(job.id, report, 90.0, number := number + 1)
    return record.jobs.stage_started(job.id, "deploy", number + 1)


def stopped(record: Record, code: Code) -> Visit:
    """The visit of a PC whose deploy ended with this problem."""
    job = deploying(record)
    problem = Problem(code, {"disk": "S", "seconds": "600", "offset": "0"})
    record.jobs.stage_finished(job.id, StageRecord(stage="deploy", state="failed", problem=problem), 1.0, 6)
    record.jobs.end(job.id, problem)
    (visit,) = record.machines.detail(record.machines.overview()[0].id).visits
    return record.visits.get(visit.id)


def job_row(record: Record, job: Job) -> JobRow:
    """How the page has it."""
    visits = record.machines.detail(record.machines.overview()[0].id).visits
    return next(row for visit in visits for row in visit.jobs if row.id == job.id)


def erases(job: Job) -> bool:
    assert (job.erased_before is None) == ("erase" in job.profile.stages)
    return job.erased_before is None


def test_the_next_job_goes_by_the_erase_of_the_one_that_was_cut_short(record: Record) -> None:
    first = deploying(record)
    job = chosen(record, came(record, "boot-2"))
    assert job.erased_before is not None
    assert (job.erased_before.job, job.erased_before.disks) == (first.id, (DISK,))
    assert [stage.stage for stage in job.stages] == ["check", "deploy", "customise", "finish"]
    events = [event for event in record.journal.read(limit=1000) if event.job_id == job.id]
    assert json.loads(events[0].body)["erased_by"] == first.id
    assert record.journal.verify().broken is None
    row = job_row(record, job)
    assert (row.erased_by, row.erased_at) == (first.id, job_row(record, first).erasures[0].at)


def test_it_is_the_same_after_a_restart_of_the_server_and_after_a_second_power_cut(record: Record) -> None:
    first = deploying(record)
    visit = came(record, "boot-2")
    job = chosen(record, visit)
    again = record.jobs.of_visit(visit.id)
    assert again is not None
    assert again.erased_before == job.erased_before
    record.jobs.stage_started(job.id, "check", 1)
    record.jobs.stage_finished(
        job.id, StageRecord(stage="check", state="done", result=CheckResult(inventory=pc())), 1.0, 2
    )
    record.jobs.stage_started(job.id, "deploy", 3)
    third = chosen(record, came(record, "boot-3"))
    assert third.erased_before is not None
    assert third.erased_before.job == first.id


def test_one_that_was_cut_short_before_its_deploy_goes_by_nothing_again(record: Record) -> None:
    deploying(record)
    chosen(record, came(record, "boot-2"))
    assert erases(chosen(record, came(record, "boot-3"))), "its deploy was never begun: what happened is not known"


@pytest.mark.parametrize("verdict", ["not-erased", "undetermined"])
def test_a_disk_that_is_not_proven_erased_is_erased(record: Record, verdict: Verdict) -> None:
    deploying(record, verdict=verdict)
    assert erases(chosen(record, came(record, "boot-2")))


@pytest.mark.parametrize(("code", "anew"), [("server-silent", False), ("read-back", True), ("used-since", True)])
def test_what_ended_in_the_same_visit_counts_by_its_problem(record: Record, code: Code, anew: bool) -> None:
    assert erases(chosen(record, stopped(record, code))) == anew


def test_another_profile_erases(record: Record) -> None:
    deploying(record)
    assert erases(chosen(record, came(record, "boot-2"), replace(ERASE_AND_DEPLOY, hostname="other-{number}")))


def test_an_erase_is_good_for_some_days(record: Record, clock: Clock) -> None:
    deploying(record)
    clock.pass_by(LASTS - timedelta(minutes=5))
    assert not erases(chosen(record, came(record, "boot-2")))
    clock.pass_by(timedelta(minutes=10))
    assert erases(chosen(record, came(record, "boot-3")))


def test_a_clock_that_was_put_back_makes_no_erase_young(record: Record, clock: Clock) -> None:
    deploying(record)
    clock.now -= timedelta(days=30)
    assert erases(chosen(record, came(record, "boot-2")))


def test_a_disk_that_another_pc_had_since_is_erased(record: Record) -> None:
    deploying(record)
    came(record, "boot-2", pc(2, disks=(ssd(1),)))
    assert erases(chosen(record, came(record, "boot-3")))


def test_a_disk_that_came_to_a_pc_which_was_there_already_is_erased(record: Record) -> None:
    """The other PC's visit began before the erase: its agent tells of the disk at its next hello."""
    greeted = record.visits.greet(hello(pc(2, disks=()), "boot-9"), MAC)
    deploying(record)
    record.visits.greet(hello(pc(2, disks=(ssd(1),)), "boot-9", token=greeted.token), MAC)
    assert erases(chosen(record, came(record, "boot-2")))


def test_a_disk_that_another_pc_had_before_its_erase_is_not_erased_twice(record: Record) -> None:
    record.visits.end(came(record, "boot-9", pc(2, disks=(ssd(1),))).id)
    deploying(record)
    assert not erases(chosen(record, came(record, "boot-2")))


@pytest.mark.parametrize("refused", [False, True])
def test_an_erase_of_a_line_that_may_be_another_pcs_proves_nothing(record: Record, refused: bool) -> None:
    visit = stopped(record, "server-silent")
    record.visits.contest([visit.id], "two-lines", address="10.0.0.9", adapter="")
    if refused:
        record.visits.keep_out(visit.id, "Anne")
    assert erases(chosen(record, came(record, "boot-2")))


def test_what_stands_against_the_visit_that_went_on_counts_as_well(record: Record) -> None:
    deploying(record)
    visit = came(record, "boot-2")
    job = chosen(record, visit)
    record.jobs.stage_started(job.id, "check", 1)
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=pc()))
    record.jobs.stage_finished(job.id, checked, 1.0, 2)
    record.jobs.stage_started(job.id, "deploy", 3)
    record.visits.contest([visit.id], "two-lines", address="10.0.0.9", adapter="")
    assert erases(chosen(record, came(record, "boot-3")))


def test_a_job_of_the_machine_that_writes_and_came_between_makes_it_erase(record: Record) -> None:
    deploying(record)
    record.jobs.end(chosen(record, came(record, "boot-2"), replace(ERASE_AND_DEPLOY, id="x")).id, Problem("denied"))
    assert erases(chosen(record, came(record, "boot-3")))


def test_one_that_only_looked_does_not(record: Record) -> None:
    deploying(record)
    look = Profile(id="look", name={"fr": "Voir", "en": "Look"}, stages=("check", "finish"))
    record.jobs.end(chosen(record, came(record, "boot-2"), look).id, None)
    assert not erases(chosen(record, came(record, "boot-3")))


def test_an_erase_that_the_journal_does_not_bear_out_proves_nothing(record: Record) -> None:
    deploying(record)
    visit = came(record, "boot-2")
    job = chosen(record, visit)
    with record._open.writing() as session:  # somebody who owns the database
        session.execute(text("UPDATE erasures SET verdict = 'erased', level = 'purge'"))
    now = record.jobs.of_visit(visit.id)
    assert now is not None
    assert now.id == job.id
    assert now.erased_before is None
    assert job_row(record, job).erased_at is None
