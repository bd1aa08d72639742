"""Unfinished work in a machine: a job that failed or was cut short, and was not redone since.

The newest visit alone does not tell: a PC that lost power in an erase, and was only inventoried since, is still half
erased. `left_undone` is the rule (pure); around it, one query for any number of machines. Jobs are ordered by the
numbers of their stages, so that a changed clock cannot reorder them.
Not for: how a job that was cut short ends (`interruption.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.job import StageRecord
from netboot.records import tables
from netboot.records.interruption import after_another_boot
from netboot.records.values import JobState, LeftAt, StageState, Unfinished
from netboot.shared.problems import Problem
from netboot.shared.stages import WRITING, StageName

_WITH: Final[dict[StageName, tuple[StageName, ...]]] = {"erase": ("deploy", "customise"), "deploy": ("customise",)}
"""What of an earlier job nobody has to do any more, once this was done."""


@dataclass(frozen=True, slots=True)
class Begun:
    """One job of a machine and how far each of its stages is, in their order. `kit`: it was done without a server, and
    collected at this place among the others: when it really was nobody knows."""

    job_id: str
    state: JobState
    stages: tuple[tuple[StageName, StageState], ...]
    kit: bool = False

    @property
    def writes(self) -> bool:
        """Whether it writes to disks."""
        return any(name in WRITING for name, _ in self.stages)

    @property
    def next(self) -> tuple[StageName, StageState] | None:
        """The first stage that is not done."""
        return next((stage for stage in self.stages if stage[1] != "done"), None)


def left_undone(jobs: Sequence[Begun]) -> tuple[Begun, StageName, StageState] | None:
    """Of a machine's jobs, oldest first: the newest that stopped at a stage which no later job has done.

    To have erased is to have done what came after an earlier erase as well: nothing half written is left. What stopped
    in a job that writes comes before what only looked: a disk may be half erased. To have reached `finish` is to have
    done all: what a PC does then is to go away. What a kit's stick brings back may be of before: it never does what
    stopped on the LAN.
    """
    done_since: set[StageName] = set()
    done_on_lan: set[StageName] = set()
    looked: tuple[Begun, StageName, StageState] | None = None
    for job in reversed(jobs):
        stopped_at = None if job.state == "done" else job.next
        if (
            stopped_at is not None
            and stopped_at[0] != "finish"
            and stopped_at[0] not in (done_since if job.kit else done_on_lan)
        ):
            if job.writes:
                return job, *stopped_at
            looked = looked or (job, *stopped_at)
        for name, state in job.stages:
            if state == "done":
                done_since |= {name, *_WITH.get(name, ())}
                done_on_lan |= set() if job.kit else {name, *_WITH.get(name, ())}
    return looked


def jobs_of(session: Session, machine_ids: Collection[str]) -> dict[str, list[Begun]]:
    """Every job of each of these machines, oldest first."""
    return _jobs(session, {machine: machine for machine in machine_ids})


def _jobs(session: Session, whose: Mapping[str, str]) -> dict[str, list[Begun]]:
    """Every job of these machines, oldest first, under the name that stands in `whose` for its machine."""
    rows = session.execute(
        select(
            tables.Visit.machine_id,
            tables.Visit.kit,
            tables.Job.id,
            tables.Job.state,
            tables.Stage.stage,
            tables.Stage.state,
        )
        .join(tables.Job, tables.Job.visit_id == tables.Visit.id)
        .join(tables.Stage, tables.Stage.job_id == tables.Job.id)
        .where(tables.Visit.machine_id.in_(whose))
        .order_by(tables.Stage.id)
    )
    by_machine: dict[str, dict[str, Begun]] = {}
    for machine, kit, job, state, stage, how_far in rows:
        of_machine = by_machine.setdefault(whose[machine], {})
        before = of_machine[job].stages if job in of_machine else ()
        stages = (*before, (cast(StageName, stage), cast(StageState, how_far)))
        of_machine[job] = Begun(job, cast(JobState, state), stages, kit=bool(kit))
    return {machine: list(jobs.values()) for machine, jobs in by_machine.items()}


def unfinished(session: Session, machine_ids: Collection[str]) -> dict[str, Unfinished]:
    """What is left undone in each of these machines; one in which nothing is does not stand here.

    Of two that are merged it is the same: what was left at the old number is the new one's to do, and done by either.
    """
    pcs = _pcs(session, machine_ids)
    left = _left(session, _jobs(session, pcs))
    return {machine: left[pcs[machine]] for machine in machine_ids if pcs[machine] in left}


def _pcs(session: Session, machine_ids: Collection[str]) -> dict[str, str]:
    """For these machines, and all that are merged with one of them, the machine that the PC is now."""
    merged = select(tables.Machine.id, tables.Machine.merged_into).where(tables.Machine.merged_into.is_not(None))
    into = {going: staying for going, staying in session.execute(merged) if staying is not None}
    now = {machine: into.get(machine, machine) for machine in machine_ids}
    wanted = set(now.values())
    return {**{staying: staying for staying in wanted}, **{g: s for g, s in into.items() if s in wanted}, **now}


def _left(session: Session, jobs: dict[str, list[Begun]]) -> dict[str, Unfinished]:
    stopped = {machine: left for machine, of_it in jobs.items() if (left := left_undone(of_it)) is not None}
    wanted = select(tables.Job).where(tables.Job.id.in_([job.job_id for job, _, _ in stopped.values()]))
    rows = {row.id: row for row in session.scalars(wanted)} if stopped else {}
    return {machine: _value(rows[job.job_id], stage, state) for machine, (job, stage, state) in stopped.items()}


def left_since(session: Session, since: datetime, *, limit: int) -> tuple[LeftAt, ...]:
    """The machines in which work was left since then, each at the adapter that it came by last; the newest `limit`."""
    lately = (
        select(tables.Visit.machine_id)
        .join(tables.Job, tables.Job.visit_id == tables.Visit.id)
        .where(tables.Job.state != "done", tables.Job.ended.is_(None) | (tables.Job.ended > since))
        .order_by(tables.Job.started.desc())
    )
    lately_at = list(dict.fromkeys(session.scalars(lately)))[:limit]
    pcs = _pcs(session, lately_at)
    machine_ids = list(dict.fromkeys(pcs[machine] for machine in lately_at))
    left = unfinished(session, machine_ids)
    visits = select(tables.Visit.machine_id, tables.Visit.mac, tables.Machine.label).join(
        tables.Machine, tables.Machine.id == tables.Visit.machine_id
    )
    newest = session.execute(visits.where(tables.Visit.machine_id.in_(left)).order_by(tables.Visit.opened))
    places = {machine: (mac, label) for machine, mac, label in newest}
    return tuple(LeftAt(machine, *places[machine], left[machine]) for machine in machine_ids if machine in left)


def _value(row: tables.Job, stage: StageName, state: StageState) -> Unfinished:
    problem = row.problem
    if row.state == "running":
        _, problem = after_another_boot([StageRecord(stage=stage, state=state)])
    if problem is None or problem.code == "denied":
        # To be allowed again is no work done: what the PC had still before it is what is to be said then.
        problem = Problem("interrupted", {"stage": stage})
    return Unfinished(row.id, row.profile, stage, problem, running=row.state == "running")
