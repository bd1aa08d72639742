"""Which bytes of a disk image are in use: what a master must hold, and what is left out.

partclone lists the used blocks of the file systems it knows as a map in ddrescue's format (`--domain`). A partition
whose file system it does not know or refuses, or whose condition allows no map (`condition.py`), counts as used as a
whole: nothing is left out because it looks empty. Of swap only the header is kept: swapped-out memory may hold
anybody's data. Of a btrfs, every copy of a used block counts as used (`btrfs.py`).
Not for: cutting ranges into chunks (`pieces.py`). All values are bytes; a range is (start, end).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.growth import HEAD, SuperblockError, read_ntfs
from netboot.shared.manifest import Partition
from netboot.shared.process import ProgramError, ends_with_us, run
from netboot.survey.btrfs import all_copies, read_chunks
from netboot.survey.condition import require_takeable
from netboot.survey.disk_file import DiskFile
from netboot.survey.disk_layout import DiskLayout
from netboot.survey.f2fs import f2fs_map_problem
from netboot.survey.loop import loop_device
from netboot.survey.places import is_empty_extended
from netboot.survey.volumes import Lvm

Range = tuple[int, int]

GRAIN: Final = 4096
"""Used ranges begin and end at multiples of this, so that writes fit disks with 4 KiB physical sectors."""
BOOT_AREA: Final = 1024 * 1024
"""What is taken before the first partition: the table, and boot code in the gap after the MBR."""
_SWAP_HEADER: Final = 4096
_SECTOR: Final = 512
_PROGRAMS: Final = {
    "ext2": "partclone.extfs",
    "ext3": "partclone.extfs",
    "ext4": "partclone.extfs",
    "vfat": "partclone.fat",
    "ntfs": "partclone.ntfs",
    "xfs": "partclone.xfs",
    "btrfs": "partclone.btrfs",
    "exfat": "partclone.exfat",
    "f2fs": "partclone.f2fs",
}
_AT_ONCE: Final = 4
"""File systems that are looked at side by side: partclone mostly waits."""
_LINE: Final = re.compile(r"\s*0x([0-9A-Fa-f]{1,16})\s+0x([0-9A-Fa-f]{1,16})\s+([?+])\s*")


class MapError(NetbootError):
    """A map of used blocks that makes no sense."""


@dataclass(frozen=True, slots=True)
class Used:
    """Every range in use, joined and aligned to GRAIN; and of each partition that is taken as a whole, why: by its
    number, in words."""

    ranges: tuple[Range, ...]
    whole: Mapping[int, str]


def used_ranges(
    disk: DiskFile,
    layout: DiskLayout,
    unclear: Mapping[int, str],
    lvm: Mapping[int, Lvm],
    progress: Callable[[str], None],
) -> Used:
    """What of the disk is in use. `unclear` are partitions of which no map can be trusted, by number, and why; `lvm`
    those that are physical volumes, as they were read. Raises NetbootError. Needs root."""
    ranges, whole = list(outside_partitions(layout)), dict[int, str]()
    plain = [one for one in layout.partitions if one.role != "extended" and one.number not in lvm]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        all_found = pool.map(lambda one: _used_or_why_not(disk, one, unclear.get(one.number, "")), plain)
        for partition, found in zip(plain, all_found, strict=True):
            if not isinstance(found, str):
                ranges += found
                continue
            ranges.append((partition.start, partition.end))
            if partition.role not in ("bios-boot", "reserved"):
                kind = partition.filesystem.kind if partition.filesystem is not None else "unknown file system"
                whole[partition.number] = found
                progress(f"partition {partition.number} ({kind}): taken as a whole, because {found}")
    for number, one in lvm.items():
        inside, taken_whole = _used_in_lvm(disk, one, progress)
        ranges += inside
        if taken_whole:
            whole[number] = "; ".join(taken_whole)
    return Used(align(ranges, GRAIN, layout.size), whole)


def _used_or_why_not(disk: DiskFile, partition: Partition, unclear: str) -> list[Range] | str:
    try:
        return unclear or _used_in(disk, partition)
    except (ProgramError, MapError) as error:
        return error.message


def outside_partitions(layout: DiskLayout) -> tuple[Range, ...]:
    """The boot area, the backup GPT, and the tables of logical partitions.

    A logical partition's table stands somewhere before it in the extended partition, so the gaps there are taken, and
    the first table of one that is empty: without it sfdisk takes the whole table for broken.
    """
    plain = sorted((p for p in layout.partitions if p.role != "extended"), key=lambda partition: partition.start)
    ranges = [(0, min(plain[0].start, BOOT_AREA)), (layout.backup, layout.size)]
    for extended in (p for p in layout.partitions if p.role == "extended"):
        at = extended.start
        if is_empty_extended(extended, plain):
            ranges.append((at, min(at + GRAIN, extended.end)))
        for partition in plain:
            if extended.start <= partition.start < extended.end:
                ranges.append((at, partition.start))
                at = partition.end
    return tuple((start, end) for start, end in ranges if start < end)


def parse_domain(text: str, length: int) -> tuple[Range, ...]:
    """The used ranges ("+") of a ddrescue map of a partition of `length` bytes. Raises MapError."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    ranges = []
    # The first line that is no comment is ddrescue's own state.
    for line in lines[1:]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise MapError(f"a map of used blocks has the line {line[:60]!r}", hint="is this another partclone?")
        start, size = int(match[1], 16), int(match[2], 16)
        if match[3] == "+" and size:
            ranges.append((start, start + size))
    if not ranges or max(end for _, end in ranges) > length + GRAIN:
        raise MapError("a map of used blocks is empty or longer than its partition", hint="check the file system")
    return tuple((start, min(end, length)) for start, end in ranges if start < length)


