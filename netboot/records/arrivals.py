"""Each address's share of the visits that may begin in a minute, and of what a day may add to the record.

One device cannot take everybody's: a made-up PC costs an inventory on a record that forgets nothing. Counted in memory
and by a clock that nobody sets; a server that is started again begins anew. Not for: how many visits may begin within a
minute in all (`visits.py`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

SHARE: Final = 20
"""Visits of one address in a minute: a PC begins one a boot; a few may stand behind one router."""
DAY_SHARE: Final = 400
"""Visits of one address in a day: twice what a whole workshop behind one router has."""
DAY_BYTES: Final = 16 << 20
"""Of inventories and results from one address in a day; an ordinary PC's are under 20 KiB a visit."""
DAY_BYTES_IN_ALL: Final = 256 << 20
SPARED: Final = 8
"""Visits in a day of an address that the bound on all leaves alone: strangers must not shut out a PC that boots."""
SPARED_BYTES: Final = 256 << 10
_MINUTE: Final = 60.0
_DAY: Final = 86400.0

Bound = Literal["minute", "day", "all"]


@dataclass(slots=True)
class _Added:
    """What came from one address since the day began."""

    visits: int = 0
    size: int = 0


class Arrivals:
    """The visits that began lately, by address. Called while the record is locked."""

    def __init__(self, monotonic: Callable[[], float], *, share: int = SHARE) -> None:
        self._monotonic = monotonic
        self._share = share
        self._begun: dict[str, deque[float]] = {}
        self._day = monotonic()
        self._added: dict[str, _Added] = {}
        self._in_all = 0
        self._came_from: dict[str, str] = {}

    def bound(self, address: str, size: int) -> Bound | None:
        """Why no visit of so many bytes may begin from there now; None when it may, or when nobody knows from where."""
        if not address:
            return None
        self._forget()
        if len(self._begun.get(address, ())) >= self._share:
            return "minute"
        added = self._added.get(address, _Added())
        if added.visits >= DAY_SHARE or added.size + size > DAY_BYTES:
            return "day"
        spared = added.visits < SPARED and added.size + size <= SPARED_BYTES
        return None if spared or self._in_all + size <= DAY_BYTES_IN_ALL else "all"

    def count(self, address: str, visit_id: str, size: int) -> None:
        """A visit begins from there. What is kept of it is bounded by the visits that may begin in a day."""
        if not address:
            return
        self._begun.setdefault(address, deque()).append(self._monotonic())
        self._added.setdefault(address, _Added()).visits += 1
        self._came_from[visit_id] = address
        self.add(visit_id, size)

    def add(self, visit_id: str, size: int) -> None:
        """Bytes that a visit brings to the record: at its begin, and with each result."""
        address = self._came_from.get(visit_id)
        if address is not None:
            self._added[address].size += size
            self._in_all += size

    def _forget(self) -> None:
        """What is older than a minute, or of another day."""
        now = self._monotonic()
        for there, begun in list(self._begun.items()):
            while begun and begun[0] <= now - _MINUTE:
                begun.popleft()
            if not begun:
                del self._begun[there]
        if now - self._day >= _DAY:
            self._day, self._in_all = now, 0
            self._added.clear()
            self._came_from.clear()
