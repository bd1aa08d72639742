"""Signed exceptions on the record: for one visit, one state of its disks, and one job; each with its event."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.job import Job, StageRecord
from netboot.records.record import Record, open_record
from netboot.records.refusals import AtWork, Contested, NotAsSeen, NotThatVisit
from netboot.records.values import Start
from netboot.shared.inventory import HiddenStorage
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.deploy import Deploy
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, hello, pc, ssd, start
from tests.records.erasing import MASTER, STARTS, stopped
from tests.records.places import by_hand, unprotected

REASON = "Le disque part au broyage demain"


def sign(record: Record, machine: str, visit: str, reason: str = REASON) -> str:
    """Somebody reads what is offered and signs it."""
    offer = record.exceptions.offer(visit)
    assert offer is not None
    return record.exceptions.sign(machine, visit, shown=offer.digest, reason=reason, who="Anne")


def checked(record: Record, job: Job) -> Job:
    """The PC of this job was looked at again and is as before."""
    last = record.visits.get(record.machines.overview()[0].visit.id).last_report
    done = StageRecord(stage="check", state="done", result=CheckResult(inventory=job.inventory))
    record.jobs.stage_started(job.id, "check", last + 1)
    return record.jobs.stage_finished(job.id, done, 1.0, last + 2)


def test_what_was_signed_lets_the_next_job_of_this_visit_deploy(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    failed = stopped(record, visit, pc(), (ssd(), "undetermined"))
    sign(record, visit.machine_id, visit.id)
    job = record.jobs.begin(visit.id, starts=STARTS)
    assert job is not None
    assert [stage.stage for stage in job.stages] == ["check", "deploy", "customise", "finish"]
    following = next_stage(checked(record, job))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Deploy)
    (event,) = [event for event in record.journal.read(limit=100) if event.kind == "erase-exception"]
    body = json.loads(event.body)
    assert (event.machine_id, event.visit_id, event.job_id) == (visit.machine_id, visit.id, failed.id)
    assert [(disk["disk"]["serial"], disk["state"]) for disk in body["disks"]] == [(ssd().id.serial, "undetermined")]
    assert "Anne" not in event.body
    assert "broyage" not in event.body
    (begun,) = [json.loads(one.body) for one in record.journal.read(limit=100) if one.job_id == job.id][:1]
    assert begun["exception"] == body["exception"]
    assert record.journal.verify().broken is None


def test_of_several_disks_the_one_that_the_stopped_job_would_have_taken_gets_the_master(record: Record) -> None:
    """Nobody named it: a batch, the boot menu, "automatic" on the page."""
    two = pc(disks=(SSD, HDD))
    visit = record.visits.greet(hello(two, "boot-1"), MAC)
    stopped(record, visit, two, (SSD, "erased"), (HDD, "not-erased"))
    offer = record.exceptions.offer(visit.id)
    assert offer is not None
    assert offer.target == SSD.id
    sign(record, visit.machine_id, visit.id)
    job = record.jobs.begin(visit.id, starts=STARTS)
    assert job is not None
    following = next_stage(checked(record, job))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Deploy)
    assert following.stage.target == SSD.id


def test_without_one_a_profile_that_does_not_erase_never_deploys(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "undetermined"))
    bare = replace(ERASE_AND_DEPLOY, stages=("check", "deploy", "finish"))
    following = next_stage(checked(record, start(record, visit, profile=bare, master=MASTER)))
    assert isinstance(following, Blocked)
    assert following.problem.code == "not-erased"


def test_it_serves_one_job(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "not-erased"))
    sign(record, visit.machine_id, visit.id)
    job = record.jobs.begin(visit.id, starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, Problem("chunk-missing"))
    assert record.jobs.begin(visit.id, starts=STARTS) is None
    again = start(record, visit, master=MASTER)
    assert again.exception is None
    assert [stage.stage for stage in again.stages][:2] == ["check", "erase"]


def test_at_another_boot_it_is_void_and_asked_again(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "not-erased"))
    sign(record, visit.machine_id, visit.id)
    later = record.visits.greet(hello(pc(), "boot-2"), MAC)
    with pytest.raises(NotAsSeen) as void:
        record.jobs.begin(later.id, starts=STARTS)
    assert void.value.problem.code == "exception-void"
    assert record.jobs.begin(later.id, starts=STARTS) is None
    assert record.exceptions.offer(later.id) is None


def test_a_profile_that_was_edited_since_makes_it_void(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "not-erased"))
    sign(record, visit.machine_id, visit.id)
    edited = {"debian": Start(replace(ERASE_AND_DEPLOY, unerased="waive"), MASTER, "pc-1")}
    with pytest.raises(NotAsSeen):
        record.jobs.begin(visit.id, starts=edited)


def test_what_was_shown_is_what_is_signed(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "undetermined"))
    before = record.exceptions.offer(visit.id)
    assert before is not None
    stopped(record, visit, pc(), (ssd(), "undetermined"))
    with pytest.raises(NotThatVisit):
        record.exceptions.sign(visit.machine_id, visit.id, shown=before.digest, reason=REASON, who="Anne")
    assert [event.kind for event in record.journal.read(limit=100)].count("erase-exception") == 0


def test_nothing_is_offered_of_a_pc_that_is_erased_hides_disks_is_contested_gone_or_at_work(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    assert record.exceptions.offer(visit.id) is None
    job = start(record, visit, master=MASTER)
    assert record.exceptions.offer(visit.id) is None
    with pytest.raises(AtWork):
        record.exceptions.sign(visit.machine_id, visit.id, shown="", reason=REASON, who="Anne")
    record.jobs.end(job.id, Problem("erase-take-out"))
    assert record.exceptions.offer(visit.id) is None, "its check has not ended"
    stopped(record, visit, pc(), (ssd(), "erased"))
    assert record.exceptions.offer(visit.id) is None, "all is erased: an exception from nothing"
    stopped(record, visit, pc(), (ssd(), "not-erased"))
    assert record.exceptions.offer(visit.id) is not None
    record.visits.contest([visit.id], "two-lines", address="10.0.0.9", adapter="")
    assert record.exceptions.offer(visit.id) is None
    with pytest.raises(Contested):
        record.exceptions.sign(visit.machine_id, visit.id, shown="", reason=REASON, who="Anne")
    record.visits.vouch(visit.id, "Anne")
    assert record.exceptions.offer(visit.id) is not None
    record.visits.end(visit.id)
    assert record.exceptions.offer(visit.id) is None
    rst = replace(pc(2), hidden=(HiddenStorage(kind="rst", controller="Intel RST"),))
    hiding = record.visits.greet(hello(rst, "boot-2"), "98:fa:9b:00:00:02")
    stopped(record, hiding, rst, (ssd(2), "not-erased"))
    assert record.exceptions.offer(hiding.id) is None


def test_a_disk_that_nothing_was_done_to_may_be_signed_for(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    checked(record, job)
    stop = Problem("erase-level")
    record.jobs.stage_started(job.id, "erase", 3)
    record.jobs.stage_finished(job.id, StageRecord(stage="erase", state="failed", problem=stop), 0.0, 4)
    record.jobs.end(job.id, stop)
    offer = record.exceptions.offer(visit.id)
    assert offer is not None
    assert [(disk.state, disk.erasure) for disk in offer.disks] == [("untreated", 0)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE erase_exceptions SET exception = replace(exception, 'broyage', 'bureau')",
        "UPDATE erase_exceptions SET exception = replace(exception, 'S4EWNX0N0001', 'S4EWNX0N0009')",
        "UPDATE erasures SET verdict = 'erased', evidence = replace(evidence, 'not-erased', 'erased')",
    ],
)
def test_one_that_was_changed_beside_the_journal_lets_nothing_through(file: Path, change: str) -> None:
    with open_record(file) as record:
        visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
        stopped(record, visit, pc(), (ssd(), "not-erased"))
        sign(record, visit.machine_id, visit.id)
        job = record.jobs.begin(visit.id, starts=STARTS)
        assert job is not None
        checked(record, job)
    by_hand(file, *unprotected(file), change)
    with open_record(file) as record:
        again = record.jobs.of_visit(visit.id)
        assert again is not None
        following = next_stage(again)
        assert isinstance(following, Blocked)
        assert following.problem.code in ("not-erased", "exception-void")


def test_who_signed_can_be_forgotten_and_the_exception_stays_proven(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    stopped(record, visit, pc(), (ssd(), "not-erased"))
    sign(record, visit.machine_id, visit.id)
    record.people.set_operator("Anne", "hash")
    record.people.forget("Anne")
    (signed,) = record.papers.of_visit(visit.id).exceptions
    assert (signed.who, signed.in_chain, signed.exception.reason) == ("—", True, REASON)
