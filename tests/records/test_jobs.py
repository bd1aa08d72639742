"""A job as it comes back after the server was killed, reports that come twice, evidence that stays."""

import json
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.job import MasterNeeds, StageRecord
from netboot.jobs.profile import Profile
from netboot.records.record import Record, open_record
from netboot.records.refusals import NotOnRecord
from netboot.records.values import Start
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.problems import Problem
from netboot.shared.stages.check import Check, CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure
from netboot.shared.stages.memory import MemoryResult
from tests.orders import overwriting
from tests.records.conftest import ERASE_AND_DEPLOY, MAC, Clock, hello, pc, ssd, start
from tests.records.places import Place

MASTER = MasterNeeds(manifest="ab" * 32, name="Debian minimal", disk=4 * 2**30)
CHECKED = StageRecord(stage="check", state="done", result=CheckResult(inventory=pc()))


def erased(number: int = 1) -> StageRecord:
    """The evidence of one overwritten disk."""
    disk = ssd(number)
    evidence = Erasure(
        disk=disk.id,
        model=disk.model,
        evidence=Overwritten(written=disk.id.size, verified=disk.id.size, pattern="5a"),
        level="clear",
        verdict="erased",
        began=10.5,
        ended=99.25,
        pc_clock=315_532_800.0,
        before=DiskStatus(smart="passed", other={"percent_used": "3"}),
    )
    return StageRecord(stage="erase", state="done", result=EraseResult(erasures=(evidence,)))


def test_a_job_ends_with_its_last_stage_though_the_server_is_killed_at_once(place: Place) -> None:
    # The agent hears that its last report is kept, and its PC leaves: nobody would come to end the job.
    before = open_record(place)
    visit = before.visits.greet(hello(pc(), "boot-1"), MAC)
    look = Profile(id="look", name={"fr": "Voir", "en": "Look"}, stages=("check", "finish"))
    job = start(before, visit, profile=look)
    before.jobs.stage_finished(job.id, CHECKED, 2.5, 1)
    before.jobs.stage_finished(job.id, StageRecord(stage="finish", state="done"), 0.1, 2)
    with open_record(place) as after:
        outcome = after.jobs.outcome(visit.id)
        assert outcome is not None
        assert outcome.state == "done"
        assert after.choices.choose(visit.machine_id, "debian", "Anne")  # it is at work no more
        assert after.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC).over
    before.close()


def test_a_job_comes_back_whole_after_the_server_was_killed(place: Place) -> None:
    # Nothing is closed: the first server is simply no longer there.
    before = open_record(place)
    visit = before.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(before, visit, master=MASTER, target=ssd().id)
    assert next_stage(job) == Run(Check())
    before.jobs.stage_started(job.id, "check", 1)
    job = before.jobs.stage_finished(job.id, CHECKED, 2.5, 2)
    job = before.jobs.stage_started(job.id, "erase", 3)
    with open_record(place) as after:
        again = after.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC)
        assert again.job == job
        assert again.last_report == 3
        assert again.job is not None
        assert again.job.master == MASTER
        assert again.job.target == ssd().id
        assert next_stage(again.job) == Run(overwriting(ssd().id))
    before.close()


