"""Detects agents that contest each other, claiming to be one PC (pure).

Anybody on the LAN can say hello as any PC. So a machine may have one connection only, an adapter may be in one PC only,
and where the kernel knows from which adapter a connection comes, its hello must name that adapter. Not for: what
follows (`workshop/contested_lines.py`, `records/contested.py`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from netboot.records.values import Standing
from netboot.shared.problems import Problem
from netboot.workshop.agent_session import Session

DEAD_WITHIN: Final = 20.0
"""Seconds from a second line's hello in which the first one's heartbeat fails, if its PC was restarted before it."""

BACK_WITHIN: Final = 15.0
"""Seconds in which an agent whose line broke only is back on another one."""


def _shared(one: Session, other: Session) -> frozenset[str]:
    """The adapters that both tell, and that can be in one of them only."""
    return (one.claims & other.adapters) | (one.adapters & other.claims)


def rivals(session: Session, others: Iterable[Session]) -> list[Session]:
    """Those that speak for the same machine as this session's line, or tell an adapter that it tells."""
    return [
        other
        for other in others
        if other.visit.id != session.visit.id
        and (other.visit.machine_id == session.visit.machine_id or _shared(other, session))
    ]


def judged(session: Session, others: Sequence[Session]) -> tuple[Standing, list[Session]]:
    """What stands against the agent that came, "" for nothing, and those of the others that contest it, or it them.

    Of two PCs that tell one adapter, a line that comes from it is left out of it where the other does not: else one
    made-up hello would bring every PC of a bench to a stand.
    """
    contesting = rivals(session, others)
    if contesting:
        theirs = [other for other in contesting if not _has_the_adapter(other, session)]
        alone = not session.visit.beside and all(_has_the_adapter(session, other) for other in contesting)
        return ("" if alone else "two-lines"), theirs
    if session.adapter and session.adapter not in session.adapters:
        return "other-adapter", []
    return ("two-lines" if session.visit.beside else ""), []


def problem(session: Session) -> Problem:
    """What the PC's screen and its row say of a contested line."""
    if session.standing == "other-adapter":
        return Problem("other-adapter", {"address": session.address, "adapter": session.adapter})
    return Problem("two-lines", {"address": session.address or "?"})


def _has_the_adapter(one: Session, other: Session) -> bool:
    """Whether this PC's line comes from an adapter that both tell, and the other PC's does not."""
    if one.visit.machine_id == other.visit.machine_id or not other.adapter:
        return False
    shared = _shared(one, other)
    return one.adapter in shared and other.adapter not in shared
