"""The leases of a DHCP server of our own: one row an address, so that a pool bounds the table. No events."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from netboot.records import tables
from netboot.records.values import KeptLease

_AT_ONCE = 500
"""Addresses in one statement: databases bound the number of its parameters."""


def keep(session: Session, leases: Sequence[KeptLease]) -> None:
    """Put these in the place of what was kept of their addresses; each address once."""
    for start in range(0, len(leases), _AT_ONCE):
        some = leases[start : start + _AT_ONCE]
        session.execute(delete(tables.Lease).where(tables.Lease.address.in_([lease.address for lease in some])))
        session.execute(insert(tables.Lease), [asdict(lease) for lease in some])


def read(session: Session) -> tuple[KeptLease, ...]:
    """Every lease that is kept, by the end of its time."""
    rows = session.scalars(select(tables.Lease).order_by(tables.Lease.until))
    return tuple(KeptLease(row.address, row.mac, row.name, row.bound, row.until) for row in rows)