def test_a_report_that_comes_twice_is_written_once(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    for _ in range(3):
        record.jobs.stage_started(job.id, "check", 1)
        record.jobs.stage_finished(job.id, CHECKED, 2.5, 2)
        record.jobs.stage_started(job.id, "erase", 3)
        job = record.jobs.stage_finished(job.id, erased(), 60.0, 4)
    kinds = [event.kind for event in record.journal.read()]
    assert (kinds.count("stage-started"), kinds.count("stage-ended"), kinds.count("erasure")) == (2, 2, 1)
    assert len(record.machines.erasures(visit.machine_id)) == 1
    assert [stage.state for stage in job.stages] == ["done", "done", "waiting", "waiting", "waiting"]


def test_a_stage_begins_once_whatever_the_number_of_the_report(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    for number in range(1, 6):
        record.jobs.stage_started(job.id, "check", number)
    assert [event.kind for event in record.journal.read()].count("stage-started") == 1


def test_what_a_stage_ended_as_is_not_overwritten_by_a_later_report(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    failed = StageRecord(stage="check", state="failed", problem=Problem("no-disk"))
    record.jobs.stage_finished(job.id, failed, 1.0, 1)
    record.jobs.stage_started(job.id, "check", 2)
    job = record.jobs.stage_finished(job.id, CHECKED, 1.0, 3)
    assert job.stages[0] == failed


def test_the_times_of_an_erasure_are_the_servers_and_the_pcs_clock_stands_beside_them(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    record.jobs.stage_started(job.id, "erase", 1)
    forged = erased()
    assert isinstance(forged.result, EraseResult)
    told = replace(forged.result.erasures[0], started=1.0, finished=2.0)  # an agent has no say in them
    record.jobs.stage_finished(job.id, replace(forged, result=EraseResult(erasures=(told,))), 60.0, 2)
    events = {event.kind: event for event in record.journal.read()}
    body = json.loads(events["erasure"].body)
    moments = [datetime.fromisoformat(events[kind].at).timestamp() for kind in ("stage-started", "erasure")]
    assert [body["started"], body["finished"]] == moments
    assert (body["pc_clock"], body["ended"] - body["began"]) == (315_532_800.0, 88.75)
    assert record.journal.verify().broken is None


def test_an_erasure_keeps_its_whole_evidence(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    record.jobs.stage_finished(job.id, erased(), 60.0, 1)
    (row,) = record.machines.erasures(visit.machine_id)
    stage = erased()
    assert isinstance(stage.result, EraseResult)
    assert replace(row.evidence, started=0.0, finished=0.0) == stage.result.erasures[0]
    assert (row.verdict, row.level, row.job_id) == ("erased", "clear", job.id)
    (event,) = [event for event in record.journal.read() if event.kind == "erasure"]
    assert json.loads(event.body)["evidence"]["verified"] == ssd().id.size
    assert record.machines.overview()[0].visit.jobs[0].erasures == (row,)


def test_evidence_that_comes_after_its_job_was_given_up_is_kept(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    record.jobs.stage_finished(job.id, CHECKED, 1.0, 1)
    record.jobs.stage_started(job.id, "erase", 2)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    late = record.jobs.stage_finished(job.id, erased(), 60.0, 3)
    assert late.stages[1].state == "failed"
    assert [row.verdict for row in record.machines.erasures(visit.machine_id)] == ["erased"]
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert ended.state == "interrupted"


def test_the_check_stage_brings_the_newest_inventory(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER)
    newer = pc(1, disks=(ssd(1), ssd(2)))
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=newer))
    assert record.jobs.stage_finished(job.id, checked, 1.0, 1).inventory == newer


def test_a_disk_that_appeared_late_stays_in_the_job_when_its_agent_says_hello_again(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1", profile="debian"), MAC)
    wipe = replace(ERASE_AND_DEPLOY, stages=("check", "erase", "finish"), master="")
    job = record.jobs.begin(visit.id, menu="debian", starts={wipe.id: Start(wipe, None, "pc-1")})
    assert job is not None
    late = pc(1, disks=(ssd(1), ssd(2)))
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=late))
    record.jobs.stage_finished(job.id, checked, 1.0, 1)
    # The agent's hello tells what it saw when it started, however often its line breaks.
    again = record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC)
    assert again.job is not None
    assert again.job.inventory == late
    assert next_stage(again.job) == Run(overwriting(ssd(1).id, ssd(2).id))


def test_a_disk_that_appeared_after_the_choice_on_the_page_is_asked_about_before_it_is_erased(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit, master=MASTER, target=ssd().id)
    late = pc(1, disks=(ssd(1), ssd(2)))
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=late))
    stopped = next_stage(record.jobs.stage_finished(job.id, checked, 1.0, 1))
    assert isinstance(stopped, Blocked)
    assert (stopped.stage, stopped.problem.code) == ("erase", "disks-changed")


