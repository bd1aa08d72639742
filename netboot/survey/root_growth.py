"""On which disks the root of a master grows, and by how much: whether what a profile adds will fit. Pure.

By the manifest alone, and by the rule that the agent obeys (`places.py`): on a disk that is hardly larger, what is
behind it and is copied has no place to go. Not for: growing (`agent/customise/grow.py`). All values are bytes.
"""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from netboot.shared.growth import GROWABLE
from netboot.shared.manifest import LogicalVolume, Manifest, Partition
from netboot.survey.named_growth import copied_behind
from netboot.survey.places import behind, least_end

_DOS_MOST: Final = 2**32 - 1
"""Sectors that a dos table can count."""
_COPY_ENTRIES: Final = 16384
"""GPT's copy at the end of a disk: its entries, and a sector for its header (UEFI 2.10 §5.3)."""


@dataclass(frozen=True, slots=True)
class RootGrowth:
    """It becomes as much longer as a disk is larger than `beyond`, on a disk of `least` or more, by `most` at most."""

    beyond: int
    least: int
    most: int


def growth_of_root(manifest: Manifest) -> RootGrowth | None:
    """How its root's partition grows; None where it does not on any disk."""
    root = manifest.root
    if root is None or root.volume is not None or not root.partition.grow or root.filesystem is None:
        return None
    around, inside = root.partition, root.filesystem
    largest = around.length if inside.kind not in GROWABLE else inside.largest
    most = 2**63 - 1 if largest is UNSET else max(0, largest - around.length)
    if manifest.table == "dos":
        most = min(most, max(0, _DOS_MOST * manifest.sector - manifest.disk))
    if not most:
        return None
    return RootGrowth(manifest.disk, least_disk(manifest, around), most)


def least_disk(manifest: Manifest, growing: Partition, volume: LogicalVolume | None = None) -> int:
    """The disk on which this partition, or this volume in it, begins to grow by what lies behind it: the master's own
    where nothing does. Of a volume it is rather too large, by what its group has free and by an extent of it."""
    least = manifest.disk
    if behind(manifest.partitions, growing):
        copy = _COPY_ENTRIES + manifest.sector if manifest.table == "gpt" else 0
        least = least_end(manifest.partitions, growing) + copy
    copied = () if volume is None else copied_behind(growing, volume)
    if not copied:
        return least
    starts = {one.name: one.start for one in growing.volumes or () if one.start is not UNSET}
    ends = {one.name: starts[one.name] + one.length for one in growing.volumes or () if one.name in starts}
    first = min(starts[one.name] for one in copied)
    back = sum(one.length for one in growing.volumes or () if starts.get(one.name, 0) >= first)
    more = max(ends[one.name] for one in copied) + back - max(ends.values())
    return max(least, manifest.disk + more)
