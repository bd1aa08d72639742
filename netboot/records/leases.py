"""The leases of our own DHCP server: one row an address, so that the pool's size bounds the table. No events.

A PC is bound to one address only. With two rows, the next start could not tell which one it uses: not by their ends,
since the clock may have been set, or the length of leases changed, between the two.
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
    """Save these leases, each of another address; they replace earlier ones of the same addresses or the same PCs.

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
