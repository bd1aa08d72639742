"""What is told of one erase by the drive while it is under way: the evidence so far, and how far it is.

The evidence is for the record; the progress is for the screen and the page, and never evidence.
"""

from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from netboot.agent.erase.firmware.drive_time import doing
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.technique import Look
from netboot.agent.progress import Does, HeldUp, Progress
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.inventory import Disk, label
from netboot.shared.protocol import Stuck

MARKS, ERASE, READ = 0.02, 0.49, 0.49
"""How the work is shared out on the progress bar."""
_STUCK_AFTER: Final = 20.0


@dataclass(slots=True)
class Account:
    """Of one disk of `size` bytes; `said` is the evidence so far."""

    disk: Disk
    size: int
    progress: Progress
    held_up: HeldUp
    does: Does
    said: FirmwareErased
    shown: float = 0.0

    def tell(self, **figures: Any) -> None:
        """More of the evidence, by the names of its fields."""
        self.said = replace(self.said, **figures)

    def show(self, share: float, stuck: float, left: float | None = None) -> None:
        """`left`: the drive is at it by itself, and is given up in so many seconds unless it comes further."""
        name, whole = label(self.disk), 2 * self.size
        share = self.shown = max(self.shown, share)
        told = Stuck(disk=name[:256], seconds=stuck)
        self.held_up([told if left is None else replace(told, what="drive", left=left)] if stuck else ())
        self.progress(int(share * whole), whole, name)

    def show_follow_up(self, follow: FollowUp, at: float, look: Look) -> None:
        """Where the drive is, `at` seconds after its order, by what it said last."""
        still = follow.still(at) if follow.ran else 0.0
        self.does(doing(at, follow.announced, look.permille if look.state == "running" else None))
        stuck = still if still > max(_STUCK_AFTER, follow.announced or 0) else 0.0
        self.show(MARKS + follow.share(at) * ERASE, stuck, max(0.0, follow.left(at)))
