"""Merges two machines that an operator says are one PC, and separates them again.

A PC that came back with another adapter and another disk cannot be told from a twin (`jobs/identity.py`), so it got a
new number. Merged, it is recognised by the keys of both, and its later visits belong to the machine it was merged into.
Nothing earlier is rewritten, so that a merge can be undone. Not for: finding a hello's machine (`machines.py`).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from netboot.records import choices, events, tables, visits
from netboot.records.refusals import CannotMerge
from netboot.records.tables import require_row

LOOK_ALIKES: Final = 20


def look_alikes(session: Session, machine_id: str) -> list[str]:
    """The newest machines that have a text, an adapter or a disk in common with this one: it may be one of them."""
    mine, theirs = aliased(tables.MachineKey), aliased(tables.MachineKey)
    by_key = (
        select(theirs.machine_id)
        .join(mine, (mine.kind == theirs.kind) & (mine.value == theirs.value))
        .where(mine.machine_id == machine_id)
    )
    seen_in = _disks_of(machine_id).subquery()
    by_disk = (
        select(tables.Visit.machine_id)
        .join(tables.DiskSighting, tables.DiskSighting.visit_id == tables.Visit.id)
        .where(tables.DiskSighting.disk_id.in_(select(seen_in.c.disk_id)))
    )
    wanted = select(tables.Machine.id).where(
        tables.Machine.id != machine_id,
        tables.Machine.merged_into.is_(None),
        tables.Machine.id.in_(by_key) | tables.Machine.id.in_(by_disk),
    )
    return list(session.scalars(wanted.order_by(tables.Machine.number.desc()).limit(LOOK_ALIKES)))


def merge(session: Session, machine_id: str, into_id: str, *, who: str, on_line: frozenset[str], now: datetime) -> None:
    """From now on the PC of `machine_id` is the machine `into_id`. Raises CannotMerge, NotOnRecord.

    What waits for either is withdrawn: it was chosen for the PC as it was seen. A job that was left is ended.
    """
    going = require_row(session.get(tables.Machine, machine_id), "machine")
    staying = require_row(session.get(tables.Machine, into_id), "machine")
    merged = select(tables.Machine.id).where(tables.Machine.merged_into == going.id)
    if going.id == staying.id or going.merged_into or staying.merged_into or session.scalars(merged).first():
        raise CannotMerge("merged")
    if visits.is_on_line(session, going.id, on_line):
        raise CannotMerge("on-line")
    visits.leave_off(session, going.id, now=now)
    for each in (going, staying):
        choices.cancel(session, each.id, who=who, now=now)
    going.merged_into = staying.id
    session.flush()
    _append(session, "machine-merged", going, staying, who, now)


def separate(session: Session, machine_id: str, *, who: str, now: datetime) -> bool:
    """The machine is one of its own again; what was done meanwhile stays with the other. False when it was already."""
    going = require_row(session.get(tables.Machine, machine_id), "machine")
    if going.merged_into is None:
        return False
    staying = require_row(session.get(tables.Machine, going.merged_into), "machine")
    choices.cancel(session, staying.id, who=who, now=now)
    going.merged_into = None
    session.flush()
    _append(session, "machine-separated", going, staying, who, now)
    return True


def _disks_of(machine_id: str) -> Select[int]:
    return (
        select(tables.DiskSighting.disk_id)
        .join(tables.Visit, tables.Visit.id == tables.DiskSighting.visit_id)
        .where(tables.Visit.machine_id == machine_id)
    )


def _append(
    session: Session, kind: events.Kind, going: tables.Machine, staying: tables.Machine, who: str, now: datetime
) -> None:
    """One event in the history of each."""
    body = {"number": going.number, "into": staying.number, "by": events.person(session, who)}
    for each in (going, staying):
        events.append(session, kind, body, now=now, machine=each.id)
