"""Formats by which drives are given the sectors of their master: events of the journal, before the drive hears of it
and once it is over, whatever becomes of the job.

What was ended stands as well where nobody waits for it any more: the drive was emptied all the same. Bounded for each
job (`MOST`), and counted for the address that it comes from. Not for: what erased a disk (`begun_erases.py`).
"""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from netboot.records import chain, events, jobs, tables
from netboot.records.arrivals import Added
from netboot.records.tables import require_row
from netboot.shared.drive_format import DriveFormat

MOST: Final = 16
"""Events of one job: one drive is formatted once, and is so again only where the agent began anew."""
_BEGUN: Final[events.Kind] = "format-begun"
_ENDED: Final[events.Kind] = "format-ended"


def told(session: Session, job_id: str, format_: DriveFormat, number: int, *, now: datetime) -> Added:
    """Keep it; the same report once more changes nothing. Gives what that adds."""
    job = require_row(session.get(tables.Job, job_id), "job")
    visit = require_row(session.get(tables.Visit, job.visit_id), "visit")
    size = 0
    if jobs.is_news(session, visit, number, now) and not _is_too_much(session, job_id):
        body = msgspec.to_builtins(format_)
        kind = _ENDED if format_.ended else _BEGUN
        events.append(session, kind, body, now=now, machine=visit.machine_id, visit=visit.id, job=job_id)
        size = len(chain.canonical(body))
        visit.added += size
    return Added(visit.address, size)


def of_visit(session: Session, visit_id: str, *, limit: int) -> tuple[tuple[int, DriveFormat], ...]:
    """What the journal has of this visit, the newest so many, oldest first, each with its event's number."""
    table = tables.Event
    wanted = (
        select(table.sequence, table.body)
        .where(table.visit_id == visit_id, table.kind.in_((_BEGUN, _ENDED)), table.server == events.own_server(session))
        .order_by(table.sequence.desc())
        .limit(limit)
    )
    rows = session.execute(wanted).all()
    return tuple((row.sequence, msgspec.json.decode(row.body, type=DriveFormat)) for row in reversed(rows))


def _is_too_much(session: Session, job_id: str) -> bool:
    kept = select(func.count()).where(tables.Event.job_id == job_id, tables.Event.kind.in_((_BEGUN, _ENDED)))
    return session.scalars(kept).one() >= MOST
