"""Which PCs this server process gave work that writes to disks, by a clock that nobody sets.

A server whose clock battery is dead starts in the past, and NTP puts it years ahead in the middle of the morning: by
the wall clock alone, every PC of that morning would then count as one of long ago, and an armed batch would erase it
again. Not for: what outlives the process (`batches.py` asks the record as well).
"""

import threading
from collections.abc import Callable, Iterable
from typing import Final

MOST: Final = 16_384
"""How many names are remembered; then the oldest is forgotten."""


class RecentWork:
    """Names of PCs (machines' ids, adapters' addresses), each for `lasts` seconds. Safe from several threads."""

    def __init__(self, monotonic: Callable[[], float], *, lasts: float, most: int = MOST) -> None:
        self._monotonic = monotonic
        self._lasts = lasts
        self._most = most
        self._noted: dict[str, float] = {}  # the oldest first
        self._lock = threading.Lock()

    def note(self, names: Iterable[str]) -> None:
        """A PC of these names is given such work now, or has just ended it. An empty name is none."""
        with self._lock:
            for name in filter(None, names):
                self._noted.pop(name, None)
                self._noted[name] = self._monotonic()
            while len(self._noted) > self._most:
                del self._noted[next(iter(self._noted))]

    def had(self, names: Iterable[str]) -> bool:
        """Whether a PC of one of these names was noted lately."""
        since = self._monotonic() - self._lasts
        with self._lock:
            return any(self._noted.get(name, since) > since for name in names)
