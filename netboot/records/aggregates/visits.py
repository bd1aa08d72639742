"""Visits: each a stay of a machine in the agent, and whether it is contested."""

from collections.abc import Collection

from netboot.records import contested, overview, visits
from netboot.records.transactions import Transactions
from netboot.records.values import (
    SeenVisit,
    Standing,
    Visit,
)
from netboot.shared.protocol import Hello


class Visits:
    """Visits: each a stay of a machine in the agent, and whether it is contested."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def greet(
        self,
        hello: Hello,
        mac: str,
        *,
        address: str = "",
        adapter: str = "",
        on_line: frozenset[str] = frozenset(),
    ) -> Visit:
        """Find or make the machine and its visit. An earlier visit of it is closed, and its unfinished job ended.

        `address` is where its line comes from, "" when not known: each has a share of what a minute and a day bring.
        `adapter` is whose address that is as the kernel knows it.
        `on_line` are the visits whose agents are on the line: until this is done nobody else may come, and one that
        goes meanwhile counts as here. What a known machine is called and known by changes with its first report only.

        While an agent of the machine is on the line, no visit is closed: the caller is to `contest` both.

        Raises WrongToken when this boot's visit belongs to another agent, or is over; OtherOnLine when this very boot's
        agent is on the line, and this one has not its token; HelloRefused when more PCs come than a workshop has.
        Nothing is changed then.
        """
        with self._open.writing() as session:
            came = visits.Arrival(mac, address, adapter)
            lately = self._open.arrivals.recently_added(visits.address_of(session, hello, came))
            visit, added = visits.greet(session, hello, came, lately=lately, on_line=on_line, now=self._open.now())
            self._open.arrivals.count(added)
        return visit

    def end(self, visit_id: str) -> None:
        """The agent has left for good."""
        with self._open.writing() as session:
            visits.end(session, visit_id, now=self._open.now())

    def is_newest(self, visit_id: str) -> bool:
        """Whether its machine has not been started again since."""
        with self._open.reading() as session:
            return visits.is_newest(session, visit_id)

    def get(self, visit_id: str) -> Visit:
        """The visit as it is now. Raises NotOnRecord."""
        with self._open.reading() as session:
            return visits.get(session, visit_id)

    def contest(self, visit_ids: Collection[str], why: Standing, *, address: str, adapter: str) -> None:
        """Let nothing begin in these visits until a person says which one is the PC (`records/contested.py`)."""
        with self._open.writing() as session:
            contested.contest(session, visit_ids, why, address=address, adapter=adapter, now=self._open.now())

    def uncontest(self, visit_id: str, *, on_line: frozenset[str]) -> Visit:
        """The other line was dead: this visit succeeds the machine's earlier ones, which end as at another boot."""
        with self._open.writing() as session:
            return visits.succeed(session, visit_id, on_line=on_line, now=self._open.now())

    def require_seen(self, machine_id: str, visit_id: str) -> None:
        """Raises NotThatVisit when the PC has another visit since than the one that a person saw; Contested."""
        with self._open.reading() as session:
            contested.require_seen(session, machine_id, visit_id)

    def vouch(self, visit_id: str, who: str) -> tuple[str, ...]:
        """A person says that this contested visit is the PC; gives the visits that are not, which are over.

        Raises NotThatVisit when it is not contested, or over.
        """
        with self._open.writing() as session:
            return contested.vouch(session, visit_id, who=who, now=self._open.now())

    def keep_out(self, visit_id: str, who: str) -> None:
        """A person says that this contested visit is not the PC: it is over. Raises NotThatVisit as `vouch`."""
        with self._open.writing() as session:
            contested.keep_out(session, visit_id, who=who, now=self._open.now())

    def seen(self, visit_id: str) -> SeenVisit:
        """The visit that a person saw, as it is on the record now. Raises NotOnRecord."""
        with self._open.reading() as session:
            return overview.visit(session, visit_id)
