"""Each address's share of the visits that may begin in a minute, so that one device cannot take everybody's.

In memory and by a clock that nobody sets: a share is for the minute, not for the record. Not for: how many may begin
in all (`visits.py`).
"""

from collections import deque
from collections.abc import Callable
from typing import Final

SHARE: Final = 20
"""Visits of one address in a minute: a PC begins one a boot; a few may stand behind one router."""
_MINUTE: Final = 60.0


class Arrivals:
    """The visits that began within the last minute, by address. Called while the record is locked."""

    def __init__(self, monotonic: Callable[[], float], *, share: int = SHARE) -> None:
        self._monotonic = monotonic
        self._share = share
        self._begun: dict[str, deque[float]] = {}

    def has_room(self, address: str) -> bool:
        """Whether one more visit may begin from there; always where the address is not known ("")."""
        since = self._monotonic() - _MINUTE
        for there, begun in list(self._begun.items()):
            while begun and begun[0] <= since:
                begun.popleft()
            if not begun:
                del self._begun[there]
        return not address or len(self._begun.get(address, ())) < self._share

    def count(self, address: str) -> None:
        """A visit begins from there. What is kept is bounded by the visits that may begin in a minute."""
        if address:
            self._begun.setdefault(address, deque()).append(self._monotonic())
