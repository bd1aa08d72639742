"""Policies that people set on the page for single PCs, by address or UUID; also for PCs that never said hello.

Each change is an event. Those of the settings file are not here: `netboot/workshop/policies.py` combines both.
"""

from collections.abc import Collection
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.identity import Key, KeyKind
from netboot.jobs.policy import DhcpMode, Loader, Policy
from netboot.records import events, tables
from netboot.records.values import PolicyRow


def set_for(session: Session, keys: Collection[Key], policy: Policy, *, who: str, note: str, now: datetime) -> None:
    """What holds from now on for the PC with these names; for a policy that says nothing they are forgotten."""
    for key in keys:
        row = session.get(tables.Policy, (key.kind, key.value))
        if row is not None:
            session.delete(row)
    session.flush()
    if policy != Policy() or note:
        session.add_all(_row(key, policy, who=who, note=note, now=now) for key in keys)
        session.flush()
    body = {
        "names": sorted(f"{key.kind}:{key.value}" for key in keys),
        "denied": policy.denied,
        "loader": policy.loader or "",
        "dhcp": policy.dhcp or "",
        "default": policy.default,
        "by": events.person(session, who),
    }
    machines = _machines(session, keys)
    events.append(session, "policy-set", body, now=now, machine=machines[0] if len(machines) == 1 else "")


def read(session: Session) -> tuple[PolicyRow, ...]:
    """Everything that is set, the newest first."""
    rows = session.scalars(select(tables.Policy).order_by(tables.Policy.at.desc(), tables.Policy.value)).all()
    known = {key: _known_machine(session, key) for key in (Key(cast(KeyKind, row.kind), row.value) for row in rows)}
    return tuple(
        PolicyRow(
            key=(key := Key(cast(KeyKind, row.kind), row.value)),
            machine_id=known[key][0],
            label=known[key][1],
            policy=Policy(
                denied=row.denied,
                loader=cast(Loader, row.loader) if row.loader else None,
                dhcp=cast(DhcpMode, row.dhcp) if row.dhcp else None,
                default=row.entry,
            ),
            note=row.note,
            who=row.who,
            at=row.at,
        )
        for row in rows
    )


def _known_machine(session: Session, key: Key) -> tuple[str, str]:
    """The id and label of the machine of this name, "" when there is none, or more than one."""
    ids = _machines(session, [key])
    machine = session.get(tables.Machine, ids[0]) if len(ids) == 1 else None
    return (machine.id, machine.label) if machine is not None else ("", "")


def _row(key: Key, policy: Policy, *, who: str, note: str, now: datetime) -> tables.Policy:
    return tables.Policy(
        kind=key.kind,
        value=key.value,
        denied=policy.denied,
        loader=policy.loader or "",
        dhcp=policy.dhcp or "",
        entry=policy.default,
        note=note,
        who=who,
        at=now,
    )


def _machines(session: Session, keys: Collection[Key]) -> list[str]:
    """The machines that are known by one of these names, each once."""
    machine_ids: set[str] = set()
    for key in keys:
        wanted = select(tables.MachineKey.machine_id)
        machine_ids.update(
            session.scalars(wanted.where(tables.MachineKey.kind == key.kind, tables.MachineKey.value == key.value))
        )
    return sorted(machine_ids)
