"""The queries behind the page: the list of machines, one machine in full, its erasures. Read only.

The list takes a fixed number of queries, however many machines there are.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from netboot.jobs.stages import STAGES
from netboot.records import choices, disk_answers, erased_before, exceptions, proofs, tables
from netboot.records import unfinished as left_undone
from netboot.records.machines import all_ids, find_disk, keys_by_machine
from netboot.records.tables import require_row
from netboot.records.values import (
    Choice,
    ErasureRow,
    JobRow,
    JobState,
    MachineDetail,
    MachineRow,
    MachinesFound,
    PendingChoice,
    SeenVisit,
    StageRow,
    StageState,
    Standing,
    VisitRow,
)
from netboot.shared.inventory import DiskId
from netboot.shared.stages import Result, StageName


def machines(session: Session, *, limit: int, now: datetime) -> tuple[MachineRow, ...]:
    """The `limit` machines that came last, each with its newest visit, by number; its other visits are in `machine`."""
    rows = session.execute(_newest_visits().order_by(tables.Visit.opened.desc()).limit(limit)).all()
    return _machine_rows(session, [(machine, visit) for machine, visit in rows], now)


def search(session: Session, text: str, *, after: int, limit: int, now: datetime) -> MachinesFound:
    """The first `limit` machines with a number greater than `after` in which `text` stands."""
    found_ids = select(tables.Machine.id).where(_contains(text)) if text else select(tables.Machine.id)
    count = session.scalar(select(func.count()).select_from(found_ids.subquery())) or 0
    wanted = (
        _newest_visits()
        .where(tables.Machine.id.in_(found_ids), tables.Machine.number > after)
        .order_by(tables.Machine.number)
        .limit(limit + 1)
    )
    rows = [(machine, visit) for machine, visit in session.execute(wanted)]
    return MachinesFound(_machine_rows(session, rows[:limit], now), count, more=len(rows) > limit)


def of_ids(session: Session, machine_ids: Sequence[str], *, now: datetime) -> tuple[MachineRow, ...]:
    """These machines, each with its newest visit, by number."""
    wanted = _newest_visits().where(tables.Machine.id.in_(machine_ids))
    return _machine_rows(session, [(machine, visit) for machine, visit in session.execute(wanted)], now)


def _contains(text: str) -> ColumnElement[bool]:
    """Whether this text stands in a machine's label, in a name it is known by, or in a disk that was in it."""
    keys = select(tables.MachineKey.machine_id).where(tables.MachineKey.value.icontains(text, autoescape=True))
    came_by = select(tables.Visit.machine_id).where(tables.Visit.mac.icontains(text, autoescape=True))
    disks = (
        select(tables.Visit.machine_id)
        .join(tables.DiskSighting, tables.DiskSighting.visit_id == tables.Visit.id)
        .join(tables.Disk, tables.Disk.id == tables.DiskSighting.disk_id)
        .where(
            or_(
                tables.Disk.serial.icontains(text, autoescape=True),
                tables.Disk.wwn.icontains(text, autoescape=True),
                tables.Disk.model.icontains(text, autoescape=True),
            )
        )
    )
    return or_(
        tables.Machine.label.icontains(text, autoescape=True),
        *(tables.Machine.id.in_(s) for s in (keys, came_by, disks)),
    )


def _newest_visits() -> Select[tables.Machine, tables.Visit]:
    """Each machine with its newest visit."""
    # Which visit is the newest is found without the inventories: only those that are shown are read.
    age = func.row_number().over(partition_by=tables.Visit.machine_id, order_by=tables.Visit.opened.desc())
    newest = select(tables.Visit.id, age.label("age")).subquery()
    return (
        select(tables.Machine, tables.Visit)
        .join(tables.Visit, tables.Visit.machine_id == tables.Machine.id)
        .join(newest, newest.c.id == tables.Visit.id)
        .where(newest.c.age == 1)
    )


