"""A limit on queries a second, of one client and of all together (pure; the clock is given).

Counts start anew with every whole second, so that the memory needed is bounded by the limit itself.
"""

from collections import Counter
from collections.abc import Hashable


class QueryRate:
    """At most `client` queries a second of one client, at most `everybody` in all. `refused` counts the others."""

    def __init__(self, *, client: int, everybody: int) -> None:
        self._client = client
        self._everybody = everybody
        self._second = -1
        self._asked: Counter[Hashable] = Counter()
        self._all = 0
        self.refused = 0

    def allows(self, client: Hashable, now: float) -> bool:
        """Whether this client's query may be answered at `now` (seconds); it is counted when it may."""
        if int(now) != self._second:
            self._second, self._all = int(now), 0
            self._asked.clear()
        if self._all >= self._everybody or self._asked[client] >= self._client:
            self.refused += 1
            return False
        self._all += 1
        self._asked[client] += 1
        return True
