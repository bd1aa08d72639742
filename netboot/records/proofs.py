"""Erasures as the chain holds them: what a page or a paper shows of one is its event, checked when it is shown.

The table beside the chain is for finding and counting; a row that was changed there proves nothing. Each job's erasures
and their events were written together, in one order. Not for: the chain's arithmetic (`chain.py`).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from netboot.records import chain, events, tables
from netboot.records.chain_head import Link
from netboot.records.old_evidence import read_erasure
from netboot.records.values import ErasureRow, Event
from netboot.shared.stages.erase import Erasure

Standing = Literal["proven", "altered", "missing"]


def shown(session: Session, rows: Sequence[tables.Erasure]) -> list[ErasureRow]:
    """These rows of the table, each with what its event says; one without a good event proves nothing."""
    told = events_of(session, {row.job_id for row in rows})
    return [_row(row, *_evidence(session, row, told.get(row.id))) for row in rows]


def events_of(session: Session, jobs: Collection[str]) -> dict[int, Event]:
    """The event of each erasure of these jobs, by the number of its row."""
    told = _events_of(session, jobs)
    places = _places(session, told.keys())
    pairs = (zip(places.get(job, ()), told[job], strict=False) for job in told)
    return {row: event for of_job in pairs for row, event in of_job}


def differing(session: Session) -> Link | None:
    """An erasure's event whose row in the table says otherwise, or is not there; None when all agree.

    A row of which no event tells is given as number 0.
    """
    own = events.own_server(session)
    table = tables.Event.__table__
    told_of = select(table.c.job_id).where(table.c.kind == "erasure").distinct()
    jobs = {*session.scalars(select(tables.Erasure.job_id).distinct()), *session.scalars(told_of)}
    for job in sorted(jobs):
        rows = session.scalars(_rows_of([job])).all()
        told = _events_of(session, [job]).get(job, [])
        if len(rows) != len(told):
            return Link(own, told[0].sequence if told else 0, "")
        for row, event in zip(rows, told, strict=True):
            body = _body(event)
            if body is None or not _agrees(row, body):
                return Link(event.server, event.sequence, event.hash)
    return None


def _evidence(session: Session, row: tables.Erasure, event: Event | None) -> tuple[Erasure, Standing]:
    if event is None:
        return row.evidence, "missing"
    body = _body(event)
    if body is None or not in_its_chain(session, event):
        return row.evidence, "altered"
    return body, "proven" if _agrees(row, body) else "altered"


def _row(row: tables.Erasure, evidence: Erasure, standing: Standing) -> ErasureRow:
    if standing != "proven":
        evidence = replace(evidence, verdict="undetermined", level="none")
    return ErasureRow(
        id=row.id,
        machine_id=row.machine_id,
        job_id=row.job_id,
        at=row.at,
        verdict=evidence.verdict,
        level=evidence.level,
        evidence=evidence,
        in_chain=standing == "proven",
    )


def _agrees(row: tables.Erasure, body: Erasure) -> bool:
    said = (body.verdict, body.level, body.method)
    return body == row.evidence and said == (row.verdict, row.level, row.method)


def _body(event: Event) -> Erasure | None:
    try:
        return read_erasure(event.body)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def in_its_chain(session: Session, event: Event) -> bool:
    """Whether its content is what was hashed, and the event after it, or the chain's head, carries that hash."""
    if chain.sealed(event).hash != event.hash:
        return False
    after = session.get(tables.Event, (event.server, event.sequence + 1))
    if after is not None:
        return after.previous == event.hash
    head = session.get(tables.Chain, event.server)
    return head is not None and (head.sequence, head.hash) == (event.sequence, event.hash)


def _events_of(session: Session, jobs: Collection[str]) -> dict[str, list[Event]]:
    table = tables.Event.__table__
    wanted = select(*(table.c[name] for name in events.FIELDS)).where(
        and_(table.c.job_id.in_(list(jobs)), table.c.kind == "erasure")
    )
    events_by_job: dict[str, list[Event]] = {}
    for row in session.execute(wanted.order_by(table.c.server, table.c.sequence)):
        event = Event(*row)
        events_by_job.setdefault(event.job_id, []).append(event)
    return events_by_job


def _rows_of(jobs: Iterable[str]) -> Select[tables.Erasure]:
    return select(tables.Erasure).where(tables.Erasure.job_id.in_(list(jobs))).order_by(tables.Erasure.id)


def _places(session: Session, jobs: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for row in session.execute(_rows_of(jobs).with_only_columns(tables.Erasure.job_id, tables.Erasure.id)):
        places.setdefault(row.job_id, []).append(row.id)
    return places
