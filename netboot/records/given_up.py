"""A person ends the job of a PC that does not come back: a job that nothing ends holds its master for ever.

Not for: a PC that came back (`interruption.py` ends its job), or whose agent is on the line (the caller sees to that).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from netboot.records import events, jobs, tables
from netboot.records.refusals import NotThatVisit
from netboot.records.tables import require_row
from netboot.records.unfinished import unfinished


def give_up(session: Session, machine_id: str, job_id: str, *, who: str, now: datetime) -> None:
    """End this job as if its PC had been started again. Raises NotThatVisit when it is not the one at work there."""
    left = unfinished(session, [machine_id]).get(machine_id)
    if left is None or not left.running or left.job_id != job_id:
        raise NotThatVisit()
    row = require_row(session.get(tables.Job, job_id), "job")
    visit = require_row(session.get(tables.Visit, row.visit_id), "visit")
    body = {"by": events.person(session, who)}
    events.append(session, "job-given-up", body, now=now, machine=visit.machine_id, visit=visit.id, job=row.id)
    jobs.interrupt(session, visit, now=now)
