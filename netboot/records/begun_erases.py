"""Erases that were begun and of which no end is on the record: what the next order about such a disk is given.

Each is kept with its event before the PC's drive hears of it; how far an overwrite is is not worth an event, and only
the newest figure is kept. An erasure of the disk that is entered afterwards, of whatever job, closes it. A disk without
a serial number and WWN is nobody's: of it nothing is kept. Bounded for each disk of a job (`MOST`), and counted for the
address that it comes from: nothing is ever taken out of the record. Not for: what is made of it (`jobs/erase_cuts.py`).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from netboot.records import chain, events, machines, tables
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId

MOST: Final = 64
"""Events of one disk in one job: each of some fifteen methods is begun, and taken by the drive; once more where the
agent began anew."""


def keep(session: Session, job: tables.Job, visit: tables.Visit, begun: Begun, *, now: datetime) -> int:
    """Keep it, with an event; the same once more changes nothing. Gives how many bytes that adds."""
    disk = machines.find_disk(session, begun.disk)
    if disk is None:
        return 0
    begun = replace(begun, at=max(0.0, now.timestamp()))
    row = _row(session, job.id, disk.id)
    if _is_too_much(session, job.id, new=row is None):
        return 0
    if row is None:
        after = max(_newest(session, one.id) for one in machines.disks_named(session, begun.disk))
        row = tables.BegunErase(job_id=job.id, disk_id=disk.id, begun=begun, done=_told(begun), after=after)
        session.add(row)
    elif (row.begun.method, row.begun.taken) == (begun.method, begun.taken):
        return 0
    elif begun.taken and row.begun.method == begun.method:
        row.begun = replace(begun, at=row.begun.at)
    else:
        row.begun, row.done = begun, _told(begun)
    session.flush()
    body = msgspec.to_builtins(begun)
    events.append(session, "erase-begun", body, now=now, machine=visit.machine_id, visit=visit.id, job=job.id)
    return len(chain.canonical(body))


def reached(session: Session, job_id: str, wanted: DiskId, done: int) -> None:
    """An overwrite of this job has written about so many bytes of this disk."""
    disk = machines.find_disk(session, wanted)
    row = None if disk is None else _row(session, job_id, disk.id)
    if row is not None and row.begun.method == "overwrite":
        row.done = max(row.done, min(done, row.begun.size or wanted.size))


def unended(session: Session, disks: Iterable[DiskId]) -> Iterator[Begun]:
    """What was begun last on each of these disks, where no end of it is on the record.

    A disk that gave back what it hid is another one to the record since: what was begun on it then is of its new size.
    """
    for wanted in disks:
        ids = [disk.id for disk in machines.disks_named(session, wanted)]
        newest = select(tables.BegunErase).where(tables.BegunErase.disk_id.in_(ids))
        row = session.scalars(newest.order_by(tables.BegunErase.id.desc()).limit(1)).first()
        if row is None or max(_newest(session, one) for one in ids) > row.after:
            continue
        if (row.begun.size or row.begun.disk.size) == wanted.size:
            yield replace(row.begun, disk=wanted, done=row.done)


def _is_too_much(session: Session, job_id: str, *, new: bool) -> bool:
    """Whether this job has told more than an honest agent can; `new`: of one more disk now."""
    disks = select(func.count()).where(tables.BegunErase.job_id == job_id)
    told = select(func.count()).where(tables.Event.job_id == job_id, tables.Event.kind == "erase-begun")
    return session.scalars(told).one() >= MOST * (session.scalars(disks).one() + new)


def _told(begun: Begun) -> int:
    return min(begun.done, begun.size or begun.disk.size)


def _row(session: Session, job_id: str, disk_id: int) -> tables.BegunErase | None:
    wanted = select(tables.BegunErase).where(tables.BegunErase.job_id == job_id, tables.BegunErase.disk_id == disk_id)
    return session.scalars(wanted).one_or_none()


def _newest(session: Session, disk_id: int) -> int:
    """The number of this disk's newest erasure; 0 for none."""
    return session.scalar(select(func.max(tables.Erasure.id)).where(tables.Erasure.disk_id == disk_id)) or 0
