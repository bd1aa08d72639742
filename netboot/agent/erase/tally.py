"""Adds up what several disks report into one figure for the stage, and says where each is and which hold it up.

Not for: rates and time left, which need a clock (`agent/meter.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netboot.agent.progress import DiskAt, DisksTold, Does, Doing, HeldUp, Progress
from netboot.shared.inventory import DiskId, gigabytes
from netboot.shared.protocol import Stuck


@dataclass(frozen=True, slots=True)
class Told:
    """Where one disk reports how far it is, what holds it up, and what is done to it."""

    progress: Progress
    held_up: HeldUp
    does: Does


class Tally:
    """The disks of one stage; `work` is each with how much its progress comes to."""

    def __init__(
        self, work: Sequence[tuple[DiskId, int]], progress: Progress, held_up: HeldUp, disks: DisksTold
    ) -> None:
        self._progress = progress
        self._held_up = held_up
        self._told_disks = disks
        self._disks = [disk for disk, _ in work]
        self._at = [DiskAt(f"{disk.text} {gigabytes(disk.size)}", Doing("waiting"), 0, total) for disk, total in work]
        self._parts = [""] * len(work)
        self._stuck: list[Sequence[Stuck]] = [()] * len(work)

    def told(self, disk: DiskId) -> Told:
        """Where this disk reports."""
        index = self._disks.index(disk)

        def progress(done: int, total: int, part: str = "") -> None:
            at = self._at[index]
            self._parts[index] = part
            # A disk that gave back what it hid is larger than it was ordered.
            whole = max(at.total, total)
            self._at[index] = replace(at, disk=part or at.disk, done=min(done, total), total=whole)
            self._tell(index)

        def held_up(stuck: Sequence[Stuck]) -> None:
            if stuck or self._stuck[index]:
                self._stuck[index] = stuck
                self._held_up(sorted((one for some in self._stuck for one in some), key=lambda one: -one.seconds))

        def does(doing: Doing) -> None:
            self._at[index] = replace(self._at[index], doing=doing)

        return Told(progress, held_up, does)

    def over(self, disk: DiskId, *, erased: bool) -> None:
        """This disk is done, or given up: nobody waits for it."""
        self.told(disk).held_up(())
        index = self._disks.index(disk)
        at = self._at[index]
        self._parts[index] = ""
        self._at[index] = replace(at, done=at.total, doing=Doing("done" if erased else "failed"))
        self._tell(index)

    def _tell(self, newest: int) -> None:
        """A disk that is still at work is named."""
        part = self._parts[newest] or next((part for part in self._parts if part), "")
        self._told_disks(tuple(self._at))
        self._progress(sum(at.done for at in self._at), sum(at.total for at in self._at), part)
