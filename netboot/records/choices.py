"""What people chose, each choice for one visit: made on the page before or during it, or in the boot menu at its start.

A machine has one waiting choice at most: a newer one replaces it. `starting.py` uses it up.
It expires after a bench day: a PC that is started in a week must not be erased for a click that nobody remembers.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from netboot.jobs.disk_rules import as_seen
from netboot.jobs.seen import Seen
from netboot.records import events, machines, tables
from netboot.records.refusals import AtWork, NotOnRecord, NotThatVisit
from netboot.records.tables import require_row
from netboot.records.values import Choice, ChoiceSource
from netboot.shared.inventory import DiskId
from netboot.shared.stages.capture import CaptureOptions

CHOICE_LASTS: Final = timedelta(hours=24)
"""How long a choice waits for its machine. One that is made later than this from now is from a clock put back since."""


def choose(
    session: Session,
    machine_id: str,
    profile: str,
    *,
    who: str,
    target: DiskId | None,
    visit_id: str,
    shown: str,
    capture: CaptureOptions | None,
    now: datetime,
) -> Choice:
    """A signed-in person's choice for this machine: for the visit it has, or else its next one.

    It holds only while the PC is as it was in the visit that the person saw (`jobs/seen.py`); `shown` is the digest of
    that, "" for what the visit shows now. Raises AtWork, NotThatVisit when that has changed meanwhile.
    """
    if require_row(session.get(tables.Machine, machine_id), "machine").merged_into:
        raise NotOnRecord("this PC was merged into another one", hint="choose for that one")
    if at_work(session, machine_id):
        raise AtWork(
            "this PC is at work already",
            hint="wait until its job has ended; if it went away meanwhile, start it on the network and choose there",
        )
    seen = as_seen(require_row(session.get(tables.Visit, visit_id), "visit").inventory)
    if shown and shown != seen.digest:
        raise NotThatVisit
    cancel(session, machine_id, who=who, now=now)
    row = _add(session, machine_id, profile, who=who, source="page", target=target, seen=seen, capture=capture, now=now)
    session.flush()
    return as_value(row)


def claim(session: Session, visit_id: str, *, menu: str, now: datetime) -> tables.Choice | None:
    """Close the choice that this visit is to follow, and return it; None for none, or when another was faster.

    The caller says in an event whether it was `used` or `withdrawn`.

    `menu` is what the agent says was picked in the boot menu of this boot ("" for nothing). It counts once a visit, and
    before whatever waits: it was picked at the bench, later. What waited is withdrawn, never left for the next boot.
    """
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    if menu and not menu_has_counted(session, visit_id):
        cancel(session, visit.machine_id, who="", now=now)
        _add(session, visit.machine_id, menu, who="", source="menu", target=None, seen=None, capture=None, now=now)
    expire(session, now=now)
    row = waiting(session, visit.machine_id, now=now)
    if row is None:
        return None
    # The condition is the lock: of two takers on any database one changes the row, the other changes none.
    taken = session.execute(
        update(tables.Choice)
        .where(tables.Choice.id == row.id, tables.Choice.closed.is_(None))
        .values(closed=now, visit_id=visit_id)
        .returning(tables.Choice.id)
    ).all()
    return row if taken else None


def menu_has_counted(session: Session, visit_id: str) -> bool:
    """Whether what was picked in this boot's menu was followed or refused already."""
    wanted = select(tables.Choice.id).where(tables.Choice.visit_id == visit_id, tables.Choice.source == "menu")
    return session.scalars(wanted).first() is not None


def used(session: Session, row: tables.Choice, visit_id: str, *, now: datetime) -> None:
    """Record that this visit follows a claimed choice."""
    body = {"choice": row.id, "profile": row.profile}
    events.append(session, "choice-used", body, now=now, machine=row.machine_id, visit=visit_id)


