"""What a paper about one visit is made from, and which visits have erased anything. Read only.

Not for: what a paper says (`certificates/`).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from netboot.records import drive_formats, events, exceptions, overview, proofs, tables, take_outs
from netboot.records.paper_values import VisitPapers
from netboot.records.tables import require_row
from netboot.records.values import Event

EVENTS_READ: Final = 4096
"""Events of one visit, the oldest: more than its stages, questions and disks come to."""

FORMATS_READ: Final = 64
"""Formats of one visit, the newest: each job has a few."""


def of_visit(session: Session, visit_id: str) -> VisitPapers:
    """This visit with its events up to the last of which its paper tells. Raises NotOnRecord."""
    seen = overview.visit(session, visit_id)
    machine = require_row(session.get(tables.Machine, seen.machine_id), "machine")
    found = proofs.events_of(session, [job.id for job in seen.visit.jobs])
    signed = exceptions.of_visit(session, visit_id)
    out = take_outs.of_visit(session, require_row(session.get(tables.Visit, visit_id), "visit"))
    told = [row.event for row in signed] + [row.event for row in out if row.visit_id == visit_id]
    formats = drive_formats.of_visit(session, visit_id, limit=FORMATS_READ)
    numbers = [event.sequence for event in (*found.values(), *told) if event is not None]
    last = max([*numbers, *(number for number, _ in formats)], default=0)
    return VisitPapers(
        server=events.own_server(session),
        machine_id=machine.id,
        machine_number=machine.number,
        label=machine.label,
        visit=seen.visit,
        events=_events(session, machine.id, visit_id, last),
        proofs=found,
        exceptions=signed,
        take_outs=out,
        formats=formats,
    )


def erased_between(session: Session, since: datetime, until: datetime) -> tuple[str, ...]:
    """The visits whose newest erasure ended in this time, in its order; with another one after it a visit is later.

    One in which nothing was erased, but an exception signed, or a disk told of that was taken out, counts by that.
    """
    erased = select(tables.Job.visit_id, tables.Erasure.at).join(tables.Erasure, tables.Erasure.job_id == tables.Job.id)
    with_erasure = select(erased.subquery().c.visit_id)
    told = [
        select(table.visit_id, table.at).where(table.visit_id.not_in(with_erasure))
        for table in (tables.SignedException, tables.DiskTakeOut)
    ]
    all_of_them = union_all(erased, *told).subquery()
    newest = func.max(all_of_them.c.at)
    wanted = (
        select(all_of_them.c.visit_id)
        .group_by(all_of_them.c.visit_id)
        .having(newest >= since, newest < until)
        .order_by(newest, all_of_them.c.visit_id)
    )
    return tuple(session.scalars(wanted))


def event(session: Session, server: str, sequence: int) -> Event | None:
    """One event as it is on the record now, or None."""
    row = session.get(tables.Event, (server, sequence))
    return None if row is None else Event(*(getattr(row, name) for name in events.FIELDS))


def _events(session: Session, machine_id: str, visit_id: str, last: int) -> tuple[Event, ...]:
    table = tables.Event.__table__
    wanted = (
        select(*(table.c[name] for name in events.FIELDS))
        .where(table.c.machine_id == machine_id, table.c.visit_id == visit_id)
        .where(table.c.server == events.own_server(session), table.c.sequence <= last)
        .order_by(table.c.sequence)
        .limit(EVENTS_READ)
    )
    return tuple(Event(*row) for row in session.execute(wanted))
