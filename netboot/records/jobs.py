"""Jobs and their stages: written to the record, and read back as `jobs.job.Job`.

Reports carry a number: one that is already on the record changes nothing, so an agent may send it again.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.erased_before import ErasedBefore
from netboot.jobs.job import Job, MasterNeeds, StageRecord, new_stages
from netboot.jobs.profile import Profile
from netboot.jobs.seen import Seen
from netboot.records import (
    begun_erases,
    choices,
    disk_answers,
    erased_before,
    events,
    exceptions,
    inventories,
    machines,
    tables,
)
from netboot.records.arrivals import Added
from netboot.records.column_types import encoded
from netboot.records.erase_times import by_its_own_clock, by_our_clock
from netboot.records.interruption import after_another_boot
from netboot.records.refusals import NotOnRecord
from netboot.records.tables import require_row
from netboot.records.values import AnswerRow, JobState, Outcome, StageState
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure


def start(
    session: Session,
    visit_id: str,
    profile: Profile,
    *,
    master: MasterNeeds | None,
    hostname: str,
    chosen_by: str,
    target: DiskId | None,
    seen: Seen | None,
    answers: Sequence[AnswerRow] = (),
    exception: tables.SignedException | None = None,
    before: ErasedBefore | None = None,
    job_id: str = "",
    now: datetime,
) -> Job:
    """A fresh job for this visit, of this id or a new one. Raises NotOnRecord when it has one that is not ended."""
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    if running(session, visit_id) is not None:
        raise NotOnRecord("this PC already has a job", hint="wait for its end")
    row = tables.Job(
        id=job_id or secrets.token_hex(16),
        visit_id=visit.id,
        profile=profile,
        master=master,
        master_digest=master.manifest if master else "",
        target=target,
        seen=seen,
        hostname=hostname,
        chosen_by=chosen_by,
        state="running",
        problem=None,
        started=now,
        ended=None,
    )
    session.add(row)
    session.flush()
    for position, record in enumerate(new_stages(profile)):
        session.add(
            tables.Stage(
                job_id=row.id,
                position=position,
                stage=record.stage,
                state=record.state,
                started=None,
                seconds=0.0,
                problem=None,
                result=None,
            )
        )
    session.flush()
    body: dict[str, object] = {
        "profile": profile.id,
        "profile_digest": _digest(profile),
        "master": row.master_digest,
        "hostname": hostname,
        "by": events.person(session, chosen_by),
    }
    if answers:
        disk_answers.follow(session, row.id, answers)
        body["answers"] = [answer.id for answer in answers]
    if exception is not None:
        exception.job_id, body["exception"] = row.id, exception.id
        session.flush()
    if before is not None:
        erased_before.keep(session, row.id, before)
        body["erased_by"] = before.job
    events.append(session, "job-started", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)
    return restored(session, row)


def had_any(session: Session, visit_id: str) -> bool:
    """Whether a job was begun in this visit, whatever became of it."""
    return session.scalars(select(tables.Job.id).where(tables.Job.visit_id == visit_id)).first() is not None


def stage_started(session: Session, job_id: str, stage: StageName, number: int, *, now: datetime) -> Job:
    """A stage is at work. One that is already, or has ended, stays as it is: each begins once in the journal."""
    row, visit = _job_and_visit(session, job_id)
    if is_news(session, visit, number, now):
        record = _stage(session, row.id, stage)
        if record.state == "waiting":
            record.state, record.started = "running", now
            body = {"stage": stage, "report": number}
            events.append(session, "stage-started", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)
    return restored(session, row)


def erase_begun(session: Session, job_id: str, begun: Begun, number: int, *, now: datetime) -> Added:
    """A disk is about to be erased by this job, which is not over. Gives what that adds."""
    row, visit = _job_and_visit(session, job_id)
    is_kept = is_news(session, visit, number, now) and row.state == "running"
    size = begun_erases.keep(session, row, visit, begun, now=now) if is_kept else 0
    visit.added += size
    return Added(visit.address, size)


def stage_finished(
    session: Session,
    job_id: str,
    record: StageRecord,
    seconds: float | None,
    number: int,
    *,
    now: datetime,
) -> tuple[Job, Added]:
    """A stage ended as `record` says, after `seconds`, with its evidence. What has ended once is never overwritten.

    Gives the job, and what its evidence adds.

    None is for a server that has not seen the stage begin: it counts from what is on the record.

    A stage that was given up only because its machine seemed to be back stays given up, and its job over; but evidence
    that comes late is kept all the same: a disk that was erased is erased, whatever became of its job.
    """
    row, visit = _job_and_visit(session, job_id)
    size = 0
    if is_news(session, visit, number, now):
        stage = _stage(session, row.id, record.stage)
        record = by_its_own_clock(record) if visit.kit else by_our_clock(record, stage.started or row.started, now)
        if seconds is None:
            seconds = (now - stage.started).total_seconds() if stage.started else 0.0
        at_work = stage.state in ("waiting", "running")
        given_up = stage.result is None and stage.problem is not None and stage.problem.code == "power-cut"
        if at_work:
            stage.state, stage.seconds = record.state, seconds
            stage.problem = record.problem
        if at_work or given_up:
            size = _remember_result(session, visit, stage, record.result)
            visit.added += size
            _remember_evidence(session, row, visit, record, seconds, now)
    return restored(session, row), Added(visit.address, size)


def end(session: Session, job_id: str, problem: Problem | None, *, now: datetime) -> None:
    """The job is over: done, or ended early with a problem. A job that is over stays as it is.

    A PC that is done leaves: what still waited for it, from before or beside the job, would take it by surprise later.
    """
    row, visit = _job_and_visit(session, job_id)
    if row.state != "running":
        return
    row.state, row.problem, row.ended = _state(problem), problem, now
    body = {"state": row.state, "problem": events.impersonal(problem)}
    events.append(session, "job-ended", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)
    if problem is None:
        choices.cancel(session, visit.machine_id, who="", now=now)


def interrupt(session: Session, visit: tables.Visit, *, now: datetime) -> None:
    """The machine came back with another boot: end the job of this visit as `interruption.py` says."""
    row = _at_work(session, visit.id)
    if row is None:
        return
    ended, problem = after_another_boot(_records(session, row.id))
    if ended is not None:
        stage = _stage(session, row.id, ended.stage)
        stage.state, stage.problem = ended.state, ended.problem
        _remember_evidence(session, row, visit, ended, 0.0, now)
    end(session, row.id, problem, now=now)


def give_up(session: Session, visit: tables.Visit, problem: Problem, *, now: datetime) -> None:
    """A person ends the job of this visit: what was at work in it is not known to be done."""
    row = _at_work(session, visit.id)
    if row is None:
        return
    for record in _records(session, row.id):
        if record.state == "running":
            ended = StageRecord(stage=record.stage, state="failed", problem=problem)
            stage = _stage(session, row.id, record.stage)
            stage.state, stage.problem = ended.state, ended.problem
            _remember_evidence(session, row, visit, ended, 0.0, now)
    end(session, row.id, problem, now=now)


def running(session: Session, visit_id: str) -> Job | None:
    """The job of this visit that is not over."""
    row = _at_work(session, visit_id)
    return None if row is None else restored(session, row)


def ended_job(session: Session, visit_id: str, job_id: str) -> Job | None:
    """The job of this id if it is this visit's and over."""
    row = session.get(tables.Job, job_id)
    return restored(session, row) if row is not None and row.visit_id == visit_id and row.state != "running" else None