def test_until_its_check_a_job_has_the_newest_inventory_of_its_visit(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    start(record, visit, master=MASTER)
    newer = pc(1, disks=(ssd(1), ssd(2)))
    again = record.visits.greet(hello(newer, "boot-1", token=visit.token), MAC)
    assert again.job is not None
    assert again.job.inventory == newer


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (None, "done"),
        (Problem("interrupted", {"stage": "erase"}), "interrupted"),
        (Problem("no-disk"), "failed"),
    ],
)
def test_a_job_ends_once_as_its_problem_says(record: Record, problem: Problem | None, state: str) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    record.jobs.end(job.id, problem)
    record.jobs.end(job.id, Problem("agent-error"))
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert (ended.state, ended.problem) == (state, problem)


def test_a_visit_has_one_job_at_a_time(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    first = start(record, visit)
    with pytest.raises(NotOnRecord):
        record.jobs.begin(
            visit.id, menu="debian", starts={ERASE_AND_DEPLOY.id: Start(ERASE_AND_DEPLOY, master=None, hostname="pc-1")}
        )
    record.jobs.end(first.id, Problem("no-disk"))
    second = start(record, visit)
    assert [job.id for job in record.machines.overview()[0].visit.jobs] == [second.id, first.id]


def test_the_job_at_work_is_found_when_the_clock_was_put_back_since_the_one_before(
    record: Record, clock: Clock
) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.jobs.end(start(record, visit).id, Problem("memory-faulty"))
    clock.now -= timedelta(hours=1)
    second = start(record, visit)
    assert record.jobs.of_visit(visit.id) == second
    assert record.jobs.outcome(visit.id) is None, "the newest is not over"
    with pytest.raises(NotOnRecord):
        record.jobs.begin(
            visit.id, menu="debian", starts={ERASE_AND_DEPLOY.id: Start(ERASE_AND_DEPLOY, master=None, hostname="pc-1")}
        )
    again = record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC)
    assert again.job == second
    assert again.outcome is None
    record.jobs.stage_started(second.id, "check", 1)
    record.visits.greet(hello(pc(), "boot-2"), MAC)  # the power was cut
    assert record.jobs.of_visit(visit.id) is None
    jobs = [job for row in record.machines.detail(visit.machine_id).visits for job in row.jobs]
    states = {job.id: job.state for job in jobs}
    assert sorted(states.values()) == ["failed", "interrupted"]
    assert states[second.id] == "interrupted"


def test_a_disk_is_one_disk_in_whichever_pc_it_is(record: Record) -> None:
    visits = [record.visits.greet(hello(pc(number, disks=(ssd(9),)), f"boot-{number}"), MAC) for number in (1, 2)]
    for number, visit in enumerate(visits, start=1):
        job = start(record, visit)
        record.jobs.stage_finished(job.id, erased(9), 60.0, number)
    history = record.machines.history_of_disk(ssd(9).id)
    assert [erasure.machine_id for erasure in history] == [visit.machine_id for visit in visits]


def test_what_a_memory_test_found_is_in_its_event_and_with_its_stage(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    test = Profile(id="memory-test", name={"fr": "Test", "en": "Test"}, stages=("check", "memory", "finish"))
    job = start(record, visit, profile=test)
    record.jobs.stage_finished(job.id, CHECKED, 2.5, 1)
    found = MemoryResult(tested=7 << 30, copied=90 << 30, rounds=8, seconds=170.5, wrong=0)
    record.jobs.stage_finished(job.id, StageRecord(stage="memory", state="done", result=found), 171.0, 2)
    (row,) = record.machines.overview()
    assert row.job is not None
    assert [stage.result for stage in row.job.stages] == [None, found, None]
    event = [event for event in record.journal.read() if event.kind == "stage-ended"][-1]
    assert json.loads(event.body)["result"]["tested"] == 7 << 30
