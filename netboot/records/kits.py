"""Jobs that were done from a kit's stick, without a server: entered on the record when the stick is collected.

Each is a visit of its own, which opens and closes at that moment: when it really was nobody knows but the PC's own
clock, by which the evidence has its times. Its events are those of any job, but for its beginning, `kit-collected`: it
is no arrival of the PC, so it neither ends a visit that is open now nor counts as the machine's newest boot.
A file that is collected again changes nothing, and what it has more than the last time is added.
Not for: whether it is a kit's, and what it proves (`netboot/kit/collect.py`).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from netboot.jobs.job import Job, StageRecord
from netboot.records import events, inventories, jobs, machines, tables
from netboot.records.refusals import NotOnRecord
from netboot.records.tables import require_row
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem

News = Literal["new", "more", "known"]
"""A job that the record had not, more of one that it had, or nothing new."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One stage as it was judged, with the numbers of its reports, 0 for none. `seconds` is how long it took."""

    record: StageRecord
    started: int
    finished: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Brought:
    """One job of a kit: `inventory` as it was found before, `digest` the SHA-256 of the file that says it all, `clock`
    what the PC's own clock said when it began.

    `over`: it is, with `problem` where it ended early; else it was cut short.
    """

    kit: str
    boot: str
    clock: float
    digest: str
    inventory: Inventory
    job: Job
    stages: tuple[Reported, ...]
    over: bool
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a job, and its visit on the record."""

    news: News
    visit: str


def take_in(session: Session, brought: Brought, *, now: datetime) -> Entered:
    """Enter this job. Raises NotOnRecord when the record has a job of this id that no such kit brought."""
    row = session.get(tables.Job, brought.job.id)
    before = 0
    if row is None:
        visit = _open(session, brought, now=now)
        jobs.start(
            session,
            visit.id,
            brought.job.profile,
            master=None,
            hostname="",
            chosen_by="",
            target=None,
            seen=brought.job.seen,
            job_id=brought.job.id,
            now=now,
        )
    else:
        visit = require_row(session.get(tables.Visit, row.visit_id), "visit")
        if visit.kit != brought.kit or visit.boot != _boot(brought):
            raise NotOnRecord("the record has another job of this name", hint="keep the file, and report this")
        before = visit.last_report
    for stage in brought.stages:
        if stage.started:
            jobs.stage_started(session, brought.job.id, stage.record.stage, stage.started, now=now)
        if stage.finished:
            jobs.stage_finished(session, brought.job.id, stage.record, stage.seconds, stage.finished, now=now)
    if brought.over:
        jobs.end(session, brought.job.id, brought.problem, now=now)
    else:
        jobs.interrupt(session, visit, now=now)
    if row is None:
        return Entered("new", visit.id)
    return Entered("more" if visit.last_report > before else "known", visit.id)


def _open(session: Session, brought: Brought, *, now: datetime) -> tables.Visit:
    machine = machines.find_or_add(session, brought.inventory, on_line=frozenset(), now=now)
    firmware = brought.inventory.firmware
    row = tables.Visit(
        id=secrets.token_hex(16),
        machine_id=machine.id,
        boot=_boot(brought),
        mac=brought.inventory.nics[0].mac if brought.inventory.nics else "00:00:00:00:00:00",
        mode=firmware.mode,
        secure_boot=firmware.secure_boot,
        token_hash="",  # nobody speaks for it
        token_used=True,
        opened=now,
        closed=now,
        last_report=0,
        kit=brought.kit,
        kept=inventories.keep(session, brought.inventory),
    )
    session.add(row)
    session.flush()
    machines.remember_disks(session, row.id, brought.inventory)
    body = {
        "kit": brought.kit, "file": brought.digest, "boot": brought.boot, "clock": brought.clock, "mode": firmware.mode,
    }  # fmt: skip
    events.append(session, "kit-collected", body, now=now, machine=machine.id, visit=row.id)
    return row


def _boot(brought: Brought) -> str:
    """Of one boot there may be several jobs, each a visit; and none of them is that boot's visit with the server."""
    return f"{brought.boot}.{brought.job.id[:12]}"