def visit_of(session: Session, job_id: str) -> str:
    """The visit in which this job was begun. Raises NotOnRecord."""
    return _job_and_visit(session, job_id)[1].id


def outcome(session: Session, visit_id: str) -> Outcome | None:
    """How the newest job of this visit ended; None when it has none, or it is still running."""
    row = newest(session, visit_id)
    if row is None or row.state == "running":
        return None
    return Outcome(job_id=row.id, profile=row.profile, state=cast(JobState, row.state), problem=row.problem)


def restored(session: Session, row: tables.Job) -> Job:
    """A job as `imaging` takes it, with the inventory of its own check: a later hello must not remove a disk from it.

    Until its check is done, with the newest inventory of its visit.
    """
    visit = require_row(session.get(tables.Visit, row.visit_id), "visit")
    stages = _records(session, row.id)
    results = (stage.result for stage in stages if stage.state == "done")
    checked = (result.inventory for result in results if isinstance(result, CheckResult))
    inventory = next(checked, visit.inventory)
    erases = any(stage.stage == "erase" and stage.state in ("waiting", "running") for stage in stages)
    exception = exceptions.of_job(session, row.id)
    return Job(
        id=row.id,
        profile=row.profile,
        stages=stages,
        inventory=inventory,
        hostname=row.hostname,
        master=row.master,
        target=row.target,
        seen=row.seen,
        answers=tuple(given.answer for given in disk_answers.of_jobs(session, [row.id]).get(row.id, ())),
        exception=exception,
        judged=exceptions.judged(session, row.visit_id) if exception is not None else (),
        begun=tuple(begun_erases.unended(session, (disk.id for disk in inventory.disks))) if erases else (),
        erased_before=erased_before.of_job(session, row.id),
    )


