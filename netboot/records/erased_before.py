"""Jobs that go by the erase of an earlier one whose deploy was cut short: found when one begins, and kept beside it.

Every reading proves the erase anew from the journal. A disk that was erased since, or seen in another machine, is not
what that erase left; nor is one of which another line may have spoken.
Not for: when a job may go by one (`netboot/jobs/cut_deploys.py`).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from netboot.jobs.cut_deploys import LASTS
from netboot.jobs.erased_before import ErasedBefore
from netboot.records import machines, proofs, tables
from netboot.records.tables import Base
from netboot.records.values import CONTESTED, ErasureRow
from netboot.shared.stages import WRITING


class ErasedBy(Base):
    """A job goes by the erase of this other one."""

    __tablename__ = "erased_before"
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    erased_by: Mapped[str] = mapped_column(ForeignKey("jobs.id"))


def keep(session: Session, job_id: str, before: ErasedBefore) -> None:
    """The job goes by it."""
    session.add(ErasedBy(job_id=job_id, erased_by=before.job))
    session.flush()


def of_job(session: Session, job_id: str) -> ErasedBefore | None:
    """By which erase this job goes, as the journal proves it; None where it goes by none."""
    row = session.get(ErasedBy, job_id)
    return None if row is None else _proven(session, row.erased_by)


def of_jobs(session: Session, job_ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
    """By whose erase each of these jobs goes, of those that go by another's, and when that ended; none that the journal
    does not prove."""
    rows = session.scalars(select(ErasedBy).where(ErasedBy.job_id.in_(job_ids))).all()
    ended = {name: [one.at for one in _good(session, name)] for name in {row.erased_by for row in rows}}
    return {row.job_id: (row.erased_by, max(ended[row.erased_by])) for row in rows if ended[row.erased_by]}


def newest_writing(session: Session, machine_id: str) -> tables.Job | None:
    """The machine's job that writes to disks and began last, but none of a kit: when that really was nobody knows."""
    wanted = (
        select(tables.Job, tables.Visit.kit)
        .join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
        .join(tables.Stage, tables.Stage.job_id == tables.Job.id)
        .where(tables.Visit.machine_id == machine_id, tables.Stage.stage.in_(WRITING))
        .order_by(tables.Stage.id.desc())  # the clock may have been put back
        .limit(1)
    )
    found = session.execute(wanted).first()
    return None if found is None or found.kit else found[0]


def standing(session: Session, row: tables.Job, machine_id: str, *, now: datetime) -> ErasedBefore | None:
    """The erase that this job did, or went by, if it holds still: it is not old, and nothing is known of its disks
    since but this machine."""
    by = session.get(ErasedBy, row.id)
    before = _proven(session, row.id if by is None else by.erased_by)
    if before is None or _spoken_against(session, {row.id, before.job}):
        return None
    return before if _holds(session, before, machine_id, now) else None


def _proven(session: Session, job_id: str) -> ErasedBefore | None:
    row = session.get(tables.Job, job_id)
    good = _good(session, job_id)
    if row is None or not good:
        return None
    return ErasedBefore(job=row.id, profile=row.profile.digest, disks=tuple(one.evidence.disk for one in good))


def _good(session: Session, job_id: str) -> list[ErasureRow]:
    return [one for one in _erasures(session, job_id) if one.verdict == "erased" and one.evidence.given_back is None]


def _erasures(session: Session, job_id: str) -> list[ErasureRow]:
    wanted = select(tables.Erasure).where(tables.Erasure.job_id == job_id).order_by(tables.Erasure.id)
    return proofs.shown(session, session.scalars(wanted).all())


def _spoken_against(session: Session, job_ids: Collection[str]) -> bool:
    """Whether one of these jobs was a visit's that may be another PC's: its certificate would be none either."""
    wanted = (
        select(tables.Job.id)
        .join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
        .where(tables.Job.id.in_(job_ids), tables.Visit.standing.in_((*CONTESTED, "refused")))
    )
    return session.scalars(wanted).first() is not None


def _holds(session: Session, before: ErasedBefore, machine_id: str, now: datetime) -> bool:
    rows = _erasures(session, before.job)
    if any(not row.at <= now <= row.at + LASTS for row in rows):
        return False
    newest = max(row.id for row in rows)
    ids = {disk.id for named in before.disks for disk in machines.disks_named(session, named)}
    later = select(tables.Erasure.id).where(tables.Erasure.disk_id.in_(ids), tables.Erasure.id > newest)
    elsewhere = (
        select(tables.DiskSighting.visit_id)
        .join(tables.Visit, tables.Visit.id == tables.DiskSighting.visit_id)
        .where(tables.DiskSighting.disk_id.in_(ids), tables.Visit.machine_id != machine_id)
        .where(or_(tables.Visit.closed.is_(None), tables.Visit.closed >= min(row.at for row in rows)))
    )
    return bool(ids) and session.scalars(later).first() is None and session.scalars(elsewhere).first() is None
