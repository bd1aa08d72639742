"""The events of this server's chain, and the check that none was changed."""

from dataclasses import replace

from netboot.records import (
    events,
    inventories,
    proofs,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    ChainCheck,
    Event,
)


class Journal:
    """The events of this server's chain, and the check that none was changed."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def read(self, after: int = 0, limit: int = 100, *, machine: str = "") -> tuple[Event, ...]:
        """This server's events with a greater sequence number, in order; of one machine when it is named."""
        with self._open.reading() as session:
            return events.read(session, after=after, limit=limit, machine=machine)

    def last(self) -> int:
        """The number of this server's newest event; 0 before the first one."""
        with self._open.writing() as session:
            return events.head(session).sequence

    def verify(self) -> ChainCheck:
        """Read and hash every event again, and compare each proof of erasure and each inventory with what it says.

        Some seconds for 50,000.
        """
        with self._open.reading() as session:
            check = events.verify(session)
            if check.broken is not None:
                return check
            if other := proofs.differing(session):
                why = "the proof that is kept of it says otherwise"
            elif other := inventories.differing(session):
                why = "the inventory that is kept of it is not what was hashed"
            else:
                return check
            return replace(check, broken=(other.server, other.sequence), why=why)
