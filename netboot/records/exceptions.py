"""Exceptions that people signed (`netboot/jobs/erase_exception.py`): read for the jobs and the papers that go by them.

A row that is not what its event says proves nothing: no job goes by it. Not for: signing one (`signing.py`).
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.erase_exception import DiskState, EraseException, Judged
from netboot.records import events, proofs, tables
from netboot.records.paper_values import ExceptionRow
from netboot.records.values import Event


def of_choice(session: Session, choice_id: str) -> tables.SignedException | None:
    """What was signed with this choice, None for an ordinary one."""
    wanted = select(tables.SignedException).where(tables.SignedException.choice_id == choice_id)
    return session.scalars(wanted).one_or_none()


def of_job(session: Session, job_id: str) -> EraseException | None:
    """What this job goes by; None where it is not what the journal has."""
    row = session.scalars(select(tables.SignedException).where(tables.SignedException.job_id == job_id)).one_or_none()
    return None if row is None or not _value(session, row).in_chain else row.exception


def of_jobs(session: Session, job_ids: Iterable[str]) -> dict[str, ExceptionRow]:
    """What each of these jobs goes by, of those that go by something."""
    rows = session.scalars(select(tables.SignedException).where(tables.SignedException.job_id.in_(list(job_ids))))
    return {row.job_id: _value(session, row) for row in rows.all() if row.job_id is not None}


def of_visit(session: Session, visit_id: str) -> tuple[ExceptionRow, ...]:
    """What was signed in this visit, in order."""
    wanted = select(tables.SignedException).where(tables.SignedException.visit_id == visit_id)
    rows = session.scalars(wanted.order_by(tables.SignedException.id)).all()
    return tuple(_value(session, row) for row in rows)


def judged(session: Session, visit_id: str) -> tuple[Judged, ...]:
    """Every erase of this visit as the journal proves it, oldest first."""
    wanted = (
        select(tables.Erasure)
        .join(tables.Job, tables.Job.id == tables.Erasure.job_id)
        .where(tables.Job.visit_id == visit_id)
        .order_by(tables.Erasure.id)
    )
    shown = proofs.shown(session, session.scalars(wanted).all())
    return tuple(Judged(number=one.id, disk=one.evidence.disk, verdict=one.verdict) for one in shown)


def body_of(row: tables.SignedException) -> dict[str, object]:
    """What the event of this row says, but for who signed it."""
    return {
        "exception": row.id,
        "choice": row.choice_id,
        "profile": row.exception.profile,
        "disks": [_facts(state) for state in row.exception.disks],
        "reason": events.sealed_text(row.salt, row.exception.reason),
    }


def told_in(session: Session, found: Iterable[Event], said: dict[str, object]) -> Event | None:
    """The event among these that stands whole in its chain and says this; None for none."""
    for event in found:
        if proofs.in_its_chain(session, event) and _says(event, said):
            return event
    return None


def events_of(session: Session, kind: events.Kind, visit_id: str, machine_id: str) -> Sequence[Event]:
    """The events of this kind about this visit."""
    table = tables.Event.__table__
    wanted = (
        select(*(table.c[name] for name in events.FIELDS))
        .where(table.c.machine_id == machine_id, table.c.visit_id == visit_id, table.c.kind == kind)
        .order_by(table.c.server, table.c.sequence)
    )
    return [Event(*row) for row in session.execute(wanted)]


def _says(event: Event, said: dict[str, object]) -> bool:
    try:
        body = json.loads(event.body)
    except ValueError:
        return False
    return isinstance(body, dict) and {name: body.get(name) for name in said} == said


def _value(session: Session, row: tables.SignedException) -> ExceptionRow:
    visit = tables.require_row(session.get(tables.Visit, row.visit_id), "visit")
    event = told_in(session, events_of(session, "erase-exception", visit.id, visit.machine_id), body_of(row))
    return ExceptionRow(
        id=row.id,
        exception=row.exception,
        who=row.who,
        at=row.at,
        job_id=row.job_id or "",
        event=event,
    )


def _facts(state: DiskState) -> dict[str, object]:
    disk = state.disk
    place = {"path": disk.path, "sequence": disk.sequence} if disk.by_place else {}
    named = {"serial": disk.serial, "wwn": disk.wwn, "size": disk.size, **place}
    return {"disk": named, "label": state.label, "state": state.state, "erasure": state.erasure}
