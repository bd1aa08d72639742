"""Makes a copy of a disk image fit smaller disks: its last file system is made smaller, and the disk ends behind it.

The image itself is never written to. Only what is in use is copied, into a draft of the store; there the file system's
own tool moves the tail to the front (resize2fs, ntfsresize), and it is checked before anything is made of it. XFS and
f2fs cannot be made smaller, and btrfs only by the kernel, which gets no image of anybody's to mount here: of those only
what lies behind the last partition is left out (`disk_end.py`). Each PC that gets the master grows it again
(`agent/customise/grow.py`). All values are bytes.
Not for: whether the image may be a master at all (`survey/`), which comes first.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from netboot.masters.disk_end import ends_sooner
from netboot.masters.moved_up import move_up
from netboot.masters.shrink_lvm import shrink_volume
from netboot.masters.worth_shrinking import is_worth_it, kind_inside, mostly_free, why_it_keeps, with_margin
from netboot.shared.errors import NetbootError
from netboot.shared.growth import EXT, HEAD, SUPERBLOCK, read_ext
from netboot.shared.inventory import amount, gigabytes
from netboot.shared.manifest import FileSystem, Partition
from netboot.shared.process import ends_with_us, run
from netboot.store import Store
from netboot.survey.disk_file import DiskFile, open_disk
from netboot.survey.gpt import with_end
from netboot.survey.loop import writable_loop_device
from netboot.survey.new_table import set_length
from netboot.survey.ntfs import smallest_ntfs
from netboot.survey.places import behind
from netboot.survey.used_ranges import GRAIN
from netboot.survey.whole_disk import Survey, survey

Progress = Callable[[str], None]
Fit = Callable[[DiskFile, Survey, Store, Progress], AbstractContextManager[tuple[DiskFile, Survey]]]
"""Which size a master gets: `made_smaller` or `as_it_is`."""

_MIB: Final = 1024 * 1024
_ANY_DISK: Final = 8 * 10**12
"""No PC's disk is larger."""
KEEPS: Final = "it keeps its size: "
"""Before why it was not made smaller, in what is told."""
_KEEP: Final = "import it with --keep-size"
_HOURS: Final = 12 * 3600.0
_PIECE: Final = 64 * _MIB


@contextmanager
def made_smaller(disk: DiskFile, found: Survey, store: Store, progress: Progress) -> Iterator[tuple[DiskFile, Survey]]:
    """A smaller copy of this disk, and what is on it; or the disk itself, ending sooner where that alone is worth it.
    What was done is told, or why nothing was. Raises NetbootError. Needs root."""
    partition = mostly_free(found.layout.partitions, found.ranges, found.layout.size)
    if partition is None or kind_inside(partition) not in _SHRINKERS:
        yield disk, _ended_sooner(disk, found, partition, progress)
        return
    with store.draft(".smaller") as draft:
        small = _try(disk, found, partition, draft, store, progress)
        if small is None:
            draft.unlink(missing_ok=True)
            yield disk, found
            return
        with open_disk(draft) as copy:
            yield replace(copy, name=disk.name), small


@contextmanager
def as_it_is(disk: DiskFile, found: Survey, store: Store, progress: Progress) -> Iterator[tuple[DiskFile, Survey]]:
    """The disk itself, in its own size."""
    yield disk, found


def _ended_sooner(disk: DiskFile, found: Survey, partition: Partition | None, progress: Progress) -> Survey:
    """The same on a disk that ends behind its last partition, where that is worth it; else why it keeps its size, when
    this partition is mostly free."""
    sooner = ends_sooner(disk, found)
    if sooner is not None:
        _tell(found, sooner, progress)
    elif partition is not None:
        progress(f"{KEEPS}{why_it_keeps(partition)}")
    return sooner or found


def _tell(found: Survey, small: Survey, progress: Progress) -> None:
    progress(
        f"made smaller: it fits disks of {gigabytes(small.layout.size)}; the image has {gigabytes(found.layout.size)}"
    )


def _try(
    disk: DiskFile, found: Survey, partition: Partition, draft: Path, store: Store, progress: Progress
) -> Survey | None:
    """Make the smaller copy in `draft`, and survey it; None, and a word why, when it does not become one."""
    try:
        # Blocks that move are there twice, and then come the chunks.
        store.require_space(3 * found.used)
        progress(f"making it smaller: copying {amount(found.used)}")
        _copy(disk, found, draft)
        length = _shrink(draft, partition, found.layout.sector, progress)
        if length is None or not is_worth_it(found.layout.size, partition.length - length):
            progress(f"{KEEPS}its file system cannot be made much smaller")
            return None
        if behind(found.layout.partitions, partition):
            move_up(disk, found, partition, partition.start + length, draft)
        else:
            _cut(draft, found, partition, partition.start + length)
        with open_disk(draft) as copy:
            small = survey(copy, _said_before)
            _require_same(found, small, partition)
    except (NetbootError, OSError, ValueError) as error:
        hint = f" ({' '.join(error.hint.split())[-300:]})" if isinstance(error, NetbootError) and error.hint else ""
        progress(f"{KEEPS}{error}{hint}")
        return None
    _tell(found, small, progress)
    understood = msgspec.structs.replace(small.understood, repaired=found.understood.repaired)
    return replace(small, understood=understood)


