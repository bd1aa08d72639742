"""The leases of a DHCP server of our own: one row an address, so that a pool bounds the table. No events.

A PC is bound in one row. Which of two it uses could not be told at the next start: not by their ends, since the clock
may have been set, or another length of leases been chosen, between the two.
"""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from netboot.records import tables
from netboot.records.values import KeptLease

_AT_ONCE = 500
"""Addresses, or PCs, in one statement: databases bound the number of its parameters."""


def keep(session: Session, leases: Sequence[KeptLease]) -> None:
    """Put these in the place of what was kept of their addresses, and of the PCs that they bind; each address once.

    A lease that ended by itself leaves its row as it was, and so does one whose end could not be written, or that is in
    no plan any more. Such a row goes when its PC is bound elsewhere.
    """
    for start in range(0, len(leases), _AT_ONCE):
        some = leases[start : start + _AT_ONCE]
        session.execute(delete(tables.Lease).where(tables.Lease.address.in_([lease.address for lease in some])))
        session.execute(delete(tables.Lease).where(tables.Lease.mac.in_([lease.mac for lease in some if lease.bound])))
        session.execute(insert(tables.Lease), [asdict(lease) for lease in some])


def read(session: Session) -> tuple[KeptLease, ...]:
    """Every lease that is kept, by the end of its time."""
    rows = session.scalars(select(tables.Lease).order_by(tables.Lease.until))
    return tuple(KeptLease(row.address, row.mac, row.name, row.bound, row.until) for row in rows)
