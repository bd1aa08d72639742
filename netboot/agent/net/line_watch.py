"""Shows on the PC's screen when the connection to the server is lost, and whether the cable is out.

Work on the disks goes on meanwhile; the person at the PC should know that, and what to do. Not for: reconnecting
(`link.py`, `seek.py`).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Literal

Line = Literal["up", "no-cable", "silent"]
"""How the line is: there, without a cable, or without an answer of the server."""

PATIENCE: Final = 6.0
"""Seconds for which a line may be away before it is told: a server that restarts is back sooner."""
_EVERY: Final = 2.0


class LineWatch:
    """Looks at the line now and then; `show` is told what changed."""

    def __init__(self, is_up: Callable[[], bool], has_cable: Callable[[], bool], show: Callable[[Line], None]) -> None:
        self._is_up = is_up
        self._has_cable = has_cable
        self._show = show
        self._since: float | None = None
        self._told: Line = "up"

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self.look(time.monotonic())
            await asyncio.sleep(_EVERY)

    def look(self, now: float) -> None:
        """How it is at `now`, in seconds of a clock that nobody sets."""
        line: Line = "up"
        cable = self._has_cable()
        if self._is_up() and cable:  # a line whose cable is out is noticed by its heartbeat only
            self._since = None
        else:
            self._since = now if self._since is None else self._since
            if now - self._since >= PATIENCE:
                line = "silent" if cable else "no-cable"
        if line != self._told:
            self._told = line
            self._show(line)
