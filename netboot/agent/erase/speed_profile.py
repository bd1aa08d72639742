"""How fast a pass went along a disk: a disk that fails is often slow in places before it refuses anything.

Pure. Not for: the speed that the screen shows (`agent/progress.py`).
"""

from typing import Final

from netboot.shared.erase_methods.kind import SPEEDS

SHORTEST: Final = 10.0
"""Seconds: a shorter pass is looked at too seldom to tell its parts apart."""

_FASTEST: Final = 2**63 - 1
"""What evidence can hold: between two looks at once a part took no time at all."""


class SpeedProfile:
    """A pass over `size` bytes that began at this moment; moments are seconds of a clock that nobody sets."""

    def __init__(self, size: int, began: float, *, parts: int = SPEEDS) -> None:
        self._ends = [size * part // parts for part in range(1, parts + 1)] if size >= parts else []
        self._began = began
        self._passed: list[float] = []
        self._last = (0, began)

    def note(self, done: int, now: float) -> None:
        """So many bytes are done now. Between two looks the pass is taken to have gone at one speed."""
        before, then = self._last
        for end in self._ends[len(self._passed) :]:
            if end > done:
                break
            self._passed.append(then + (now - then) * (end - before) / max(1, done - before))
        if done > before:
            self._last = (done, now)

    @property
    def speeds(self) -> tuple[int, ...]:
        """Bytes a second of each part that was passed; nothing of a pass that was short."""
        if not self._passed or self._passed[-1] - self._began < SHORTEST:
            return ()
        moments = [self._began, *self._passed]
        bounds = [0, *self._ends]
        return tuple(
            min(_FASTEST, int((bounds[part + 1] - bounds[part]) / max(moments[part + 1] - moments[part], 1e-6)))
            for part in range(len(self._passed))
        )
