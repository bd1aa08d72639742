"""The job of one PC: which stage comes next, and what forbids it. Pure: no I/O, no clock, nobody else's state.

The rules are those no stage may break (docs/architecture.md): nothing is written unless a person chose; never a
removable, USB, read-only or mounted disk (`jobs/disk_rules.py`); no deploy before every internal disk is *erased* or
the profile waives it (`jobs/stages/deploy.py`); nothing is erased for a master that fits no disk (`jobs/target.py`).
Not for: what a stage's report proves (`jobs/evidence.py`).
"""

from msgspec import Struct

from netboot.jobs.disk_rules import as_seen, forbids_writing
from netboot.jobs.job import Job
from netboot.jobs.seen import what_changed
from netboot.jobs.stages import STAGES
from netboot.jobs.target import target_of
from netboot.shared.problems import Problem
from netboot.shared.stages import SENDING, WRITING, Stage, StageName


class Run(Struct, frozen=True):
    """The next stage, to be ordered now."""

    stage: Stage


class Blocked(Struct, frozen=True):
    """The stage may not run: say why. Nothing more is ordered."""

    stage: StageName
    problem: Problem


class Ended(Struct, frozen=True):
    """Nothing is left to do. `problem` is why it ended early, None when every stage is done."""

    problem: Problem | None


Next = Run | Blocked | Ended


def next_stage(job: Job) -> Next:
    """What the PC is told to do now."""
    for record in job.stages:
        if record.state == "failed":
            return Ended(record.problem)
        if record.state != "done":
            return _order(job, record.stage)
    return Ended(None)


def _order(job: Job, name: StageName) -> Next:
    problem = _forbids(job) if name in WRITING | SENDING else None
    order = problem or STAGES[name].order(job)
    return Blocked(name, order) if isinstance(order, Problem) else Run(order)


def _forbids(job: Job) -> Problem | None:
    """Why no stage of this job may write to a disk, or send what is on one; None for nothing."""
    if job.seen is not None and (problem := what_changed(job.seen, as_seen(job.inventory))):
        return problem  # since the hello: the check looked again
    if (problem := forbids_writing(job.inventory, job.answers)) is not None:
        return problem
    # Asked before the erase as well: hours are not spent for a master that is not there or fits no disk.
    target = target_of(job) if "deploy" in job.profile.stages else None
    return target if isinstance(target, Problem) else None
