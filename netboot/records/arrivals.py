"""Limits for each network address: visits that may begin in a minute, and bytes added to the record in a day.

Each made-up PC adds an inventory to a record that forgets nothing; no single device may use up what all share. Counted
in memory, by the hour, on a steady clock; after a restart the counts are read back from the record once
(`visits.brought_today`). Not for: how many visits may begin within a minute in all (`visits.py`).
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
    """A visit that began from `address`, `ago` seconds ago, and added `size` bytes to the record."""

    address: str
    size: int
    ago: float


@dataclass(frozen=True, slots=True)
class Added:
    """What a hello or a report adds to the record: the bytes that count for this address, of a visit that begins."""

    address: str
    size: int
    begins: bool = False


@dataclass(frozen=True, slots=True)
class RecentlyAdded:
    """The counts of one address ("" when it is not known) and of all, at the moment when this is made.

    `minute` is how many visits began from there within a minute, `visits` and `size` what they added within a day.
    """

    address: str
    minute: int = 0
    visits: int = 0
    size: int = 0
    in_all: int = 0
    share: int = SHARE

    def exceeded_by(self, size: int) -> Bound | None:
        """The limit that a visit of `size` bytes from there would exceed; None for none, or an unknown address."""
        if not self.address:
            return None
        if self.minute >= self.share:
            return "minute"
        if self.visits >= DAY_SHARE:
            return "day"
        return self._exceeded_today(size)

    def would_exceed(self, size: int) -> bool:
        """Whether `size` more bytes of a visit from there would exceed a limit."""
        return bool(self.address) and self._exceeded_today(size) is not None

    def _exceeded_today(self, size: int) -> Bound | None:
        if self.size + size > DAY_BYTES:
            return "day"
        spared = self.visits < SPARED and self.size + size <= SPARED_BYTES
        return None if spared or self.in_all + size <= DAY_BYTES_IN_ALL else "all"


@dataclass(slots=True)
class _Sum:
    visits: int = 0
    size: int = 0


@dataclass(slots=True)
class _Hour:
    """What came in the hour after `began`, by address."""

    began: float
    in_all: int = 0
    added: dict[str, _Sum] = field(default_factory=dict)


class Arrivals:
    """The visits that began within a day, by address. Called while the record is locked."""

    def __init__(self, monotonic: Callable[[], float], *, share: int = SHARE) -> None:
        self._monotonic = monotonic
        self._share = share
        self._begun: dict[str, deque[float]] = {}
        self._hours: deque[_Hour] = deque()

    def take_up(self, visits: Iterable[Brought]) -> None:
        """Count the visits from before this server process; to be called first."""
        now = self._monotonic()
        hours: dict[int, _Hour] = {}
        for visit in visits:
            back = int(visit.ago // _HOUR)
            hour = hours.setdefault(back, _Hour(now - (back + 1) * _HOUR))
            _count(hour, visit.address, 1, visit.size)
        self._hours.extend(hours[back] for back in sorted(hours, reverse=True))

    def recently_added(self, address: str) -> RecentlyAdded:
        """The counts of this address and of all, up to now."""
        self._forget()
        hours = [hour.added[address] for hour in self._hours if address in hour.added]
        return RecentlyAdded(
            address,
            minute=len(self._begun.get(address, ())),
            visits=sum(added.visits for added in hours),
            size=sum(added.size for added in hours),
            in_all=sum(hour.in_all for hour in self._hours),
            share=self._share,
        )

    def count(self, added: Added) -> None:
        """Count this from now on. What is kept of a visit that begins is bounded by a day's visits."""
        if not added.address:
            return
        if added.begins:
            self._begun.setdefault(added.address, deque()).append(self._monotonic())
        if added.begins or added.size:
            _count(self._hour(), added.address, int(added.begins), added.size)

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
    added = hour.added.setdefault(address, _Sum())
    added.visits += visits
    added.size += size
    hour.in_all += size
