"""People's answers about a PC's disks (`netboot/jobs/disk_answers.py`), each with its event, and the jobs that used it.

An answer is never changed: a later one about the same thing counts instead. One that tells a disk only by its place in
the PC counts for that visit alone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from netboot.jobs.disk_answers import Answer
from netboot.records import choices, events, tables
from netboot.records.refusals import AtWork, NotOnRecord
from netboot.records.tables import require_row
from netboot.records.values import AnswerRow
from netboot.shared.inventory import DiskId

ANSWERS_READ: Final = 512
"""Answers of one machine that count, the newest: more than a PC has disks, and than people say of one."""


def give(
    session: Session, machine_id: str, visit_id: str, answers: Iterable[Answer], *, who: str, now: datetime
) -> None:
    """A signed-in person's answers about what this visit showed. Raises AtWork, NotOnRecord when the visit is over."""
    visit = session.get(tables.Visit, visit_id)
    if visit is None or visit.machine_id != machine_id:
        raise NotOnRecord("this visit is not on the record", hint="reload the page")
    if choices.at_work(session, machine_id):
        raise AtWork("this PC is at work already", hint="wait until its job has ended")
    for answer in answers:
        placed = answer.disk is not None and answer.disk.by_place
        if placed and visit.closed is not None:
            raise NotOnRecord("this visit is over", hint="start the PC on the network again, and answer then")
        row = tables.DiskAnswer(
            machine_id=machine_id, visit_id=visit_id if placed else None, answer=answer, who=who, at=now
        )
        session.add(row)
        session.flush()
        body = {
            "answer": row.id,
            "kind": answer.kind,
            "controller": answer.controller,
            "disk": None if answer.disk is None else _facts(answer.disk),
            "label": answer.label,
            "by": events.person(session, who),
        }
        events.append(session, "disk-answer", body, now=now, machine=machine_id, visit=visit_id)


def of_machine(session: Session, machine_id: str) -> tuple[AnswerRow, ...]:
    """What was said for every visit of this machine, in order."""
    return _read(session, machine_id, tables.DiskAnswer.visit_id.is_(None))


def of_visit(session: Session, machine_id: str, visit_id: str) -> tuple[AnswerRow, ...]:
    """What was said for every visit of this machine, and for this one, in order."""
    here = or_(tables.DiskAnswer.visit_id.is_(None), tables.DiskAnswer.visit_id == visit_id)
    return _read(session, machine_id, here)


def follow(session: Session, job_id: str, answers: Sequence[AnswerRow]) -> None:
    """This job goes by these answers."""
    session.add_all(tables.JobAnswer(job_id=job_id, answer_id=row.id) for row in answers)
    session.flush()


def of_jobs(session: Session, job_ids: Iterable[str]) -> dict[str, tuple[AnswerRow, ...]]:
    """The answers that each of these jobs goes by, in order."""
    wanted = (
        select(tables.JobAnswer.job_id, tables.DiskAnswer)
        .join(tables.DiskAnswer, tables.DiskAnswer.id == tables.JobAnswer.answer_id)
        .where(tables.JobAnswer.job_id.in_(list(job_ids)))
        .order_by(tables.DiskAnswer.id)
    )
    followed: dict[str, tuple[AnswerRow, ...]] = {}
    for job_id, row in session.execute(wanted):
        followed[job_id] = (*followed.get(job_id, ()), _value(row))
    return followed


def _read(session: Session, machine_id: str, which: ColumnElement[bool]) -> tuple[AnswerRow, ...]:
    require_row(session.get(tables.Machine, machine_id), "machine")
    wanted = select(tables.DiskAnswer).where(tables.DiskAnswer.machine_id == machine_id, which)
    newest = session.scalars(wanted.order_by(tables.DiskAnswer.id.desc()).limit(ANSWERS_READ)).all()
    return tuple(_value(row) for row in reversed(newest))


def _value(row: tables.DiskAnswer) -> AnswerRow:
    return AnswerRow(row.id, row.answer, row.who, row.at)


def _facts(disk: DiskId) -> dict[str, object]:
    place = {"path": disk.path, "sequence": disk.sequence} if disk.by_place else {}
    return {"serial": disk.serial, "wwn": disk.wwn, "size": disk.size, **place}
