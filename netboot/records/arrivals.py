"""Each address's share of the visits that may begin in a minute, and of what a day may add to the record.

One device cannot take everybody's: a made-up PC costs an inventory on a record that forgets nothing. Counted in memory,
to the hour, by a clock that nobody sets; what was counted before a restart is read from the record once
(`visits.lately`). Not for: how many visits may begin within a minute in all (`visits.py`).
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

SHARE: Final = 20
"""Visits of one address in a minute: a PC begins one a boot; a few may stand behind one router."""
DAY: Final = timedelta(days=1)
DAY_SHARE: Final = 400
"""Visits of one address in a day: twice what a whole workshop behind one router has."""
DAY_BYTES: Final = 16 << 20
"""From one address in a day; an ordinary PC's are under 20 KiB a visit."""
DAY_BYTES_IN_ALL: Final = 256 << 20
SPARED: Final = 8
"""Visits in a day of an address that the bound on all leaves alone: strangers must not shut out a PC that boots."""
SPARED_BYTES: Final = 256 << 10
VISIT_ROWS: Final = 8 << 10
"""What a visit counts for beside its inventory: its rows, its job's, their events and indexes."""
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0

Bound = Literal["minute", "day", "all"]


@dataclass(frozen=True, slots=True)
class Brought:
    """A visit that began from there so many seconds ago, and the bytes that it brought."""

    address: str
    size: int
    ago: float


@dataclass(slots=True)
class _Added:
    visits: int = 0
    size: int = 0


@dataclass(slots=True)
class _Hour:
    """What came in the hour after `began`, by address."""

    began: float
    in_all: int = 0
    added: dict[str, _Added] = field(default_factory=dict)


class Arrivals:
    """The visits that began lately, by address. Called while the record is locked."""

    def __init__(self, monotonic: Callable[[], float], *, share: int = SHARE) -> None:
        self._monotonic = monotonic
        self._share = share
        self._begun: dict[str, deque[float]] = {}
        self._hours: deque[_Hour] = deque()

    def take_up(self, visits: Iterable[Brought]) -> None:
        """Count what came before this server process, before anything else is counted."""
        now = self._monotonic()
        hours: dict[int, _Hour] = {}
        for visit in visits:
            back = int(visit.ago // _HOUR)
            hour = hours.setdefault(back, _Hour(now - (back + 1) * _HOUR))
            _count(hour, visit.address, 1, visit.size)
        self._hours.extend(hours[back] for back in sorted(hours, reverse=True))

    def bound(self, address: str, size: int) -> Bound | None:
        """Why no visit of so many bytes may begin from there now; None when it may, or when nobody knows from where."""
        if not address:
            return None
        self._forget()
        if len(self._begun.get(address, ())) >= self._share:
            return "minute"
        if self._of(address).visits >= DAY_SHARE:
            return "day"
        return self._full(address, size)

    def is_full(self, address: str, size: int) -> bool:
        """Whether a visit that has begun from there may not add so many bytes to what it told."""
        self._forget()
        return bool(address) and self._full(address, size) is not None

    def count(self, address: str, size: int) -> None:
        """A visit begins from there, with so many bytes. What is kept of it is bounded by a day's visits."""
        if not address:
            return
        self._begun.setdefault(address, deque()).append(self._monotonic())
        _count(self._hour(), address, 1, size)

    def add(self, address: str, size: int) -> None:
        """Bytes that a visit from there brings later: its results."""
        if address and size:
            _count(self._hour(), address, 0, size)

    def _full(self, address: str, size: int) -> Bound | None:
        added = self._of(address)
        if added.size + size > DAY_BYTES:
            return "day"
        spared = added.visits < SPARED and added.size + size <= SPARED_BYTES
        return None if spared or sum(hour.in_all for hour in self._hours) + size <= DAY_BYTES_IN_ALL else "all"

    def _of(self, address: str) -> _Added:
        found = [hour.added[address] for hour in self._hours if address in hour.added]
        return _Added(sum(added.visits for added in found), sum(added.size for added in found))

    def _hour(self) -> _Hour:
        now = self._monotonic()
        if not self._hours or self._hours[-1].began <= now - _HOUR:
            self._hours.append(_Hour(now))
        return self._hours[-1]

    def _forget(self) -> None:
        """What is older than a minute, and hours that were over a day ago."""
        now = self._monotonic()
        for there, begun in list(self._begun.items()):
            while begun and begun[0] <= now - _MINUTE:
                begun.popleft()
            if not begun:
                del self._begun[there]
        while self._hours and self._hours[0].began + _HOUR <= now - DAY.total_seconds():
            self._hours.popleft()


def _count(hour: _Hour, address: str, visits: int, size: int) -> None:
    added = hour.added.setdefault(address, _Added())
    added.visits += visits
    added.size += size
    hour.in_all += size
