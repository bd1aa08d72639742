"""From a choice to its job in one transaction: a server killed in between neither loses a choice nor uses it twice."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from netboot.imaging import Job
from netboot.records import choices, jobs
from netboot.records.values import Start, UnknownProfile

Prepare = Callable[[str], Start | None]
"""From a profile's id to what its job needs; None when there is no such profile."""


def begin(
    session: Session, visit_id: str, *, menu: str, prepare: Prepare, now: datetime
) -> Job | UnknownProfile | None:
    """Use up what this visit is to follow and start its job; None when nothing was chosen.

    UnknownProfile is given, not raised: that its choice was withdrawn is to be committed first. Raises NotOnRecord when
    the visit is unknown or has a job that is not over; the choice then waits on.
    """
    choice = choices.claim(session, visit_id, menu=menu, now=now)
    if choice is None:
        return None
    start = prepare(choice.profile)
    if start is None:
        choices.withdrawn(session, choice, who="", now=now)
        return UnknownProfile(choice.profile)
    choices.used(session, choice, visit_id, now=now)
    return jobs.start(
        session,
        visit_id,
        start.profile,
        master=start.master,
        hostname=start.hostname,
        chosen_by=choice.who or choice.source,
        target=choice.target,
        now=now,
    )
