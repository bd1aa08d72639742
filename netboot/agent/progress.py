"""How a stage reports while it runs: its progress, for the screen and the page, never evidence; and what it begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from netboot.shared.disk_progress import DiskStep
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import Stuck


class Progress(Protocol):
    """`done` of `total` bytes; `part` names the disk or the step. Called in the event loop's thread, and cheap."""

    def __call__(self, done: int, total: int, part: str = "") -> None: ...


HeldUp = Callable[[Sequence[Stuck]], None]
"""Told what holds a stage up now, the longest first; called like a `Progress`."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done to a disk now. While it erases itself: `left` is for how many seconds more by what it tells, None
    where it tells nothing, and `late` whether it takes longer than it announced."""

    step: DiskStep
    left: float | None = None
    late: bool = False


Does = Callable[[Doing], None]
"""Told what is done to one disk now; called like a `Progress`."""


@dataclass(frozen=True, slots=True)
class DiskAt:
    """Where one of several disks is, `done` of `total` bytes of its work."""

    disk: str
    doing: Doing
    done: int = 0
    total: int = 0


DisksTold = Callable[[Sequence[DiskAt]], None]
"""Told where each disk of a stage is, in the same order every time; called like a `Progress`."""


class Begins(Protocol):
    """Told what is begun on a disk, for the case that its end is never heard of."""

    async def begun(self, begun: Begun) -> None:
        """Returns once that is on the record, however long the line is broken."""

    async def formatting(self, told: DriveFormat) -> None:
        """A drive is about to be formatted for its master: as `begun`; or what became of it, without a wait."""

    def reached(self, disk: DiskId, done: int) -> None:
        """An overwrite has written about so many bytes. Cheap; only the newest counts."""


class NobodyBegins:
    """For whoever keeps nothing."""

    async def begun(self, begun: Begun) -> None:
        """Nothing is kept."""

    async def formatting(self, told: DriveFormat) -> None:
        """Nothing is kept."""

    def reached(self, disk: DiskId, done: int) -> None:
        """Nothing is kept."""


NO_BEGINS: Final[Begins] = NobodyBegins()


class StageTold(Progress, Protocol):
    """What a stage tells while it runs: how far it is, what holds it up, of several disks where each is, and what it
    begins."""

    def held_up(self, stuck: Sequence[Stuck]) -> None: ...
    def disks(self, at: Sequence[DiskAt]) -> None: ...

    @property
    def begins(self) -> Begins: ...


def nobody(_: object) -> None:
    """For whoever shows nothing."""
