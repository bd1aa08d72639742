"""The host names of PCs: each one's from its newest job that succeeded and wrote to a disk. Read only."""

from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from netboot.jobs.named import Named
from netboot.records import tables
from netboot.shared.stages import WRITING

NAMES: Final = 4096
"""Names that are remembered: the newest. A workshop has four technicians for 2,000 PCs."""


def named_pcs(session: Session) -> tuple[Named, ...]:
    """The PCs that have a name, oldest first; without addresses, which nobody keeps."""
    merged = select(tables.Machine.id).where(tables.Machine.merged_into == tables.Visit.machine_id)
    own_adapter = exists().where(
        (tables.MachineKey.machine_id == tables.Visit.machine_id) | tables.MachineKey.machine_id.in_(merged),
        tables.MachineKey.kind == "mac",
        tables.MachineKey.value == tables.Visit.mac,
    )
    done = exists().where(tables.Stage.job_id == tables.Job.id, tables.Stage.state == "done")
    wrote = done.where(tables.Stage.stage.in_(sorted(WRITING)))
    gave_name = done.where(tables.Stage.stage == "customise")
    rows = session.execute(
        select(
            tables.Visit.machine_id, tables.Visit.mac, tables.Job.hostname, tables.Job.profile, gave_name, own_adapter
        )
        .join(tables.Job, tables.Job.visit_id == tables.Visit.id)
        .where(tables.Job.state == "done", wrote)
        .order_by(tables.Job.ended)
    )
    newest: dict[str, Named] = {}
    for machine, mac, hostname, profile, has_name, own in rows:
        newest.pop(machine, None)
        if has_name and own and not profile.leaves_as_is:
            newest[machine] = Named(machine, hostname, mac)
    return tuple(newest.values())[-NAMES:]
