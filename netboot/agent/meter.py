"""Turns a stage's progress calls into progress messages with an average rate, and the time left of each disk. The clock
is given."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from netboot.agent.progress import NO_BEGINS, Begins, DiskAt
from netboot.shared.disk_progress import DISKS, DiskProgress, DiskStep
from netboot.shared.protocol import StageProgress, Stuck
from netboot.shared.stages import StageName

WINDOW: Final = 10.0
"""Seconds over which a rate is averaged."""
_LONGEST: Final = 1e10
_BY_BYTES: Final[frozenset[DiskStep]] = frozenset({"writing", "reading"})
"""What a disk is at while its progress is in bytes; else it is a share of the drive's own work."""


class Meter:
    """One stage's newest progress; a `StageTold` to the stage, messages to the visit."""

    def __init__(self, job: str, stage: StageName, begins: Begins = NO_BEGINS) -> None:
        self.begins = begins
        self._job = job
        self._stage = stage
        self._done = 0
        self._total = 0
        self._part = ""
        self._stuck: tuple[Stuck, ...] = ()
        self._told_stuck = False
        self._window = _Window()
        self._disks: tuple[DiskAt, ...] = ()
        self._by_disk: dict[int, tuple[DiskStep, _Window]] = {}

    def __call__(self, done: int, total: int, part: str = "") -> None:
        """The stage tells where it is."""
        self._done, self._total, self._part = done, total, part

    def held_up(self, stuck: Sequence[Stuck]) -> None:
        """The stage tells what holds it up."""
        self._stuck = tuple(stuck)[:8]

    def disks(self, at: Sequence[DiskAt]) -> None:
        """The stage tells where each disk is."""
        self._disks = tuple(at)[:DISKS]

    def read(self, now: float) -> StageProgress | None:
        """The newest progress at `now` (monotonic seconds), or None when the stage has nothing to tell."""
        if not (self._total or self._stuck or self._told_stuck):
            return None
        self._told_stuck = bool(self._stuck)
        rate = self._window.take(now, self._done)
        rates = [self._rate_of(number, disk, now) for number, disk in enumerate(self._disks)]
        return StageProgress(
            job=self._job,
            stage=self._stage,
            done=self._done,
            total=self._total,
            rate=sum(rates) if self._disks else rate,
            part=self._part[:256],
            stuck=self._stuck,
            disks=tuple(_told(disk, rate) for disk, rate in zip(self._disks, rates, strict=True)),
        )

    def _rate_of(self, number: int, disk: DiskAt, now: float) -> float:
        """Bytes/s of one disk; 0 while what it does is not counted in bytes."""
        step = disk.doing.step
        before, window = self._by_disk.get(number, (step, _Window()))
        if step != before:
            window = _Window()
        self._by_disk[number] = step, window
        return window.take(now, disk.done) if step in _BY_BYTES else 0.0


class _Window:
    """The newest points of one progress."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque(maxlen=64)

    def take(self, now: float, done: int) -> float:
        """One more point; how much a second came since the oldest."""
        if self._points and done < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, done))
        while now - self._points[0][0] > WINDOW:
            self._points.popleft()
        first, begin = self._points[0]
        return (done - begin) / (now - first) if now > first else 0.0


def _told(disk: DiskAt, rate: float) -> DiskProgress:
    doing = disk.doing
    left = doing.left
    if doing.step in _BY_BYTES:
        left = (disk.total - disk.done) / rate if rate > 0 else None
    return DiskProgress(
        disk=disk.disk[:256],
        step=doing.step,
        permille=min(1000, disk.done * 1000 // disk.total) if disk.total > 0 else 0,
        left=None if left is None else min(max(0.0, left), _LONGEST),
        more=doing.step == "drive",
        late=doing.late,
    )
