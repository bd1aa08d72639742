"""The addresses that a DHCP server of our own gave."""

from collections.abc import Sequence

from netboot.records import leases as kept_leases
from netboot.records.transactions import Transactions
from netboot.records.values import (
    KeptLease,
)


class Leases:
    """The addresses that a DHCP server of our own gave."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def keep(self, leases: Sequence[KeptLease]) -> None:
        """Addresses that were given or given back; no event, and no wait for the chain's lock."""
        with self._open.writing_no_event() as session:
            kept_leases.keep(session, leases)

    def all(self) -> tuple[KeptLease, ...]:
        """Every address that was ever given, by the end of its time."""
        with self._open.reading() as session:
            return kept_leases.read(session)
