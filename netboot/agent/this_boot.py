"""What this start of the PC remembers from one stage to the next: its sleep, how its last erase ended, grown disks.

The server knows a disk by what the visit's inventory says, which is read once. A disk that gave back what it hid is
larger since: whoever claims it by its old size is given it by its new one, and by no other.
Not for: anything that is to outlast a restart.
"""

from netboot.shared.given_back import GivenBack
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem


class ThisBoot:
    """`slept`: the PC was suspended, which is not done twice. `cut`: its last erase was cut off, as the server says."""

    def __init__(self) -> None:
        self.slept = False
        self.cut = False
        self._grown: list[tuple[DiskId, DiskId, GivenBack | None]] = []

    def came_after(self, left: Problem | None) -> None:
        """What the server says is left undone in this PC from an earlier visit."""
        self.cut |= left is not None and left.code == "power-cut" and left.values.get("stage") == "erase"

    def grew(self, before: DiskId, now: DiskId, said: GivenBack | None = None) -> None:
        """This disk is of another size since it gave something back; `said` is what that came to."""
        # One that has its first size again is known by that, and no longer by what it was meanwhile.
        self._grown = [one for one in self._grown if not one[0].same_as(before) and not one[0].same_as(now)]
        self._grown.append((before, now, said))

    def now(self, wanted: DiskId) -> DiskId:
        """By what this disk is known now."""
        return next((new for old, new, _ in self._grown if old.same_as(wanted)), wanted)

    def given_back(self, wanted: DiskId) -> GivenBack | None:
        """What it gave back earlier in this boot: it is so much larger than the visit's inventory has it."""
        return next((said for old, _, said in self._grown if old.same_as(wanted)), None)
