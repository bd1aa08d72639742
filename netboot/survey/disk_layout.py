"""The layout of a disk image: its partition table, and each partition's file system, role and growth.

A GPT is read and repaired by `gpt.py`, a dos table read by `sfdisk --json` (util-linux). A table that does not fit the
file is refused here, before anything is stored.
Not for: which blocks of a file system are in use (`used_ranges.py`).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from netboot.shared.errors import NetbootError
from netboot.shared.fields import one_line
from netboot.shared.growth import GROWABLE
from netboot.shared.inventory import gigabytes
from netboot.shared.manifest import FileSystem, Partition, Repair, Role
from netboot.shared.process import ProgramError, run
from netboot.survey.disk_file import DiskFile
from netboot.survey.file_systems import probe
from netboot.survey.gpt import find_sector, read_gpt
from netboot.survey.installed_system import find_system
from netboot.survey.loop import loop_device
from netboot.survey.places import is_empty_extended

DOS_ROLES: Final[dict[str, Role]] = {
    "05": "extended", "0f": "extended", "85": "extended", "82": "swap", "ef": "esp", "27": "recovery", "07": "data",
}  # fmt: skip
_LINUX: Final = {"0fc63daf-8483-4772-8e79-3d69d8477de4", "83"}
_ROOT_KINDS: Final = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"}
_PROTECTIVE: Final = "ee"


@dataclass(frozen=True, slots=True)
class DiskLayout:
    """A disk image's geometry. `size` and the offsets in `partitions` are bytes; `backup` is where the table's copy at
    the end begins (GPT), `size` when there is none. `system` is the Linux that was found on the root, by its name.

    `patches` are (offset, bytes) that the master has otherwise than the image, so that its table is whole. `plain`: it
    can be written again with partitions elsewhere, and nothing of it is lost.
    """

    size: int
    sector: Literal[512, 4096]
    table: Literal["gpt", "dos"]
    table_id: str
    backup: int
    partitions: tuple[Partition, ...]
    patches: tuple[tuple[int, bytes], ...] = ()
    repaired: tuple[Repair, ...] = ()
    system: str = ""
    plain: bool = True


def read_layout(disk: DiskFile, progress: Callable[[str], None]) -> DiskLayout:
    """Read the partition table and the file systems of a raw disk image. Raises NetbootError. Needs root."""
    layout = read_table(disk)
    require_within(layout, disk)
    file_systems = [(partition, probe(disk, partition, progress)) for partition in layout.partitions]
    systems = {
        partition.number: _system(disk, partition, system)
        for partition, system in file_systems
        if system is not None and system.kind in _ROOT_KINDS
    }
    partitions = with_file_systems(file_systems, systems, plain=layout.plain)
    root = next((partition for partition in partitions if partition.role == "root"), None)
    return replace(layout, partitions=partitions, system=systems.get(root.number, "") if root is not None else "")


def read_table(disk: DiskFile) -> DiskLayout:
    """The partition table alone. Raises NetbootError. Needs root."""
    sector = find_sector(disk.read, disk.size)
    if disk.size % sector:
        raise NetbootError(
            f"{disk.name} has {disk.size} bytes, which is no whole number of sectors", hint="copy it again, whole"
        )
    gpt = read_gpt(disk.read, disk.size, sector)
    if gpt is not None:
        return DiskLayout(
            gpt.disk,
            sector,
            "gpt",
            gpt.table_id,
            gpt.backup,
            gpt.partitions,
            gpt.patches,
            gpt.repaired,
            plain=gpt.plain,
        )
    try:
        with loop_device(disk.path, sector=sector) as device:
            table = run(["sfdisk", "--json", device], timeout=60).stdout
    except ProgramError as error:
        raise NetbootError(
            f"{disk.name} has no partition table", hint="import the image of a whole disk, not of one partition"
        ) from error
    return parse_table(table, size=disk.size, sector=sector, source=disk.name)


def require_within(layout: DiskLayout, disk: DiskFile) -> None:
    """Raises NetbootError when a partition does not lie within the file."""
    if not layout.partitions:
        raise NetbootError(f"{disk.name} has no partition", hint="import the image of a disk with a system on it")
    for partition in layout.partitions:
        if partition.length <= 0:
            raise NetbootError(
                f"partition {partition.number} of {disk.name} ends before it begins", hint="see sfdisk --list"
            )
    last = max(layout.partitions, key=lambda partition: partition.end)
    if last.end > disk.size:
        raise NetbootError(
            f"partition {last.number} ends at {gigabytes(last.end)}, and {disk.name} has only {gigabytes(disk.size)}: "
            "it is cut short",
            hint="copy or download it again, whole",
        )


def parse_table(text: str, *, size: int, sector: Literal[512, 4096], source: str) -> DiskLayout:
    """Read what `sfdisk --json` printed about a dos table of `source`. Raises NetbootError.

    Such a table does not say where its disk ends: it needs no more than its partitions do.
    """
    try:
        table: dict[str, Any] = json.loads(text)["partitiontable"]
        label = table["label"]
        if label != "dos":
            raise NetbootError(
                f"{source} has a partition table of the kind {label!r} that cannot be read",
                hint="only whole GPT and dos tables are read; see sfdisk --list",
            )
        partitions = []
        for entry in table["partitions"]:
            kind = str(entry["type"]).lower().zfill(2)
            partitions.append(
                Partition(
                    number=int(re.sub(r"^.*\D", "", str(entry["node"]))),
                    start=int(entry["start"]) * sector,
                    length=int(entry["size"]) * sector,
                    type=kind,
                    uuid=str(entry.get("uuid", "")).lower(),
                    role=DOS_ROLES.get(kind, "other"),
                )
            )
        table_id = str(table.get("id", "")).lower().removeprefix("0x")
    except (KeyError, TypeError, ValueError) as error:
        raise NetbootError(
            f"{source} has no partition table that can be read: {error}", hint="see sfdisk --list"
        ) from (error)
    if any(partition.type == _PROTECTIVE for partition in partitions):
        raise NetbootError(
            f"{source} has no partition table any more: both copies of its GPT are gone, and only the protective MBR "
            "is left",
            hint="make the image again, of the whole disk",
        )
    end = min(size, max((partition.end for partition in partitions), default=size))
    return DiskLayout(end, sector, "dos", table_id, end, tuple(partitions))


def with_file_systems(
    probed: Iterable[tuple[Partition, FileSystem | None]],
    systems: Mapping[int, str] | None = None,
    *,
    plain: bool = True,
) -> tuple[Partition, ...]:
    """Give partitions their file systems, and the roles and growth that follow from them.

    `systems` are the installed systems that were found, by the partition's number; a root is where one is, else the
    largest that could be one. `plain`: the layout's.
    """
    pairs = list(probed)
    installed = systems or {}
    roots = [
        partition
        for partition, system in pairs
        if system is not None
        and system.kind in _ROOT_KINDS
        and partition.role in ("other", "data")
        and (partition.type in _LINUX or installed.get(partition.number))
    ]
    has_root = any(partition.role == "root" for partition, _ in pairs)
    root = None if has_root else max(roots, key=lambda p: (bool(installed.get(p.number)), p.length), default=None)
    last = last_that_stays((msgspec.structs.replace(p, filesystem=system) for p, system in pairs), plain=plain)
    return tuple(
        msgspec.structs.replace(
            partition,
            role="root" if partition is root else partition.role,
            grow=partition.number == last and system is not None and _grows(partition, system),
            filesystem=system,
        )
        for partition, system in pairs
    )


def last_that_stays(partitions: Iterable[Partition], *, plain: bool) -> int:
    """The number of the one that may take the rest of a larger disk, since all behind it can go to the end; 0: none.

    `plain`: the layout's; in one that is not, nothing moves. Nor does an extended partition with nothing in it: there
    is no end by which to place it.
    """
    known = tuple(partitions)
    others = (one for one in known if one.role != "extended" and not (plain and one.goes_to_the_end))
    start, number = max(((one.start, one.number) for one in others), default=(0, 0))
    return 0 if any(one.start >= start for one in known if is_empty_extended(one, known)) else number


def _grows(partition: Partition, system: FileSystem) -> bool:
    """Of an NTFS that ntfsresize does not touch, not even the partition grows: Windows is to find it as it was. A
    recovery has no use for more, whether it can be moved or not."""
    if partition.role == "recovery":
        return False
    if system.kind == "ntfs" and system.largest is not UNSET and system.largest <= partition.length:
        return False
    return system.kind in GROWABLE


def with_reasons(partitions: Iterable[Partition], whole: Mapping[int, str]) -> tuple[Partition, ...]:
    """The partitions, each that is taken as a whole with the reason in `whole`, by its number.

    An f2fs of those does not grow: nothing but a mount would put it right first.
    """
    return tuple(
        msgspec.structs.replace(
            partition,
            whole=one_line(whole[partition.number]),
            grow=partition.grow and partition.filesystem is not None and partition.filesystem.kind != "f2fs",
        )
        if partition.number in whole
        else partition
        for partition in partitions
    )


def _system(disk: DiskFile, partition: Partition, system: FileSystem) -> str:
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        return find_system(device, system.kind)
