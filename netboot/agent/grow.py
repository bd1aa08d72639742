"""Growing a deployed master to the disk it lies on: the partition table, its last partition, that one's file system.

sfdisk moves GPT's copy to the end of the disk and stretches the partition; each kind of file system grows by its own
tool, unmounted. Only ext2/3/4 is known today; a master with another kind keeps its size (`GROWERS` is the place to add
one). Blocks: run it in a thread. Needs root.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from netboot.agent.partitions import require_partition, show_partitions
from netboot.manifest import Manifest, Partition
from netboot.process import run

_HOURS: Final = 4 * 3600.0
_WORTH_IT: Final = 1024 * 1024
"""Bytes of room below which a partition stays as it is: what sfdisk leaves for alignment."""


def grow(disk: Path, size: int, manifest: Manifest) -> str:
    """Grow what the manifest marks to a disk of `size` bytes; returns that partition's name, "" when none grows.

    Raises NetbootError.
    """
    if manifest.table == "gpt":
        run(["sfdisk", "--quiet", "--no-tell-kernel", "--relocate", "gpt-bak-std", disk], timeout=60)
    partition = growing(manifest)
    for number in stretched(manifest, partition):
        _stretch(disk, number)
    show_partitions(disk, (known.number for known in manifest.partitions))
    if partition is None:
        return ""
    device = require_partition(disk, partition)
    if partition.filesystem is not None:
        GROWERS[partition.filesystem.kind](device)
    return device.name if size - partition.end > _WORTH_IT else ""


def growing(manifest: Manifest) -> Partition | None:
    """The partition that takes the rest of the disk, if there is one whose file system can follow."""
    partition = next((partition for partition in manifest.partitions if partition.grow), None)
    if partition is None or partition.filesystem is None or partition.filesystem.kind not in GROWERS:
        return None
    return partition


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


def _stretch(disk: Path, number: int) -> None:
    run(
        [
            "sfdisk",
            "--quiet",
            "--no-reread",
            "--no-tell-kernel",
            "--wipe",
            "never",
            "--wipe-partitions",
            "never",
            "--partno",
            str(number),
            disk,
        ],
        stdin=",+\n",
        timeout=60,
    )


def _grow_ext(device: Path) -> None:
    # resize2fs wants a forced check first; 1 is "errors were corrected".
    run(["e2fsck", "-f", "-p", device], expect=(0, 1), timeout=_HOURS)
    run(["resize2fs", device], timeout=_HOURS)


GROWERS: Final[Mapping[str, Callable[[Path], None]]] = {"ext2": _grow_ext, "ext3": _grow_ext, "ext4": _grow_ext}
"""By blkid's name of the file system: grows it to its partition. Raises NetbootError."""
