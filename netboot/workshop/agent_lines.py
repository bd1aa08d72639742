"""The agents that are connected now: one session a visit, limited in all and for each address."""

import asyncio
from collections.abc import Iterator
from typing import Final
from weakref import WeakValueDictionary

from netboot.records.refusals import HelloRefused
from netboot.shared.problems import Problem
from netboot.workshop.agent_session import Session

SESSIONS: Final = 256
SESSIONS_AN_ADDRESS: Final = 8
"""More than one: the old line of an agent that is back on a new one lingers until its heartbeat fails."""


class AgentLines:
    """Who is on the line. A newer session of a visit takes the place of the older one."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.arriving = asyncio.Lock()
        """Held from a hello to its line, while the record is told who is on the line, and while a person's word ends
        visits: nobody comes meanwhile.

        A machine's lock is taken before it, never while it is held.
        """

    def __contains__(self, visit: object) -> bool:
        return visit in self._sessions

    def __iter__(self) -> Iterator[Session]:
        """Those of now: the line may change while they are gone through."""
        return iter(tuple(self._sessions.values()))

    def visits(self) -> frozenset[str]:
        """The visits whose agents are on the line now. Whoever tells the record holds `arriving` until it has answered.

        One that goes meanwhile is told as here: what it began is not ended in the moment in which it may be back.
        """
        return frozenset(self._sessions)

    def lock(self, machine: str) -> asyncio.Lock:
        """The lock of this machine: whatever is decided about it or heard of it is, one after the other."""
        return self._locks.setdefault(machine, asyncio.Lock())

    def require_place(self, address: str) -> None:
        """Raises HelloRefused when too many agents are on the line, in all or from one address."""
        from_there = sum(session.address == address for session in self._sessions.values())
        if len(self._sessions) >= SESSIONS or from_there >= SESSIONS_AN_ADDRESS:
            raise HelloRefused(
                Problem("crowded"),
                f"{len(self._sessions)} agents are on the line, {from_there} of them from {address or 'here'}",
                hint="wait until some PCs are done",
            )

    def add(self, session: Session) -> None:
        """This session is its visit's from now on."""
        self._sessions[session.visit.id] = session

    def remove(self, session: Session) -> bool:
        """Take it off the line; False when its visit has a newer one."""
        if not self.has(session):
            return False
        del self._sessions[session.visit.id]
        return True

    def has(self, session: Session) -> bool:
        """Whether this very session is its visit's: its agent is not gone, and not back on another line."""
        return self._sessions.get(session.visit.id) is session

    def of_visit(self, visit: str) -> Session | None:
        """The session of this visit."""
        return self._sessions.get(visit)

    def of_machine(self, machine: str) -> list[Session]:
        """The sessions of a machine, the newest last: more than one where they are contested."""
        return [session for session in self._sessions.values() if session.visit.machine_id == machine]

    def holds_row(self, name: str, visit: str) -> bool:
        """Whether an agent of another visit than this one has the row of this name."""
        return any(s.row_name == name and s.visit.id != visit for s in self._sessions.values())
