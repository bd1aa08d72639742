"""Growing a deployed master to the disk it lies on: the partition table, the partition that is marked, its file system.

sfdisk moves GPT's copy to the end of the disk and stretches the partition. What is behind it goes to the end
(`survey/places.py`): swap is made anew there with its UUID and label, all else is copied. In a physical volume
of LVM one volume gets what is free then (`grow_lvm.py`). Each kind of file system grows by its own tool: ext2, 3 and 4
(`grow_ext.py`), NTFS (`grow_ntfs.py`) and f2fs (`grow_f2fs.py`) unmounted, XFS and btrfs mounted.
A growth that fails is undone where possible, and none is reported before the file system was checked.
Blocks: run it in a thread. Needs root.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from netboot.agent.customise.copy_partition import copy_partition
from netboot.agent.customise.grow_ext import grow_ext
from netboot.agent.customise.grow_f2fs import grow_f2fs
from netboot.agent.customise.grow_lvm import grow_volume
from netboot.agent.customise.grow_ntfs import grow_ntfs
from netboot.agent.customise.measure import length_of, size_of
from netboot.agent.disks.partitions import mounted, require_partition, show_partitions
from netboot.shared.errors import NetbootError
from netboot.shared.growth import EXT, GROWABLE
from netboot.shared.manifest import Manifest, Partition
from netboot.shared.process import run
from netboot.survey.logical_volumes import volume_device
from netboot.survey.lvm_group import make_swap
from netboot.survey.named_growth import copied_ranges
from netboot.survey.new_table import set_length, write_table
from netboot.survey.places import Place, behind, is_copied, places_at_the_end, with_places

_HOURS: Final = 4 * 3600.0
_DOS_MOST: Final = 2**32 - 1
_WORTH_IT: Final = 1024 * 1024
"""Bytes of room below which a partition stays as it is: what sfdisk leaves for alignment."""
_MISSED: Final = 64
"""What stays free on the disk is told from one part in so many of the partition on: Windows' setup leaves some MiB."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of the partition that takes the rest of the disk: "" and 0 when there is none.

    `size` is its file system's in bytes, `spare` what is free beyond it because the file system cannot use it:
    in the partition, or on the disk where what is behind would have to move by less than its own length.
    """

    partition: str = ""
    size: int = 0
    spare: int = 0


def grow(disk: Path, manifest: Manifest) -> Growth:
    """Grow what the manifest marks to the whole of a disk. Raises NetbootError; the file system is whole even then,
    unless the disk itself failed, or it is f2fs, whose resize cannot be undone."""
    if manifest.table == "gpt":
        run(["sfdisk", "--quiet", "--no-tell-kernel", "--relocate", "gpt-bak-std", disk], timeout=60)
    partition, unused = growing(manifest), 0
    if partition is not None and (later := behind(manifest.partitions, partition)):
        moved, unused = _move_to_the_end(disk, manifest, partition)
        show_partitions(disk, (known.number for known in manifest.partitions))
        for one in later:
            if one.number in moved and one.filesystem is not None and not is_copied(one):
                make_swap(require_partition(disk, replace(one, start=moved[one.number][0])), one.filesystem)
    else:
        most = _DOS_MOST * manifest.sector
        counted = manifest.table == "gpt" or length_of(disk) <= most
        starts = {known.number: known.start for known in manifest.partitions}
        for number in stretched(manifest, partition):
            # Where a disk has more sectors than a dos table counts, sfdisk's "+" is what is left of them beyond 2^32:
            # less than there could be, and less than there is where that is small.
            set_length(disk, number, None if counted else (most - starts[number]) // manifest.sector)
        show_partitions(disk, (known.number for known in manifest.partitions))
    if partition is None or partition.filesystem is None:
        return Growth()
    device = require_partition(disk, partition)
    volume = partition.growing_volume
    if volume is None or volume.filesystem is None:
        size, spare = _grow_in(device, partition.filesystem.kind)
    else:
        unused = max(unused, grow_volume(device, manifest, partition, volume))
        with volume_device(device, volume.name, sector=manifest.sector) as inside:
            size, spare = _grow_in(inside, volume.filesystem.kind)
    told = [free for free, least in ((spare, _WORTH_IT), (unused, partition.length // _MISSED)) if free > least]
    return Growth(device.name, size, max(told, default=0))


def _grow_in(device: Path, kind: str) -> tuple[int, int]:
    """Grow this file system to its device; its size then, and what of the device it cannot use."""
    GROWERS[kind](device, kind)
    size = size_of(device, kind)
    return size, length_of(device) - size


def growing(manifest: Manifest) -> Partition | None:
    """The partition that takes the rest of the disk, if there is one whose file system can follow."""
    partition = next((partition for partition in manifest.partitions if partition.grow), None)
    if partition is None:
        return None
    volume = partition.growing_volume
    inside = partition.filesystem if volume is None else volume.filesystem
    return partition if inside is not None and inside.kind in GROWABLE else None


def stretched(manifest: Manifest, partition: Partition | None) -> tuple[int, ...]:
    """The numbers to stretch, in order: an extended partition of a dos table before the logical one inside it."""
    if partition is None:
        return ()
    around = [
        other.number
        for other in manifest.partitions
        if other.role == "extended" and other.start <= partition.start and partition.end <= other.end
    ]
    return (*around, partition.number)


def _move_to_the_end(disk: Path, manifest: Manifest, partition: Partition) -> tuple[Mapping[int, Place], int]:
    """Let this partition end where those behind it begin, and the last of these where the disk does; the new places,
    and where there are none, how much of the disk stays free."""
    end, now = _table_now(disk, manifest)
    moved = places_at_the_end(manifest.partitions, partition, end)
    if moved:
        for one in behind(manifest.partitions, partition):
            target, length = moved[one.number]
            # Where the table has it there already, what it was copied from may be another's now.
            if is_copied(one) and now.get(one.number) == one.start:
                used = copied_ranges(manifest, one.start, one.end)
                copy_partition(disk, one.start, target, length, used=used, sector=manifest.sector)
        dump = run(["sfdisk", "--dump", disk], timeout=60).stdout
        text = with_places(dump, moved, manifest.sector)
        write_table(disk, text, table=manifest.table, sector=manifest.sector)
        for number in sorted(moved.keys() - {partition.number}, reverse=True):
            # As long as the kernel has them where they were, the other cannot become larger.
            run(["partx", "--delete", "--nr", str(number), disk], expect=None, timeout=60)
    return moved, 0 if moved else end - max(one.end for one in manifest.partitions)


def _table_now(disk: Path, manifest: Manifest) -> tuple[int, Mapping[int, int]]:
    """Where the disk's usable part ends, and where each partition begins by the table, by its number. Raises
    NetbootError."""
    said = run(["sfdisk", "--json", disk], timeout=60).stdout
    try:
        table = json.loads(said)["partitiontable"]
        now = {int(re.sub(r"^.*\D", "", row["node"])): row["start"] * manifest.sector for row in table["partitions"]}
        if manifest.table == "gpt":
            return (table["lastlba"] + 1) * manifest.sector, now
    except (KeyError, TypeError, ValueError) as error:
        raise NetbootError(
            f"the partition table of {disk.name} cannot be read", hint="deploy the master again"
        ) from error
    # What a dos table counts in: 32 bits of sectors.
    return min(length_of(disk), _DOS_MOST * manifest.sector), now


def _grow_mounted(*tool: str) -> Callable[[Path, str], None]:
    def grow_mounted(device: Path, kind: str) -> None:
        with mounted(device, kind) as folder:
            run([*tool, folder], timeout=_HOURS)

    return grow_mounted


GROWERS: Final[Mapping[str, Callable[[Path, str], None]]] = {
    **dict.fromkeys(EXT, grow_ext),
    "ntfs": grow_ntfs,
    "f2fs": grow_f2fs,
    "xfs": _grow_mounted("xfs_growfs"),
    "btrfs": _grow_mounted("btrfs", "filesystem", "resize", "max"),
}
"""By blkid's name of the file system: grows it to its partition. Raises NetbootError."""
