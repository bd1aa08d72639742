"""Turns a stage's progress calls into progress messages with an average rate. The clock is given."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from netboot.shared.protocol import StageProgress, Stuck
from netboot.shared.stages import StageName

WINDOW: Final = 10.0
"""Seconds over which the rate is averaged."""


class Meter:
    """One stage's newest progress; a `StageTold` to the stage, messages to the visit."""

    def __init__(self, job: str, stage: StageName) -> None:
        self._job = job
        self._stage = stage
        self._done = 0
        self._total = 0
        self._part = ""
        self._stuck: tuple[Stuck, ...] = ()
        self._told_stuck = False
        self._points: deque[tuple[float, int]] = deque(maxlen=64)

    def __call__(self, done: int, total: int, part: str = "") -> None:
        """The stage tells where it is."""
        self._done, self._total, self._part = done, total, part

    def held_up(self, stuck: Sequence[Stuck]) -> None:
        """The stage tells what holds it up."""
        self._stuck = tuple(stuck)[:8]

    def read(self, now: float) -> StageProgress | None:
        """The newest progress at `now` (monotonic seconds), or None when the stage has nothing to tell."""
        if not (self._total or self._stuck or self._told_stuck):
            return None
        self._told_stuck = bool(self._stuck)
        if self._points and self._done < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, self._done))
        while now - self._points[0][0] > WINDOW:
            self._points.popleft()
        first, begin = self._points[0]
        return StageProgress(
            job=self._job,
            stage=self._stage,
            done=self._done,
            total=self._total,
            rate=(self._done - begin) / (now - first) if now > first else 0.0,
            part=self._part[:256],
            stuck=self._stuck,
        )
