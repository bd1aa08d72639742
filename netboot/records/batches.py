"""Batches: a person arms a profile for the next PCs that boot from the network, so many and no more.

A place is taken at an agent's hello, never by reading a menu. A machine takes one place at most, and none when a job
wrote to its disks within the bench day: a PC that reboots after its job boots its own disk. One whose work was cut
short resumes in its place (`cut_places.py`), even when all are taken, until the batch is disarmed. Only one batch is
armed at a time, so that people at the bench need not guess which; like a choice it lasts one bench day
(`bench_day.py`).
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import cast

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from netboot.jobs.identity import keys_of, real_uuid
from netboot.records import events, machines, tables
from netboot.records.choices import CHOICE_LASTS
from netboot.records.cut_places import place_to_go_on
from netboot.records.refusals import BatchArmed, NoPlace
from netboot.records.tables import require_row
from netboot.records.values import Batch, BatchEnd, PlaceRow


def arm(session: Session, profile: str, places: int, *, who: str, instead: str, now: datetime) -> Batch:
    """Arm a profile for the next PCs. `instead` is the batch that this one replaces, as the person saw it.

    Raises BatchArmed when another batch is armed than the one that was seen.
    """
    before = _armed(session, now)
    if before is not None:
        if before.id != instead:
            raise BatchArmed("another batch is armed", hint="look at it, then replace it or let it go on")
        _close(session, before, "replaced", who=who, now=now)
    row = tables.Batch(
        id=secrets.token_hex(16), profile=profile, places=places, taken=0, who=who, at=now, closed=None, ending=""
    )
    session.add(row)
    session.flush()
    body = {"batch": row.id, "profile": profile, "places": places, "by": events.person(session, who)}
    events.append(session, "batch-armed", body, now=now)
    return _value(session, row)


def disarm(session: Session, batch_id: str, *, who: str, now: datetime) -> bool:
    """Let no further PC take a place, or go on in one. False when the batch was over already."""
    row = _armed(session, now) or _newest(session)
    if row is None or row.id != batch_id or not _takes_back(row, now):
        return False
    _close(session, row, "disarmed", who=who, now=now)
    return True


def close_changed(session: Session, profiles: Collection[str], *, now: datetime) -> tuple[str, ...]:
    """End the armed batch if it is for one of these profiles, which were changed; gives the profile's id."""
    row = _armed(session, now)
    if row is None or row.profile not in profiles:
        return ()
    _close(session, row, "changed", now=now)
    return (row.profile,)


def close_restored(session: Session, *, now: datetime) -> None:
    """End the armed batch, and let none go on: this record is older than what was done since."""
    row = _newest(session)
    if row is not None and row.ending in ("", "full"):
        _close(session, row, "restored", now=now)


def take_place(session: Session, row: tables.Batch, visit_id: str, *, began: int, now: datetime) -> NoPlace | None:
    """Take a place in this batch for the visit's machine, or go on in its own that was cut short.

    Of two takers of the last place the second gets NoPlace.
    """
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    same = set(machines.all_ids(session, visit.machine_id))
    if not keys_of(visit.inventory):
        same |= _came_by(session, visit.mac, began, now)
    if _goes_on(session, row, visit, now):
        return None
    if _had_its_turn(session, same, began, now):
        return NoPlace("batch-again")
    _armed(session, now)  # closes one that is too old
    # The condition is the lock: of two takers on any database one changes the row, the other changes none.
    taken = session.execute(
        update(tables.Batch)
        .where(tables.Batch.id == row.id, tables.Batch.closed.is_(None), tables.Batch.taken < tables.Batch.places)
        .values(taken=tables.Batch.taken + 1)
        .returning(tables.Batch.taken)
    ).scalar()
    if taken is None:
        return NoPlace("batch-full" if row.ending == "full" else "batch-over", places=row.places)
    session.refresh(row)
    session.add(
        tables.BatchPlace(batch_id=row.id, number=taken, machine_id=visit.machine_id, visit_id=visit.id, at=now)
    )
    session.flush()
    body = {"batch": row.id, "profile": row.profile, "place": taken, "places": row.places}
    events.append(session, "batch-place", body, now=now, machine=visit.machine_id, visit=visit.id)
    if taken == row.places:
        _close(session, row, "full", now=now)
    return None


def offered(session: Session, *, mac: str, uuid: str, began: int, now: datetime) -> Batch | None:
    """The armed batch, if the PC whose loader tells these names may have a place in it. Nothing is changed."""
    row = _newest(session)
    if row is None or not _takes_back(row, now):
        return None
    same = machines.ids_at_boot(session, mac=mac, uuid=uuid)
    machine = machines.at_boot(session, mac=mac, uuid=uuid)
    if machine is not None and place_to_go_on(session, row, machine.id) is not None:
        return _value(session, row)
    if row.closed is not None:
        return None
    if not real_uuid(uuid):
        same |= _came_by(session, mac, began, now)
    return None if _had_its_turn(session, same, began, now) else _value(session, row)


