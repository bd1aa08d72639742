"""Makes a disk again of what another program saved of it, in a draft of the store: an image as any other then.

The table by sfdisk, each partition's image by partclone.restore, which checks its checksums, or byte by byte where it
was saved so; swap by mkswap. Not for: what is in a folder (`clonezilla.py`, `fog.py`), judging the disk
(`masters/intake.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from netboot.masters.intake import Progress
from netboot.masters.saved.clonezilla import is_clonezilla, read_clonezilla
from netboot.masters.saved.fog import is_fog, read_fog
from netboot.masters.saved.folder import Folder, open_folder
from netboot.masters.saved.partclone_image import HEAD, is_partclone, partition_size
from netboot.masters.saved.parts import BOOT_CODE, SavedDisk, Swap
from netboot.masters.saved.table_dump import SECTOR, SavedPartition
from netboot.masters.spool import spooled
from netboot.shared.errors import NetbootError
from netboot.shared.process import ProgramError, ends_with_us, run
from netboot.store import Store
from netboot.survey.disk_file import DiskFile, open_disk

_AGAIN: Final = "copy the folder again, whole"
_SWAP_HEADER: Final = 4096
_BLOCK: Final = 1 << 20
_HOURS: Final = 4 * 3600


@contextmanager
def open_saved(path: Path, store: Store, progress: Progress) -> Iterator[DiskFile]:
    """The disk that was saved into this folder, as an image. Raises NetbootError."""
    with open_folder(path) as folder:
        if is_clonezilla(folder):
            saved = read_clonezilla(folder)
        elif is_fog(folder):
            saved = read_fog(folder)
        else:
            raise NetbootError(
                f"{folder.name} is a folder, and neither Clonezilla nor FOG saved a disk into it",
                hint="give a disk image, or the folder that has Clonezilla's file `parts` or FOG's `d1.partitions`",
            )
        saved.require_whole(folder.name)
        with store.draft(".raw") as raw:
            _make(raw, saved, folder.name)
            for partition in saved.table.partitions:
                _fill(raw, partition, saved, folder, store, progress)
            with open_disk(raw) as disk:
                yield replace(disk, name=folder.name)


def _make(raw: Path, saved: SavedDisk, name: str) -> None:
    """A new disk with this table, and what stands before its first partition."""
    with raw.open("xb") as disk:
        disk.truncate(saved.table.disk)
    try:
        run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe=never", raw], stdin=saved.table.script)
    except ProgramError as error:
        raise NetbootError(f"the partition table of {name} fits no disk", hint=error.hint) from error
    with raw.open("r+b") as disk:
        disk.write(saved.boot[:BOOT_CODE])
        disk.seek(SECTOR)
        disk.write(saved.boot[SECTOR : max(SECTOR, saved.table.first)])


def _fill(
    raw: Path, partition: SavedPartition, saved: SavedDisk, folder: Folder, store: Store, progress: Progress
) -> None:
    files = saved.images.get(partition.number)
    if files is not None:
        name = f"{folder.name}/{files[0]}"
        progress(f"restoring partition {partition.number}")
        with spooled(folder.parts(files), name, store, progress) as image:
            _restore(raw, partition, image, store, is_raw=".dd-" in files[0])
    elif (swap := saved.swaps.get(partition.number)) is not None:
        with store.draft(".swap") as draft:
            _make_swap(raw, partition, swap, draft)


def _restore(raw: Path, partition: SavedPartition, image: DiskFile, store: Store, *, is_raw: bool) -> None:
    store.require_space(image.size)
    head = image.read(0, HEAD)
    if not is_partclone(head):
        if not is_raw:
            raise NetbootError(f"{image.name} is no image by partclone", hint=_AGAIN)
        if image.size != partition.length:
            raise NetbootError(
                f"{image.name} has {image.size} bytes, and its partition {partition.length}", hint=_AGAIN
            )
        _copy(image, raw, partition.start)
        return
    size = partition_size(head, image.name)
    if size > partition.length:
        raise NetbootError(
            f"{image.name} is of a partition of {size} bytes, and the table has {partition.length}", hint=_AGAIN
        )
    try:
        run(
            ends_with_us(
                [
                    "partclone.restore",
                    "--quiet",
                    "--no_check",
                    "--logfile=/dev/null",
                    f"--offset={partition.start}",
                    "--source",
                    image.path,
                    "--overwrite",
                    raw,
                ]
            ),
            timeout=_HOURS,
        )
    except ProgramError as error:
        # Somebody else may have filled the store's disk meanwhile: that is said instead.
        store.require_space(0)
        raise NetbootError(f"{image.name} is damaged: it cannot be restored", hint=error.hint) from error


def _copy(image: DiskFile, raw: Path, start: int) -> None:
    """The image onto the disk, where it is not zeros."""
    with raw.open("r+b") as disk:
        for at in range(0, image.size, _BLOCK):
            block = image.read(at, min(at + _BLOCK, image.size))
            if block.strip(b"\0"):
                disk.seek(start + at)
                disk.write(block)


def _make_swap(raw: Path, partition: SavedPartition, swap: Swap, draft: Path) -> None:
    with draft.open("xb") as file:
        file.truncate(partition.length)
    uuid = ("--uuid", swap.uuid) if swap.uuid else ()
    label = ("--label", swap.label) if swap.label else ()
    run(["mkswap", *uuid, *label, "--", draft])
    with draft.open("rb") as made, raw.open("r+b") as disk:
        disk.seek(partition.start)
        disk.write(made.read(_SWAP_HEADER))
