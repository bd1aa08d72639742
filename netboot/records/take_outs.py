"""Disks that were taken out of their PCs (`netboot/jobs/disk_take_out.py`), each word with its event.

No word is ever changed: a later one about the same disk counts instead. Read of a machine for its page, and of a visit
for its papers: what was said of it and of the machine's earlier visits.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.disk_take_out import TakeOut, ToTakeOut, to_take_out
from netboot.records import choices, events, exceptions, jobs, tables
from netboot.records.paper_values import TakeOutRow
from netboot.records.people import FORGOTTEN
from netboot.records.refusals import AtWork, NotThatVisit
from netboot.records.tables import require_row
from netboot.shared.inventory import DiskId

VISITS_READ: Final = 16
"""A machine's newest visits that are looked through for a disk that was to be taken out."""
READ: Final = 512


def to_be_told(session: Session, machine_id: str, newest: str) -> tuple[ToTakeOut, ...]:
    """The disks of which may be said that they were taken out, as the visit `newest` and those before it show them.

    Of earlier visits those that their profile wanted out, and that are not in the PC now.
    """
    require_row(session.get(tables.Machine, machine_id), "machine")
    said = of_machine(session, machine_id)
    visits = _visits(session, machine_id, newest)
    here = [disk.id for visit in visits[:1] for disk in visit.inventory.disks]
    found: list[ToTakeOut] = []
    for place, visit in enumerate(visits):
        for one in _of_visit(session, visit):
            last = _last_word(said, one.disk)
            gone = place > 0 and not any(one.disk.same_as(disk) for disk in here)
            open_question = one.asked and gone and (last is None or last.became != "destroyed")
            if (place == 0 or open_question) and not any(one.disk.same_as(other.disk) for other in found):
                found.append(replace(one, said=last))
    return tuple(found)


def tell(session: Session, machine_id: str, newest: str, key: str, told: TakeOut, *, who: str, now: datetime) -> None:
    """A signed-in person's word about the disk of this key (`ToTakeOut.key`); `told` has its other fields.

    Raises NotThatVisit when no such disk is asked about any more, AtWork.
    """
    if choices.at_work(session, machine_id):
        raise AtWork("this PC is at work already", hint="wait until its job has ended")
    asked = next((one for one in to_be_told(session, machine_id, newest) if one.key == key), None)
    if asked is None:
        raise NotThatVisit
    row = tables.DiskTakeOut(
        machine_id=machine_id,
        visit_id=asked.visit,
        take_out=replace(told, disk=asked.disk, label=asked.label),
        salt=secrets.token_hex(32),
        who=who,
        at=now,
    )
    session.add(row)
    session.flush()
    body = {**_body(row), "by": events.person(session, who)}
    events.append(session, "disk-taken-out", body, now=now, machine=machine_id, visit=asked.visit)


def of_machine(session: Session, machine_id: str) -> tuple[TakeOutRow, ...]:
    """All that was said of this machine's disks, in order."""
    wanted = select(tables.DiskTakeOut).where(tables.DiskTakeOut.machine_id == machine_id)
    newest = session.scalars(wanted.order_by(tables.DiskTakeOut.id.desc()).limit(READ)).all()
    return tuple(_value(session, row) for row in reversed(newest))


def of_visit(session: Session, visit: tables.Visit) -> tuple[TakeOutRow, ...]:
    """What was said of the disks of this visit and of the machine's earlier ones; the last word about each."""
    before = {row.id for row in _visits(session, visit.machine_id, visit.id, most=READ)}
    rows = [row for row in of_machine(session, visit.machine_id) if row.visit_id in before]
    return tuple(
        row
        for place, row in enumerate(rows)
        if not any(row.take_out.disk.same_as(later.take_out.disk) for later in rows[place + 1 :])
    )


def _of_visit(session: Session, visit: tables.Visit) -> tuple[ToTakeOut, ...]:
    row = jobs.newest(session, visit.id)
    if row is None or row.state == "running" or (row.state == "done" and exceptions.of_job(session, row.id) is None):
        return ()  # a PC that was done without an exception has no such disk
    return to_take_out(visit.id, jobs.restored(session, row), exceptions.judged(session, visit.id))


def _visits(session: Session, machine_id: str, newest: str, *, most: int = VISITS_READ) -> Sequence[tables.Visit]:
    """This visit and those of its machine before it, newest first, without those that a person refused."""
    last = require_row(session.get(tables.Visit, newest), "visit")
    wanted = (
        select(tables.Visit)
        .where(tables.Visit.machine_id == machine_id, tables.Visit.id != newest)
        .where(tables.Visit.opened <= last.opened, tables.Visit.standing != "refused")
        .order_by(tables.Visit.opened.desc())
        .limit(most - 1)
    )
    return [last, *session.scalars(wanted).all()]


def _last_word(said: Sequence[TakeOutRow], disk: DiskId) -> TakeOut | None:
    return next((row.take_out for row in reversed(said) if row.take_out.disk.same_as(disk)), None)


def _body(row: tables.DiskTakeOut) -> dict[str, object]:
    disk = row.take_out.disk
    return {
        "take_out": row.id,
        "disk": {"serial": disk.serial, "wwn": disk.wwn, "size": disk.size, "path": "" if disk.named else disk.path},
        "label": row.take_out.label,
        "taken_by": events.sealed_text(row.salt, row.take_out.taken_by),
        "became": row.take_out.became,
    }


def _value(session: Session, row: tables.DiskTakeOut) -> TakeOutRow:
    said = _body(row)
    if row.take_out.taken_by == FORGOTTEN:
        del said["taken_by"]
    found = exceptions.events_of(session, "disk-taken-out", row.visit_id, row.machine_id)
    return TakeOutRow(
        id=row.id,
        visit_id=row.visit_id,
        take_out=row.take_out,
        who=row.who,
        at=row.at,
        event=exceptions.told_in(session, found, said),
    )
