"""Contested visits: two connections claim to be one PC, and a person says which one is.

Anybody on the LAN can say hello as any PC. Where two connections speak for one PC, or one comes from another adapter
than its hello says, its visit is contested: nothing begins in it until a person decides. That stays on the record with
the erasures of such a visit. Not for: noticing it (`visits.py`, `netboot/workshop/contest.py`).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from netboot.records import events, jobs, tables
from netboot.records.refusals import Contested, NotThatVisit
from netboot.records.tables import require_row
from netboot.records.values import CONTESTED, Standing
from netboot.shared.problems import Problem


def contest(
    session: Session, visit_ids: Collection[str], why: Standing, *, address: str, adapter: str, now: datetime
) -> None:
    """These visits are contested from now on; one that a person vouched for, or refused, stays as it is.

    `address` and `adapter` are where the newest of their lines comes from, "" for what is not known.
    """
    for visit_id in sorted(visit_ids):
        row = require_row(session.get(tables.Visit, visit_id), "visit")
        if row.standing:
            continue
        row.standing = why
        session.flush()
        others = sorted(set(visit_ids) - {visit_id})
        body = {"why": why, "with": others, "address": address, "adapter": adapter}
        events.append(session, "visit-contested", body, now=now, machine=row.machine_id, visit=row.id)


def vouch(session: Session, visit_id: str, *, who: str, now: datetime) -> tuple[str, ...]:
    """A person says that this visit's line is the PC; gives the other open visits of its machine, which are closed.

    Contested ones as refused; one that nothing stood against was the PC's own, before it was restarted. What those had
    begun ends. Raises NotThatVisit when the visit is not contested, or over.
    """
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    if row.standing not in CONTESTED or row.closed is not None:
        raise NotThatVisit()
    row.standing = "vouched"
    others = session.scalars(
        select(tables.Visit).where(
            tables.Visit.machine_id == row.machine_id, tables.Visit.id != row.id, tables.Visit.closed.is_(None)
        )
    ).all()
    body = {"by": events.person(session, who), "refused": sorted(other.id for other in others if other.standing)}
    events.append(session, "visit-vouched", body, now=now, machine=row.machine_id, visit=row.id)
    for other in others:
        if other.standing:
            refuse(session, other, now=now)
        else:
            jobs.interrupt(session, other, now=now)
            other.closed = now
            session.flush()
            events.append(session, "visit-closed", {}, now=now, machine=other.machine_id, visit=other.id)
    return tuple(sorted(other.id for other in others))


def keep_out(session: Session, visit_id: str, *, who: str, now: datetime) -> None:
    """A person says that this visit's line is not the PC. Raises NotThatVisit when it is over, or not contested."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    if row.standing not in CONTESTED or row.closed is not None:
        raise NotThatVisit()
    refuse(session, row, who=who, now=now)


def refuse(session: Session, row: tables.Visit, *, who: str = "", now: datetime) -> None:
    """End this visit, and what was at work in it, for good."""
    jobs.give_up(session, row, Problem("not-this-pc"), now=now)
    row.standing, row.closed = "refused", now
    session.flush()
    body = {"why": "refused", "by": events.person(session, who)}
    events.append(session, "visit-closed", body, now=now, machine=row.machine_id, visit=row.id)


def clear(session: Session, visit_id: str, *, now: datetime) -> None:
    """The connection that this one was contested with was dead already: the visit is contested no more."""
    row = require_row(session.get(tables.Visit, visit_id), "visit")
    if row.standing == "two-lines":
        row.standing = ""
        session.flush()
        events.append(session, "visit-uncontested", {}, now=now, machine=row.machine_id, visit=row.id)


def require_seen(session: Session, machine_id: str, visit_id: str) -> None:
    """Raises NotThatVisit unless a person who saw this visit may decide about this machine by it.

    It is one of the machine's that is open, or its newest. Raises Contested while it is not known which is the PC.
    """
    row = session.get(tables.Visit, visit_id)
    if row is None or row.machine_id != machine_id or row.standing == "refused":
        raise NotThatVisit()
    if row.closed is not None and row.id != newest_of(session, machine_id):
        raise NotThatVisit()
    if row.standing in CONTESTED:
        raise Contested()


def newest_of(session: Session, machine_id: str) -> str:
    """The id of the machine's newest visit, of those that nobody refused; "" for none.

    By the order in which they were first opened, not by their times: the clock may have been put back.
    """
    opened = (
        select(tables.Event.visit_id)
        .join(tables.Visit, tables.Visit.id == tables.Event.visit_id)
        .where(
            tables.Visit.machine_id == machine_id,
            tables.Event.kind == "visit-opened",
            tables.Visit.standing != "refused",
        )
    )
    newest = opened.group_by(tables.Event.visit_id).order_by(func.min(tables.Event.sequence).desc()).limit(1)
    return session.scalar(newest) or ""