def _copy(disk: DiskFile, found: Survey, draft: Path) -> None:
    """The parts in use, and the partition table as it is right, into a file with holes."""
    with draft.open("xb") as file:
        file.truncate(found.layout.size)
        for start, end in found.ranges:
            at = start
            while at < end:
                part = disk.read(at, min(end, at + _PIECE))
                if not part:
                    break  # behind the file's end is what the repairs of its table add
                file.seek(at)
                file.write(part)
                at += len(part)
        for offset, data in found.layout.patches:
            file.seek(offset)
            file.write(data)
    disk.require_unchanged()


def _shrink(draft: Path, partition: Partition, sector: int, progress: Progress) -> int | None:
    """Make the file system smaller; the length that its partition then needs. Raises NetbootError."""
    kind, volume = kind_inside(partition), partition.growing_volume
    progress(f"making it smaller: {volume.name if volume is not None else f'partition {partition.number}'} ({kind})")
    with writable_loop_device(draft, offset=partition.start, length=partition.length) as device:
        if volume is None:
            return _SHRINKERS[kind](device)
        return shrink_volume(device, partition, volume, sector, _SHRINKERS[kind])


def _shrink_ext(device: Path) -> int | None:
    run(ends_with_us(["e2fsck", "-f", "-p", device]), expect=(0, 1), timeout=_HOURS)
    before = read_ext(_head(device)[SUPERBLOCK])
    told = run(["resize2fs", "-P", device], timeout=_HOURS).stdout
    smallest = int(told.rsplit(":", 1)[-1]) * before.block
    length = with_margin(smallest)
    if smallest <= 0 or length >= before.size:
        return None
    run(ends_with_us(["resize2fs", device, str(length // before.block)]), timeout=_HOURS)
    run(ends_with_us(["e2fsck", "-f", "-n", device]), timeout=_HOURS)
    after = read_ext(_head(device)[SUPERBLOCK])
    if not 0 < after.size <= length:
        raise NetbootError(f"resize2fs made it {after.size} bytes, not {length}", hint=_KEEP)
    if after.largest < min(before.largest, _ANY_DISK):
        raise NetbootError(f"it would grow to {gigabytes(after.largest)} only, once it is small", hint=_KEEP)
    return length


def _shrink_ntfs(device: Path) -> int | None:
    smallest = smallest_ntfs(device)
    if smallest is None:
        return None
    length = with_margin(smallest)
    run(ends_with_us(["ntfsresize", "--no-progress-bar", "--size", str(length), device]), stdin="y\n", timeout=_HOURS)
    # It was clean before, and ntfsresize asks Windows to check it: the PC on which it grows asks for that again.
    run(["ntfsfix", "--clear-dirty", device], timeout=_HOURS)
    if smallest_ntfs(device) is None:
        raise NetbootError("ntfsresize finds it damaged once it is small", hint=_KEEP)
    return length


def _head(device: Path) -> bytes:
    with device.open("rb") as file:
        return file.read(HEAD)


def _cut(draft: Path, found: Survey, partition: Partition, end: int) -> None:
    """Let the partition end there, and the disk behind it; the partition table says so."""
    layout = found.layout
    if layout.table == "gpt":
        with open_disk(draft) as copy:
            shortened = with_end(copy.read, layout.sector, partition.number, end)
        os.truncate(draft, shortened.disk)
        with draft.open("r+b") as file:
            for offset, data in shortened.patches:
                file.seek(offset)
                file.write(data)
        return
    around = [
        other
        for other in layout.partitions
        if other.role == "extended" and other.start <= partition.start and partition.end <= other.end
    ]
    with writable_loop_device(draft, sector=layout.sector) as device:
        for one in (partition, *around):
            set_length(device, one.number, (end - one.start) // layout.sector)
    os.truncate(draft, -(-end // GRAIN) * GRAIN)


def _said_before(line: str) -> None:
    """What a survey tells was told of the image itself."""


def _require_same(found: Survey, small: Survey, shrunk: Partition) -> None:
    """Raises NetbootError when more has changed than the length of one partition."""
    wanted = tuple(_named(one, shrunk) for one in found.layout.partitions)
    if tuple(_named(one, shrunk) for one in small.layout.partitions) != wanted or small.uefi != found.uefi:
        raise NetbootError(
            f"after partition {shrunk.number} was made smaller, other things had changed too",
            hint=_KEEP,
        )


def _named(partition: Partition, shrunk: Partition) -> tuple[object, ...]:
    length = 0 if partition.grow or partition.role == "extended" else partition.length
    # What is behind may lie elsewhere, and so may the extended partition around it.
    start = partition.start if partition.start <= shrunk.start else 0
    volumes = [(one.name, one.role, one.grow or one.length, _label(one.filesystem)) for one in partition.volumes or ()]
    named = (partition.number, start, length, partition.type, partition.uuid, partition.name)
    return (*named, _label(partition.filesystem), *volumes)


def _label(inside: FileSystem | None) -> tuple[str, str, str] | None:
    return (inside.kind, inside.uuid, inside.label) if inside is not None else None


_SHRINKERS: Final[Mapping[str, Callable[[Path], int | None]]] = {
    **dict.fromkeys(EXT, _shrink_ext),
    "ntfs": _shrink_ntfs,
}
"""By blkid's name of the file system: makes it smaller, and gives the length that its partition needs; None where it is
not worth it. Raises NetbootError; what is on the device is of no use then."""
