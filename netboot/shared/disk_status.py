"""What a disk says about itself before and after an erase, as evidence: identity, health, and where it ends.

An ATA disk can end early in two ways: by its host protected area, called accessible maximum address since ACS-3, and
before that by its device configuration overlay, which ACS-3 took away. Where it ends for whoever reads it, without the
first, and without the second: each is a field of its own. Pure: no I/O. Not for: asking the disk
(`agent/disks/disk_status.py`), the verdict (`erase_outcome.py`).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from netboot.shared.inventory import Count, Size, Text

Sectors = Size | Literal["not-told", "unclear", "not-asked"]
"""A number of logical sectors; or why there is none. not-told: the disk does not answer. unclear: its answer cannot be
true. not-asked: no disk of its kind has any."""


class DiskStatus(Struct, frozen=True, kw_only=True):
    """One disk at one moment; `size` in bytes, `name` the kernel's. An empty text, or a size of 0, was not told.

    `other` is what evidence of before version 4 of the protocol said in words that fit no field; no agent says it now.
    """

    name: Text = ""
    serial: Text = ""
    wwn: Text = ""
    firmware: Text = ""
    size: Size = 0
    logical_sector: Count = 0
    visible_sectors: Sectors = "not-asked"
    native_sectors: Sectors = "not-asked"
    real_sectors: Sectors = "not-asked"
    smart: Literal["passed", "failed", "not-told"] = "not-told"
    other: Annotated[dict[str, Text], Meta(max_length=32)] = {}

    @property
    def ends(self) -> tuple[Sectors, Sectors, Sectors]:
        """Where it ends: for whoever reads it, without its host protected area, and without its overlay."""
        return self.visible_sectors, self.native_sectors, self.real_sectors

    @property
    def unclear(self) -> bool:
        """Whether an answer about a hidden area cannot be true."""
        return "unclear" in self.ends

    def hidden_bytes(self, size: int) -> int:
        """How many bytes it has beyond the `size` that everybody sees, as far as it told."""
        return max(0, 0, *(end * self.logical_sector - size for end in self.ends if isinstance(end, int)))
