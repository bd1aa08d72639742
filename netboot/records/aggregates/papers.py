"""What papers about visits are made from, and what they are compared with."""

from datetime import datetime

from netboot.records import events, papers
from netboot.records.paper_values import VisitPapers
from netboot.records.transactions import Transactions
from netboot.records.values import Event


class Papers:
    """What papers about visits are made from, and what they are compared with."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def of_visit(self, visit_id: str) -> VisitPapers:
        """One visit with its proofs and the events that they rest on. Raises NotOnRecord."""
        with self._open.reading() as session:
            return papers.of_visit(session, visit_id)

    def erased_between(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """The ids of the visits whose newest erasure is on the record since then, and from before `until`; in order.

        Also of those in which nothing was erased, but of which a paper tells something else.
        """
        with self._open.reading() as session:
            return papers.erased_between(session, since, until)

    def server(self) -> str:
        """The name of this server's chain; "" before its first event."""
        with self._open.reading() as session:
            return events.own_server(session)

    def event(self, server: str, sequence: int) -> Event | None:
        """One event as it is on the record now, or None."""
        with self._open.reading() as session:
            return papers.event(session, server, sequence)