def withdrawn(session: Session, row: tables.Choice, *, who: str, why: str = "", now: datetime) -> None:
    """Record that a closed choice was withdrawn; `why` where no person and no hello ended it."""
    body = {"choice": row.id, "by": events.person(session, who)} | ({"why": why} if why else {})
    events.append(session, "choice-withdrawn", body, now=now, machine=row.machine_id)


def cancel(session: Session, machine_id: str, *, who: str, only: str = "", now: datetime) -> bool:
    """Withdraw what waits for this machine, whatever it is or `only` the choice of this id. False when nothing did."""
    expire(session, now=now)
    row = waiting(session, machine_id, now=now)
    if row is None or (only and row.id != only):
        return False
    row.closed = now
    session.flush()
    withdrawn(session, row, who=who, now=now)
    return True


def expire(session: Session, *, now: datetime) -> None:
    """Withdraw every choice that has waited too long, each with its event."""
    old = select(tables.Choice).where(tables.Choice.closed.is_(None), ~_lasts(now))
    for row in session.scalars(old.order_by(tables.Choice.at)).all():
        row.closed = now
        session.flush()
        events.append(session, "choice-expired", {"choice": row.id}, now=now, machine=row.machine_id)


def waits(now: datetime) -> ColumnElement[bool]:
    """The condition on a choice that still counts."""
    return tables.Choice.closed.is_(None) & _lasts(now)


def waiting(session: Session, machine_id: str, *, now: datetime) -> tables.Choice | None:
    """The choice that waits for this machine."""
    wanted = select(tables.Choice).where(tables.Choice.machine_id == machine_id, waits(now))
    return session.scalars(wanted).one_or_none()


def waiting_at_boot(session: Session, *, mac: str, uuid: str, now: datetime) -> Choice | None:
    """The choice that waits for the machine whose loader tells this address and UUID."""
    machine = machines.at_boot(session, mac=mac, uuid=uuid)
    row = None if machine is None else waiting(session, machine.id, now=now)
    return None if row is None else as_value(row)


def as_value(row: tables.Choice) -> Choice:
    """The row as callers get it."""
    return Choice(
        id=row.id,
        machine_id=row.machine_id,
        profile=row.profile,
        who=row.who,
        source="menu" if row.source == "menu" else "page",
        at=row.at,
        target=row.target,
        capture=row.capture,
    )


def _lasts(now: datetime) -> ColumnElement[bool]:
    return (tables.Choice.at > now - CHOICE_LASTS) & (tables.Choice.at <= now + CHOICE_LASTS)


def _add(
    session: Session,
    machine_id: str,
    profile: str,
    *,
    who: str,
    source: ChoiceSource,
    target: DiskId | None,
    seen: Seen | None,
    capture: CaptureOptions | None,
    now: datetime,
) -> tables.Choice:
    row = tables.Choice(
        id=secrets.token_hex(16),
        machine_id=machine_id,
        profile=profile,
        who=who,
        source=source,
        at=now,
        target=target,
        seen=seen,
        closed=None,
        capture=capture,
        visit_id=None,
    )
    session.add(row)
    session.flush()
    body = {
        "choice": row.id,
        "profile": profile,
        "source": source,
        "by": events.person(session, who),
        "target": None if target is None else _disk_name(target),
        "disks": None if seen is None else [_disk_name(disk) for disk in seen.disks],
    }
    if capture is not None:
        body["master"] = {"name": capture.name, "version": capture.version, "licence": capture.licence}
    events.append(session, "choice-made", body, now=now, machine=machine_id)
    return row


def _disk_name(disk: DiskId) -> dict[str, str | int]:
    return {"serial": disk.serial, "wwn": disk.wwn, "size": disk.size}


def at_work(session: Session, machine_id: str) -> bool:
    """Whether the machine's newest job is not over: of the earlier ones, each ended before the next began."""
    wanted = select(tables.Job.id).join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
    return (
        session.scalars(wanted.where(tables.Visit.machine_id == machine_id, tables.Job.state == "running")).first()
        is not None
    )
