"""How far mmdebstrap is, by what apt and dpkg print with --verbose. Pure: lines in, lines for people out.

Not for: running it (`bootstrap.py`).
"""

import re
from typing import Final

_STEPS: Final = (
    ("downloading", re.compile(r"^Get:\d+ \S+ \S+ \S+ (?P<package>\S+) ")),
    ("unpacking", re.compile(r"^Unpacking (?P<package>\S+) ")),
    ("setting up", re.compile(r"^Setting up (?P<package>\S+) ")),
)


class InstallProgress:
    """Counts the packages of each step; a line for people at every fifth of a step's way. `total` packages."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._done: dict[str, set[str]] = {step: set() for step, _ in _STEPS}
        self._told: dict[str, int] = {}

    def feed(self, line: str) -> str:
        """What to tell after this line, "" for nothing."""
        for step, pattern in _STEPS:
            if match := pattern.match(line):
                self._done[step].add(match["package"].partition(":")[0])
                return self._tell(step)
        return ""

    def _tell(self, step: str) -> str:
        done = len(self._done[step])
        fifth = done * 5 // self._total
        if fifth <= self._told.get(step, 0) or fifth > 5:
            return ""
        self._told[step] = fifth
        return f"{step}: {done} of {self._total} packages"