def _job_and_visit(session: Session, job_id: str) -> tuple[tables.Job, tables.Visit]:
    row = require_row(session.get(tables.Job, job_id), "job")
    return row, require_row(session.get(tables.Visit, row.visit_id), "visit")


def _at_work(session: Session, visit_id: str) -> tables.Job | None:
    wanted = select(tables.Job).where(tables.Job.visit_id == visit_id, tables.Job.state == "running")
    return session.scalars(wanted).first()  # `start` begins no second one


def newest(session: Session, visit_id: str) -> tables.Job | None:
    """The job of this visit that began last; one that is not over comes before all others."""
    order = (tables.Job.ended.is_(None).desc(), tables.Job.started.desc())  # the clock may have been put back
    return session.scalars(select(tables.Job).where(tables.Job.visit_id == visit_id).order_by(*order)).first()


def _records(session: Session, job_id: str) -> tuple[StageRecord, ...]:
    rows = session.scalars(select(tables.Stage).where(tables.Stage.job_id == job_id).order_by(tables.Stage.position))
    return tuple(
        StageRecord(
            stage=cast(StageName, row.stage),
            state=cast(StageState, row.state),
            problem=row.problem,
            result=_result(row),
        )
        for row in rows
    )


def _stage(session: Session, job_id: str, name: StageName) -> tables.Stage:
    wanted = select(tables.Stage).where(tables.Stage.job_id == job_id, tables.Stage.stage == name)
    return require_row(session.scalars(wanted).one_or_none(), "stage")


def is_news(session: Session, visit: tables.Visit, number: int, now: datetime) -> bool:
    """Whether this report is not on the record yet; from now on it is."""
    if number <= visit.last_report:
        return False
    if not visit.last_report:
        machines.confirm(session, visit.machine_id, visit.inventory, now=now)
    visit.last_report, visit.token_used = number, True
    return True


def _state(problem: Problem | None) -> JobState:
    match problem:
        case None:
            return "done"
        case Problem(code="power-cut" | "interrupted"):
            return "interrupted"
        case _:
            return "failed"


def _remember_result(session: Session, visit: tables.Visit, stage: tables.Stage, result: Result | None) -> int:
    """Keep what the stage proves; gives how many bytes that adds."""
    if isinstance(result, CheckResult):
        size = inventories.would_add(session, result.inventory)
        stage.result, stage.kept_inventory = tables.Checked(), inventories.keep(session, result.inventory)
        inventories.replace(session, visit, result.inventory)
        machines.remember_disks(session, visit.id, result.inventory)
        return size
    stage.result = result
    return 0 if result is None else len(encoded(result))


def _result(row: tables.Stage) -> Result | None:
    if isinstance(row.result, tables.Checked):
        return CheckResult(inventory=require_row(row.kept_inventory, "inventory").content)
    return row.result


def _remember_evidence(
    session: Session, row: tables.Job, visit: tables.Visit, record: StageRecord, seconds: float, now: datetime
) -> None:
    body = {
        "stage": record.stage,
        "state": record.state,
        "seconds": seconds,
        "problem": events.impersonal(record.problem),
        "result": _evidence(record.result),
    }
    events.append(session, "stage-ended", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)
    if isinstance(record.result, EraseResult):
        for erasure in record.result.erasures:
            _remember_erasure(session, row, visit, erasure, now)


def _remember_erasure(session: Session, row: tables.Job, visit: tables.Visit, erasure: Erasure, now: datetime) -> None:
    disk = machines.find_disk(session, erasure.disk)
    session.add(
        tables.Erasure(
            job_id=row.id,
            machine_id=visit.machine_id,
            disk_id=None if disk is None else disk.id,
            at=now,
            method=erasure.method,
            level=erasure.level,
            verdict=erasure.verdict,
            evidence=erasure,
        )
    )
    session.flush()
    body = msgspec.to_builtins(erasure) | ({"standing": visit.standing} if visit.standing else {})
    events.append(session, "erasure", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)


def _evidence(result: Result | None) -> object:
    """A result as an event holds it: whole, but for an inventory (its digest) and erasures (events of their own)."""
    match result:
        case CheckResult(inventory=inventory):
            return {"type": "check", "inventory": _digest(inventory)}
        case EraseResult(erasures=erasures):
            return {"type": "erase", "disks": len(erasures)}
        case _:
            return msgspec.to_builtins(result)


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
