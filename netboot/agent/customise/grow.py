"""Growing a deployed master to the disk it lies on: the partition table, its last partition, that one's file system.

sfdisk moves GPT's copy to the end of the disk and stretches the partition; each kind of file system grows by its own
tool: ext2, 3 and 4 unmounted and no further than is safe for them (`shared/growth.py`), XFS and btrfs mounted.
A growth that fails is undone where possible, and none is reported before the file system was checked.
Blocks: run it in a thread. Needs root.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.agent.disks.partitions import mounted, require_partition, show_partitions
from netboot.shared.errors import NetbootError
from netboot.shared.growth import EXT, GROWABLE, HEAD, SUPERBLOCK, ExtSize, SuperblockError, read_ext, size_in
from netboot.shared.manifest import Manifest, Partition
from netboot.shared.process import ProgramError, run

_HOURS: Final = 4 * 3600.0
_WORTH_IT: Final = 1024 * 1024
"""Bytes of room below which a partition stays as it is: what sfdisk leaves for alignment."""
_LAZY: Final = Path("/sys/fs/ext4/features/lazy_itable_init")
"""There once the kernel's ext4 is loaded: resize2fs then leaves inode tables, GBs on a large disk, for it to write."""
_FORGET: Final = 0x1261
"""ioctl BLKFLSBUF: write out what was written to the device, and forget what was read (linux/fs.h)."""
_OLDEST_CLOCK: Final = 1_262_322_000
"""Before 2010 e2fsck takes no moment for true, and resize2fs then asks for another check, for ever."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of the partition that takes the rest of the disk: "" and 0 when there is none.

    `size` is its file system's in bytes, `spare` what the partition has beyond it because the file system cannot use
    it.
    """

    partition: str = ""
    size: int = 0
    spare: int = 0


def grow(disk: Path, manifest: Manifest) -> Growth:
    """Grow what the manifest marks to the whole of a disk. Raises NetbootError; the file system is whole even then,
    unless the disk itself failed."""
    if manifest.table == "gpt":
        run(["sfdisk", "--quiet", "--no-tell-kernel", "--relocate", "gpt-bak-std", disk], timeout=60)
    partition = growing(manifest)
    for number in stretched(manifest, partition):
        _stretch(disk, number)
    show_partitions(disk, (known.number for known in manifest.partitions))
    if partition is None or partition.filesystem is None:
        return Growth()
    kind, device = partition.filesystem.kind, require_partition(disk, partition)
    GROWERS[kind](device, kind)
    size = _size(device, kind)
    spare = _length(device) - size
    return Growth(device.name, size, spare if spare > _WORTH_IT else 0)


def growing(manifest: Manifest) -> Partition | None:
    """The partition that takes the rest of the disk, if there is one whose file system can follow."""
    partition = next((partition for partition in manifest.partitions if partition.grow), None)
    if partition is None or partition.filesystem is None or partition.filesystem.kind not in GROWABLE:
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


def _grow_ext(device: Path, kind: str) -> None:
    """Check, grow as far as it stays whole, and check again; a growth that went wrong is undone."""
    _check_ext(device)
    before = _read_ext(device)
    blocks = min(_length(device), before.largest) // before.block
    if blocks <= before.blocks:
        return
    if not _LAZY.exists():
        run(["modprobe", "--quiet", "ext4"], expect=None, timeout=60)
    with tempfile.TemporaryDirectory(prefix="netboot-undo-") as folder:
        # Without checksums, or a kernel that can write them later, it would hold the inode tables of a whole disk.
        # With other blocks than of 4 KiB resize2fs 1.47 itself leaves a wrong resize inode when it keeps an undo file.
        undoable = before.block == 4096 and before.checksums and _LAZY.exists()
        undo = Path(folder, "before") if undoable else None
        try:
            # The number is in the file system's own blocks.
            keeping = ("-z", str(undo)) if undo else ()
            run(["resize2fs", *keeping, device, str(blocks)], timeout=_HOURS)
            run(["e2fsck", "-f", "-n", device], timeout=_HOURS, env=_at_the_time_of(device))
        except ProgramError:
            if undo is not None and undo.exists():
                run(["e2undo", undo, device], timeout=_HOURS)
                _check_ext(device)
            raise


def _check_ext(device: Path) -> None:
    """A forced check, which resize2fs wants; what it corrects by itself is corrected (status 1)."""
    run(["e2fsck", "-f", "-p", device], expect=(0, 1), timeout=_HOURS, env=_at_the_time_of(device))


def _at_the_time_of(device: Path) -> dict[str, str]:
    """For e2fsck, a clock that is behind no moment that the file system names, whatever the PC's own says: resize2fs
    compares the time of the check with those."""
    return {"E2FSCK_TIME": str(max(int(time.time()), _read_ext(device).touched, _OLDEST_CLOCK))}


def _grow_mounted(*tool: str) -> Callable[[Path, str], None]:
    def grow_mounted(device: Path, kind: str) -> None:
        with mounted(device, kind) as folder:
            run([*tool, folder], timeout=_HOURS)

    return grow_mounted


def _read_ext(device: Path) -> ExtSize:
    try:
        return read_ext(_head(device)[SUPERBLOCK])
    except SuperblockError as error:
        raise NetbootError(f"{device.name}: {error}", hint="deploy the master again") from error


def _size(device: Path, kind: str) -> int:
    try:
        return size_in(kind, _head(device))
    except SuperblockError as error:
        raise NetbootError(f"{device.name}: {error}", hint="deploy the master again") from error


def _head(device: Path) -> bytes:
    try:
        with device.open("rb") as file:
            # XFS and btrfs write past what was read of their device before.
            fcntl.ioctl(file.fileno(), _FORGET)
            return file.read(HEAD)
    except OSError as error:
        raise NetbootError(f"{device.name}: {error}", hint="deploy the master again") from error


def _length(device: Path) -> int:
    with device.open("rb") as file:
        return file.seek(0, os.SEEK_END)


GROWERS: Final[Mapping[str, Callable[[Path, str], None]]] = {
    **dict.fromkeys(EXT, _grow_ext),
    "xfs": _grow_mounted("xfs_growfs"),
    "btrfs": _grow_mounted("btrfs", "filesystem", "resize", "max"),
}
"""By blkid's name of the file system: grows it to its partition. Raises NetbootError."""
