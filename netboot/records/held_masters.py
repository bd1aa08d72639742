"""The masters that jobs still hold, with the folders of their profiles: an agent fetches the very manifest that its job
was ordered, whatever came since.

A job holds its master from its beginning to its end, across restarts of the server and broken lines. That of a PC that
never comes back holds it until a person ends it (`given_up.py`). A choice that waits holds none: its job gets the
master that is current then.
Not for: what is deleted of a store (`store/upkeep.py`).
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import tables
from netboot.records.values import HeldMaster


def held(session: Session) -> tuple[HeldMaster, ...]:
    """One for each job that has begun, has not ended, and gives its PC a master; by the machine's number."""
    rows = session.execute(
        select(
            tables.Job.master_digest,
            tables.Job.profile,
            tables.Machine.number,
            tables.Machine.label,
            tables.Job.started,
        )
        .join(tables.Visit, tables.Visit.id == tables.Job.visit_id)
        .join(tables.Machine, tables.Machine.id == tables.Visit.machine_id)
        .where(tables.Job.state == "running", tables.Job.master_digest != "")
        .order_by(tables.Machine.number, tables.Job.started)
    )
    return tuple(
        HeldMaster(digest, number, label, started, frozenset(one.parcel for one in profile.settings.folders))
        for digest, profile, number, label, started in rows
    )
