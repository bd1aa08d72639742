"""A Format by which an NVMe drive is given the sectors of its master, as agent and server speak of it. Pure.

It empties the drive, after whatever its erase has proven: so it is told before the drive hears of it, and what became
of it whatever becomes of the deploy. It proves no erase. Not for: ordering it (`agent/deploy/sectors.py`).
"""

from typing import Literal

from msgspec import Struct

from netboot.shared.disk_abilities import SectorSize
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import DiskId, Size, Text

How = Literal["done", "kept", "not-ordered", "unclear"]


class DriveFormat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`disk` is as the order calls it; from sectors of `before` bytes to those of `wanted`. `ended`: this tells what
    became of it, else that it is about to be ordered.

    `tool`, `command`, `accepted` and `said` are as in an erase by the drive. `after` is how many bytes a sector of the
    disk has, and `size` how many it has itself, once it was found again: 0 where it was not. `seconds`: how long it
    took.
    """

    disk: DiskId
    before: Size
    wanted: SectorSize
    ended: bool = False
    tool: Text = ""
    command: Text = ""
    accepted: Accepted = "not-told"
    said: Text = ""
    after: Size = 0
    size: Size = 0
    seconds: float = 0.0

    @property
    def done(self) -> bool:
        """Whether the disk has the sectors that were wanted."""
        return self.after == self.wanted

    @property
    def how(self) -> How:
        """What it came to. kept: the drive answered, and has the sectors of before. not-ordered: it was told nothing,
        and nobody looked at it afterwards."""
        if self.done:
            return "done"
        if self.accepted != "not-told" and self.after == self.before:
            return "kept"
        return "not-ordered" if self.ended and self.accepted == "no" and not self.command else "unclear"