def align(ranges: Iterable[Range], grain: int, size: int) -> tuple[Range, ...]:
    """The ranges, widened to multiples of `grain` within `size`, sorted and joined where they touch."""
    joined: list[Range] = []
    for start, end in sorted((start // grain * grain, min(-(-end // grain) * grain, size)) for start, end in ranges):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _used_in(disk: DiskFile, partition: Partition) -> list[Range]:
    """What is in use of a partition. Raises MapError or ProgramError when that cannot be told."""
    kind = partition.filesystem.kind if partition.filesystem is not None else ""
    if kind == "swap":
        return [(partition.start, partition.start + min(_SWAP_HEADER, partition.length))]
    program = _PROGRAMS.get(kind)
    if program is None:
        raise MapError("no tool here tells what of it is in use")
    inside = _inside_btrfs(disk, partition) if kind == "btrfs" else _mapped(disk, partition, program)
    if kind == "f2fs" and (unclear := f2fs_map_problem(_reader(disk, partition), inside)):
        raise MapError(unclear)
    ranges = [(partition.start + start, partition.start + end) for start, end in inside]
    if kind == "ntfs":
        ranges += _copies_of_boot_sector(disk, partition)
    return ranges


def _used_in_lvm(disk: DiskFile, lvm: Lvm, progress: Callable[[str], None]) -> tuple[list[Range], list[str]]:
    """What is in use of a physical volume; and which of its volumes are taken as a whole, and why. Raises NetbootError
    for a volume that no master may be made with."""
    ranges, whole = list(lvm.outside), list[str]()
    for place in lvm.places:
        found: list[Range] | str = "it lies in several pieces"
        if place.partition is not None:
            unclear = require_takeable(disk, (place.partition,), progress)
            found = _used_or_why_not(disk, place.partition, "".join(unclear.values()))
        if isinstance(found, str):
            whole.append(f"of its volume {place.name}: {found}")
            progress(f"volume {place.name}: taken as a whole, because {found}")
            found = list(place.ranges)
        ranges += found
    return ranges, whole


def _copies_of_boot_sector(disk: DiskFile, partition: Partition) -> Iterable[Range]:
    """Outside of its own clusters: NTFS's is in the partition's last sector, where ntfsfix and Linux look for it. One
    that was made smaller than its partition has it behind its last cluster instead, or both."""
    yield partition.end - _SECTOR, partition.end
    try:
        behind = partition.start + read_ntfs(_reader(disk, partition)(0, HEAD)).size
    except SuperblockError as error:
        raise MapError(f"it has {error}") from error
    if behind < partition.end:
        yield behind, min(behind + GRAIN, partition.end)


def _reader(disk: DiskFile, partition: Partition) -> Callable[[int, int], bytes]:
    return lambda start, end: disk.read(partition.start + start, min(partition.start + end, partition.end))


def _inside_btrfs(disk: DiskFile, partition: Partition) -> Sequence[Range]:
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        chunks = read_chunks(device)
    if not chunks:
        raise MapError("its chunks are not listed", hint="is this another btrfs-progs?")
    used = all_copies(_mapped(disk, partition, _PROGRAMS["btrfs"]), chunks)
    if max(end for _, end in used) > partition.length:
        raise MapError("its chunks lie outside the partition", hint="check the file system")
    return used


def _mapped(disk: DiskFile, partition: Partition, program: str) -> tuple[Range, ...]:
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        domain = run(
            ends_with_us(
                [
                    program,
                    "--domain",
                    "--quiet",
                    # It ends no sooner than it would show again how far it is. With 0 that is at once; until then a
                    # thread of it turns without rest, beside one that reads.
                    "--UI-fresh=0",
                    "--logfile",
                    "/dev/null",
                    "--source",
                    device,
                    "--output",
                    "-",
                ]
            ),
            timeout=1800,
        ).stdout
    return parse_domain(domain, partition.length)