def newest(session: Session, *, now: datetime) -> Batch | None:
    """The batch that is armed, or else the last one of this bench day: it says how it ended."""
    row = _newest(session)
    if row is None or _is_old(row, now):
        return None
    return _value(session, row)


def _newest(session: Session) -> tables.Batch | None:
    order = (tables.Batch.closed.is_(None).desc(), tables.Batch.at.desc())  # the clock may have been put back
    return session.scalars(select(tables.Batch).order_by(*order).limit(1)).first()


def _armed(session: Session, now: datetime) -> tables.Batch | None:
    """The batch that is armed; one that is too old is closed first."""
    row = session.scalars(select(tables.Batch).where(tables.Batch.closed.is_(None))).one_or_none()
    if row is not None and _is_old(row, now):
        _close(session, row, "expired", now=now)
        return None
    return row


def _takes_back(row: tables.Batch, now: datetime) -> bool:
    """Whether its own PCs may go on in their places: one that is full waits for them."""
    return row.ending in ("", "full") and not _is_old(row, now)


def _goes_on(session: Session, row: tables.Batch, visit: tables.Visit, now: datetime) -> bool:
    newest = _newest(session)
    if newest is None or newest.id != row.id or not _takes_back(row, now):
        return False
    number = place_to_go_on(session, row, visit.machine_id)
    if number is None:
        return False
    body = {"batch": row.id, "profile": row.profile, "place": number, "places": row.places}
    events.append(session, "batch-place-again", body, now=now, machine=visit.machine_id, visit=visit.id)
    return True


def _is_old(row: tables.Batch, now: datetime) -> bool:
    return not now - CHOICE_LASTS < row.at <= now + CHOICE_LASTS


def _close(session: Session, row: tables.Batch, ending: BatchEnd, *, now: datetime, who: str = "") -> None:
    row.closed, row.ending = now, ending
    session.flush()
    body = {"batch": row.id, "why": ending, "taken": row.taken, "by": events.person(session, who)}
    events.append(session, "batch-closed", body, now=now)


def _had_its_turn(session: Session, machine_ids: Collection[str], began: int, now: datetime) -> bool:
    """Whether one of these machines had a place, or a job that writes to disks, within the bench day.

    By the wall clock, and by what is on the record after the event `began`: either may be wrong in one way only.
    """
    since = tables.Event.sequence > began, tables.Event.server == events.own_server(session)
    lately = tables.BatchPlace.machine_id.in_(machine_ids) & (tables.BatchPlace.at > now - CHOICE_LASTS)
    if session.scalars(select(tables.BatchPlace.batch_id).where(lately)).first() is not None:
        return True
    wanted = (
        select(tables.Job)
        .join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
        .where(tables.Visit.machine_id.in_(machine_ids))
        .where((tables.Job.started > now - CHOICE_LASTS) | (tables.Job.state == "running"))
    )
    if any(job.profile.writes for job in session.scalars(wanted)):
        return True
    # What a PC did that day: that its job of long ago ends as interrupted, when it comes, is nothing that it did.
    did = tables.Event.kind.in_(("job-started", "stage-started", "erasure", "job-ended")) & ~tables.Event.body.contains(
        '"state":"interrupted"'
    )
    told = (
        select(tables.Job)
        .join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
        .where(tables.Visit.machine_id.in_(machine_ids))
        .where(exists().where(tables.Event.job_id == tables.Job.id, did, *since))
    )
    placed = select(tables.Event.sequence).where(
        tables.Event.machine_id.in_(machine_ids), tables.Event.kind == "batch-place", *since
    )
    return any(job.profile.writes for job in session.scalars(told)) or session.scalars(placed).first() is not None


def _came_by(session: Session, mac: str, began: int, now: datetime) -> set[str]:
    """The machines that came by this adapter and did something within the bench day.

    It is all that is known of a PC without other names. Its visit may be older: an erase can take longer than a day.
    """
    if not mac:
        return set()
    # Not by its machine: a visit of one that was merged into another goes on as that one's, its events do not.
    did = tables.Visit.id.in_(
        select(tables.Event.visit_id).where(
            tables.Event.sequence > began, tables.Event.server == events.own_server(session)
        )
    )
    lately = (tables.Visit.opened > now - CHOICE_LASTS) | did
    return set(session.scalars(select(tables.Visit.machine_id).where(tables.Visit.mac == mac, lately).distinct()))


def _value(session: Session, row: tables.Batch) -> Batch:
    places = session.execute(
        select(tables.BatchPlace.number, tables.BatchPlace.machine_id, tables.Machine.label, tables.BatchPlace.at)
        .join(tables.Machine, tables.Machine.id == tables.BatchPlace.machine_id)
        .where(tables.BatchPlace.batch_id == row.id)
        .order_by(tables.BatchPlace.number)
    )
    return Batch(
        id=row.id,
        profile=row.profile,
        places=row.places,
        taken=tuple(PlaceRow(*place) for place in places),
        who=row.who,
        at=row.at,
        until=row.at + CHOICE_LASTS,
        closed=row.closed,
        ending=cast(BatchEnd, row.ending),
    )