def _machine_rows(
    session: Session, rows: Sequence[tuple[tables.Machine, tables.Visit]], now: datetime
) -> tuple[MachineRow, ...]:
    visits = _visits(session, [visit for _, visit in rows])
    begun = left_undone.jobs_of(session, [machine.id for machine, _ in rows])
    newest = {machine: jobs[-1].job_id for machine, jobs in begun.items()}
    wrote = {machine: [job.job_id for job in jobs if job.writes][-1:] for machine, jobs in begun.items()}
    wanted = {*newest.values(), *(job for jobs in wrote.values() for job in jobs)}
    jobs = {job.id: job for job in _jobs(session, tables.Job.id.in_(wanted))}
    left = left_undone.unfinished(session, [machine.id for machine, _ in rows])
    waiting = {
        row.machine_id: choices.as_value(row)
        for row in session.scalars(select(tables.Choice).where(choices.waits(now)))
    }
    shown = (
        MachineRow(
            id=machine.id,
            number=machine.number,
            label=machine.label,
            visit=visits[visit.id],
            choice=waiting.get(machine.id),
            job=jobs.get(newest.get(machine.id, "")),
            written=next((jobs[job] for job in wrote.get(machine.id, []) if job != newest[machine.id]), None),
            left=left.get(machine.id),
            merged_into=machine.merged_into or "",
        )
        for machine, visit in rows
    )
    return tuple(sorted(shown, key=lambda row: row.number))


def machine(session: Session, machine_id: str, *, newest: int, proven: int, now: datetime) -> MachineDetail:
    """One machine, its `newest` visits, and the newest `proven` in which disks were erased. Raises NotOnRecord.

    Anybody can say hello as this machine, thousands of times, but each visit holds an inventory to be read; and no such
    hello is to push a proof of erasure off the page.
    """
    row = require_row(session.get(tables.Machine, machine_id), "machine")
    of_it = select(tables.Visit.id).where(tables.Visit.machine_id == row.id).order_by(tables.Visit.opened.desc())
    erased = select(tables.Job.visit_id).join(tables.Erasure, tables.Erasure.job_id == tables.Job.id)
    shown = {
        *session.scalars(of_it.limit(newest)),
        *session.scalars(
            of_it.where(tables.Visit.id.in_(erased.where(tables.Erasure.machine_id == row.id))).limit(proven)
        ),
    }
    wanted = select(tables.Visit).where(tables.Visit.id.in_(shown)).order_by(tables.Visit.opened.desc())
    visits = session.scalars(wanted).all()
    count = session.scalar(select(func.count()).where(tables.Visit.machine_id == row.id)) or 0
    built = _visits(session, visits)
    choice: Choice | None = None
    if (waiting := choices.waiting(session, row.id, now=now)) is not None:
        choice = choices.as_value(waiting)
    return MachineDetail(
        id=row.id,
        number=row.number,
        label=row.label,
        added=row.added,
        keys=tuple(keys_by_machine(session, [row.id]).get(row.id, [])),
        visits=tuple(built[visit.id] for visit in visits),
        unread=count - len(visits),
        choice=choice,
        left=left_undone.unfinished(session, [row.id]).get(row.id),
        merged_into=next(iter(of_ids(session, [row.merged_into], now=now)), None) if row.merged_into else None,
        merged=of_ids(session, all_ids(session, row.id)[1:], now=now) if not row.merged_into else (),
    )


def visit(session: Session, visit_id: str) -> SeenVisit:
    """One visit with its machine. Raises NotOnRecord."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    machine = require_row(session.get(tables.Machine, row.machine_id), "machine")
    return SeenVisit(machine.id, machine.label, _visits(session, [row])[row.id])


def pending_choices(session: Session, *, now: datetime) -> tuple[PendingChoice, ...]:
    """Every choice that still waits for its machine, by the machine's number."""
    wanted = (
        select(tables.Machine.label, tables.Choice)
        .join(tables.Choice, tables.Choice.machine_id == tables.Machine.id)
        .where(choices.waits(now))
        .order_by(tables.Machine.number)
    )
    return tuple(PendingChoice(label, choices.as_value(row)) for label, row in session.execute(wanted))


def erasures(session: Session, machine_id: str) -> tuple[ErasureRow, ...]:
    """Every erasure done in this machine, oldest first."""
    wanted = select(tables.Erasure).where(tables.Erasure.machine_id == machine_id).order_by(tables.Erasure.id)
    return tuple(proofs.shown(session, session.scalars(wanted).all()))


