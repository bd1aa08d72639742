"""What a paper about one visit is made from, and which visits have erased anything. Read only.

Not for: what a paper says (`certificates/`).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from netboot.records import events, overview, proofs, tables
from netboot.records.tables import require_row
from netboot.records.values import Event, VisitPapers

EVENTS_READ: Final = 4096
"""Events of one visit, the oldest: more than its stages, questions and disks come to."""


def of_visit(session: Session, visit_id: str) -> VisitPapers:
    """This visit with its events up to its newest erasure. Raises NotOnRecord."""
    seen = overview.visit(session, visit_id)
    machine = require_row(session.get(tables.Machine, seen.machine_id), "machine")
    found = proofs.events_of(session, [job.id for job in seen.visit.jobs])
    last = max((event.sequence for event in found.values()), default=0)
    return VisitPapers(
        server=events.own_server(session),
        machine_id=machine.id,
        machine_number=machine.number,
        label=machine.label,
        visit=seen.visit,
        events=_events(session, machine.id, visit_id, last),
        proofs=found,
    )


def erased_between(session: Session, since: datetime, until: datetime) -> tuple[str, ...]:
    """The visits whose newest erasure ended in this time, in its order; with another one after it a visit is later."""
    newest = func.max(tables.Erasure.at)
    wanted = (
        select(tables.Job.visit_id)
        .join(tables.Erasure, tables.Erasure.job_id == tables.Job.id)
        .group_by(tables.Job.visit_id)
        .having(newest >= since, newest < until)
        .order_by(newest, tables.Job.visit_id)
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
