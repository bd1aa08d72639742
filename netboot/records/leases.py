"""The leases of a DHCP server of our own: one row an address, so that a pool bounds the table. No events."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.records import tables
from netboot.records.values import KeptLease


def keep(session: Session, leases: Sequence[KeptLease]) -> None:
    """Put these in the place of what was kept of their addresses."""
    for lease in leases:
        session.merge(
            tables.Lease(address=lease.address, mac=lease.mac, name=lease.name, bound=lease.bound, until=lease.until)
        )


def read(session: Session) -> tuple[KeptLease, ...]:
    """Every lease that is kept, by the end of its time."""
    rows = session.scalars(select(tables.Lease).order_by(tables.Lease.until))
    return tuple(KeptLease(row.address, row.mac, row.name, row.bound, row.until) for row in rows)