def history_of_disk(session: Session, disk: DiskId) -> tuple[ErasureRow, ...]:
    """Every erasure of this disk in whichever machine, oldest first; none for a disk that has no name."""
    row = find_disk(session, disk)
    if row is None:
        return ()
    wanted = select(tables.Erasure).where(tables.Erasure.disk_id == row.id).order_by(tables.Erasure.id)
    return tuple(proofs.shown(session, session.scalars(wanted).all()))


def _visits(session: Session, rows: Sequence[tables.Visit]) -> dict[str, VisitRow]:
    jobs: dict[str, list[JobRow]] = {}
    for job in _jobs(session, tables.Job.visit_id.in_([row.id for row in rows])):
        jobs.setdefault(job.visit_id, []).append(job)
    return {
        row.id: VisitRow(
            id=row.id,
            boot=row.boot,
            mac=row.mac,
            mode="uefi" if row.mode == "uefi" else "bios",
            secure_boot=row.secure_boot,
            opened=row.opened,
            closed=row.closed,
            inventory=row.inventory,
            jobs=tuple(jobs.get(row.id, [])),
            adapter=row.adapter,
            standing=cast(Standing, row.standing),
            kit=row.kit,
        )
        for row in rows
    }


def _results_shown(session: Session, job_ids: Sequence[str]) -> dict[tuple[str, str], Result]:
    """What those stages of these jobs found of which the page says something; others' results can be long, and are not
    read."""
    shown = [name for name, rules in STAGES.items() if rules.shown is not None]
    wanted = select(tables.Stage.job_id, tables.Stage.stage, tables.Stage.result).where(
        tables.Stage.job_id.in_(job_ids), tables.Stage.stage.in_(shown)
    )
    rows = session.execute(wanted)
    return {(row.job_id, row.stage): row.result for row in rows if row.result is not None}


def _jobs(session: Session, which: ColumnElement[bool]) -> list[JobRow]:
    """These jobs, newest first."""
    rows = session.scalars(select(tables.Job).where(which).order_by(tables.Job.started.desc())).all()
    ids = [row.id for row in rows]
    told = _results_shown(session, ids)
    stages: dict[str, list[StageRow]] = {}
    for stage in session.execute(
        select(tables.Stage.job_id, tables.Stage.stage, tables.Stage.state, tables.Stage.seconds, tables.Stage.problem)
        .where(tables.Stage.job_id.in_(ids))
        .order_by(tables.Stage.position)
    ):
        name, state = cast(StageName, stage.stage), cast(StageState, stage.state)
        result = told.get((stage.job_id, name))
        stages.setdefault(stage.job_id, []).append(StageRow(name, state, stage.seconds, stage.problem, result))
    erased: dict[str, list[ErasureRow]] = {}
    wanted_erasures = select(tables.Erasure).where(tables.Erasure.job_id.in_(ids)).order_by(tables.Erasure.id)
    for erasure in proofs.shown(session, session.scalars(wanted_erasures).all()):
        erased.setdefault(erasure.job_id, []).append(erasure)
    answers = disk_answers.of_jobs(session, ids)
    signed = exceptions.of_jobs(session, ids)
    went_by = erased_before.of_jobs(session, ids)
    return [
        JobRow(
            id=row.id,
            visit_id=row.visit_id,
            profile=row.profile,
            master_name=row.master.name if row.master else "",
            master_digest=row.master_digest,
            hostname=row.hostname,
            chosen_by=row.chosen_by,
            state=cast(JobState, row.state),
            problem=row.problem,
            started=row.started,
            ended=row.ended,
            stages=tuple(stages.get(row.id, [])),
            erasures=tuple(erased.get(row.id, [])),
            answers=answers.get(row.id, ()),
            exception=signed[row.id].exception if row.id in signed else None,
            signed_by=signed[row.id].who if row.id in signed else "",
            erased_by=went_by[row.id][0] if row.id in went_by else "",
            erased_at=went_by[row.id][1] if row.id in went_by else None,
        )
        for row in rows
    ]
