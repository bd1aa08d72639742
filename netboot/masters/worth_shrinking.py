"""Whether a disk would gain by it if its last file system were made smaller, or the disk ended sooner: by what is in
use, and by its partitions, alone. Pure.

It is asked of an image before it is copied, and of a master's manifest before anybody orders a smaller version. All
values are bytes. Not for: making it smaller (`shrinking.py`, `disk_end.py`), where it may still turn out that it cannot
be.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import UNSET

from netboot.shared.growth import EXT
from netboot.shared.manifest import Manifest, Partition

MARGIN: Final = 256 * 1024 * 1024
"""Free room that is left beside an eighth of what is in use: for a first start before it has grown."""
SHRINKABLE: Final = EXT | {"ntfs"}
"""By blkid's names: those that a tool makes smaller without a mount."""
_WORTH_IT: Final = 8
"""It is done where at least one part in so many of the disk is saved."""
_MIB: Final = 1024 * 1024
_LONGEST: Final = 64
"""Letters of a version."""


def mostly_free(partitions: Sequence[Partition], used: Iterable[tuple[int, int]], disk: int) -> Partition | None:
    """The partition that would be worth to be made smaller, by what is in use: the one that grows again."""
    partition = next((one for one in partitions if one.grow), None)
    if partition is None:
        return None
    if partition.whole is not UNSET:
        return None  # it was not shut down cleanly, or has what the tools here do not know
    inside = sum(max(0, min(end, partition.end) - max(start, partition.start)) for start, end in used)
    return partition if is_worth_it(disk, partition.length - with_margin(inside)) else None


def room_behind(partitions: Sequence[Partition], table: str, disk: int) -> int:
    """What behind the last partition belongs to none, where it is worth it that the disk ends there; else 0. With a dos
    table it ends there anyway."""
    free = disk - max((one.end for one in partitions), default=disk) if table == "gpt" else 0
    return free if free > MARGIN and is_worth_it(disk, free) else 0


def with_margin(used: int) -> int:
    """How long a file system is to be that uses so much."""
    return -(-(used + used // 8 + MARGIN) // _MIB) * _MIB


def is_worth_it(disk: int, saved: int) -> bool:
    """Whether so much of a disk saved is worth the work."""
    return saved * _WORTH_IT >= disk


def kind_inside(partition: Partition) -> str:
    """The kind of the file system that is to be made smaller, in a volume of LVM too."""
    volume = partition.growing_volume
    inside = partition.filesystem if volume is None else volume.filesystem
    return inside.kind if inside is not None else ""


def may_gain(manifest: Manifest) -> bool:
    """Whether a version of this master that fits smaller disks may be made, and loses nothing: one that was made for
    disks of both sector sizes would be for one of them alone."""
    if manifest.shrunk_from is not UNSET or manifest.other is not UNSET:
        return False
    partition = mostly_free(manifest.partitions, manifest.used_ranges, manifest.disk)
    if partition is not None and kind_inside(partition) in SHRINKABLE:
        return True
    return bool(room_behind(manifest.partitions, manifest.table, manifest.disk))


def why_it_keeps(partition: Partition) -> str:
    """Why a mostly free file system that no tool here makes smaller stays, and what whoever prepares it can do."""
    kind = kind_inside(partition)
    if kind == "btrfs" and partition.growing_volume is None:
        way = "Make it and its partition smaller on the prepared PC (GParted, from a live system)"
    else:
        way = "For smaller disks install that system on a smaller partition"
    return f"a file system of the kind {kind} is not made smaller here. {way}; then capture or import it again"


def smaller_version_of(version: str) -> str:
    """What a smaller one of this version is called, unless somebody says otherwise."""
    return f"{version[: _LONGEST - len('-small')]}-small"
