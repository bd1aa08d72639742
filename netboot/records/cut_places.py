"""Whether a PC may resume in the place that it has in a batch: only if its work there was cut short.

When a breaker trips, a whole bench of half-erased PCs comes back at once. Each resumes in its own place and takes no
new one. A PC that has finished never resumes, nor one whose work failed, or that has done another job since. One that
is cut short again and again is left to a person. Decided by the record alone, without a clock.
Not for: whether the batch still takes anybody (`batches.py`).
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import tables, unfinished
from netboot.records.unfinished import Begun

AGAIN: Final = 3
"""How often a place is gone on with: a breaker may trip twice, a PC that stops each time is worn out."""


def place_to_go_on(session: Session, batch: tables.Batch, machine_id: str) -> int | None:
    """The number of the place that this machine has in this batch, if its work there was cut short; else None."""
    place = session.scalars(
        select(tables.BatchPlace).where(
            tables.BatchPlace.batch_id == batch.id, tables.BatchPlace.machine_id == machine_id
        )
    ).one_or_none()
    if place is None:
        return None
    jobs = unfinished.jobs_of(session, [machine_id]).get(machine_id, [])
    of_place = set(session.scalars(select(tables.Job.id).where(tables.Job.visit_id == place.visit_id)))
    first = next((number for number, job in enumerate(jobs) if job.job_id in of_place), len(jobs))
    since = jobs[first:]
    if not 0 < len(since) <= AGAIN or not all(_was_cut(job) for job in since) or not any(_had_begun(j) for j in since):
        return None
    ids = [job.job_id for job in since]
    rows = session.scalars(select(tables.Job).where(tables.Job.id.in_(ids))).all()
    if any(row.profile.id != batch.profile for row in rows):
        return None
    # Evidence that came late is of a PC that had not stopped at all.
    told = select(tables.Stage.id).where(
        tables.Stage.job_id.in_(ids), tables.Stage.state == "failed", tables.Stage.result.is_not(None)
    )
    return None if session.scalars(told).first() is not None else place.number


def _had_begun(job: Begun) -> bool:
    """Whether a stage of it was at work: what was never begun was not cut short either."""
    return any(state != "waiting" for _, state in job.stages)


def _was_cut(job: Begun) -> bool:
    """Whether its PC stopped before all was done. One that runs is asked for by a PC that starts anew."""
    return job.state in ("interrupted", "running") and job.next is not None and job.next[0] != "finish"
