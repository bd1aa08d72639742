"""What takes the rest of a larger disk where a profile names it: `deploy: {grow: 3}`, `{grow: debian-vg/root}`. Pure.

By the manifest alone, so that the server says before an erase why it cannot, and the agent does what was judged. What
lies behind a named partition goes to the end of the disk, and behind a named volume of LVM to the end of its group:
swap and Windows' recovery as behind any (`shared/growth.py`), and, where nothing names a sector of them, other file
systems, copied: of partitions with a GPT alone, and no system and no loader.
Not for: where it all lies then (`places.py`, `lvm_room.py`), growing (`agent/customise/grow.py`).
"""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from netboot.shared.growth import EXT, GROWABLE
from netboot.shared.manifest import CUSTOMISABLE, FileSystem, LogicalVolume, Manifest, Partition, Understood
from netboot.shared.stages.deploy import Named
from netboot.survey.places import behind, is_copied, is_empty_extended

_MOVED_VOLUMES: Final = EXT | {"xfs", "btrfs", "crypto_LUKS"}
"""File systems, as blkid names them, that do not say where on a disk they are."""
_MOVED: Final = _MOVED_VOLUMES | {"ntfs", "LVM2_member"}
"""And an NTFS, which does and is put right."""
_MOVED_ROLES: Final = frozenset({"home", "data", "other"})
_COPIED_MOST: Final = 64 << 30
"""Bytes in use of all that is copied: half an hour on a slow disk, and as much again to compare."""


@dataclass(frozen=True, slots=True)
class NotGrowingError(Exception):
    """Why it cannot take the rest of a disk: a word of `OBSTACLES` in `shared/sentences/deploy.py`, with its value."""

    obstacle: str


def with_growing(manifest: Manifest, named: Named) -> Manifest:
    """The master as it is where the partition of this number, or the volume of this name, takes the rest of the disk.
    Raises NotGrowingError."""
    inside = {volume.name: (one, volume) for one in manifest.partitions for volume in one.volumes or ()}
    plain = {one.number: (one, None) for one in manifest.partitions if one.role != "extended"}
    found = inside.get(named) if isinstance(named, str) else plain.get(named)
    if found is None:
        raise NotGrowingError("missing")
    partition, volume = found
    if volume.grow if volume is not None else partition.grow:
        return manifest
    if obstacle := _obstacle(manifest, partition, volume):
        raise NotGrowingError(obstacle)
    return replace(manifest, partitions=tuple(_marked(one, partition, volume) for one in manifest.partitions))


def copied_ranges(manifest: Manifest, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """What the master wrote between two places of the disk, as (start, end): what is copied of what lies there."""
    cut = ((max(first, start), min(last, end)) for first, last in manifest.used_ranges)
    return tuple((first, last) for first, last in cut if first < last)


def copied_behind(partition: Partition, volume: LogicalVolume) -> tuple[LogicalVolume, ...]:
    """The volumes that are copied where this one takes the rest of its group."""
    return tuple(one for one in _later(partition, volume) if one.role != "swap")


def _later(partition: Partition, volume: LogicalVolume) -> tuple[LogicalVolume, ...]:
    if volume.start is UNSET:
        return ()
    start = volume.start
    return tuple(one for one in partition.volumes or () if one.start is not UNSET and one.start > start)


def _marked(one: Partition, partition: Partition, volume: LogicalVolume | None) -> Partition:
    if one.volumes is UNSET:
        return replace(one, grow=one is partition)
    volumes = tuple(replace(other, grow=other is volume) for other in one.volumes)
    return replace(one, grow=one is partition, volumes=volumes)


def _obstacle(manifest: Manifest, partition: Partition, volume: LogicalVolume | None) -> str:
    if manifest.shrunk_from is not UNSET:
        return f"shrunk {_marked_now(manifest)}"
    if volume is None:
        return _of_partition(partition) or _behind(manifest, partition)
    return _of_volume(manifest, partition, volume) or ("" if partition.grow else _behind(manifest, partition))


def _marked_now(manifest: Manifest) -> str:
    """What was made smaller, and grows."""
    growing = next((one for one in manifest.partitions if one.grow), None)
    if growing is None:
        return "?"
    return growing.growing_volume.name if growing.growing_volume is not None else str(growing.number)


def _of_partition(growing: Partition) -> str:
    if growing.volumes is not UNSET:
        return "lvm"
    inside = growing.filesystem
    if growing.role in ("recovery", "esp") or not _grows(inside, growing.length):
        return "kind"
    return "kind" if inside is not None and inside.kind == "f2fs" and growing.whole else ""


def _grows(inside: FileSystem | None, length: int) -> bool:
    if inside is None or inside.kind not in GROWABLE:
        return False
    return inside.largest is UNSET or inside.largest > length


def _of_volume(manifest: Manifest, partition: Partition, growing: LogicalVolume) -> str:
    """What of it, or of the volumes behind it, stands against it."""
    if not _grows(growing.filesystem, growing.length) or (
        growing.filesystem is not None and growing.filesystem.kind not in CUSTOMISABLE
    ):
        return "kind"
    if any(one.start is UNSET for one in partition.volumes or ()):
        understood = manifest.understood
        return "older" if understood is UNSET or understood.plain is UNSET else "group"
    later = copied_behind(partition, growing)
    stuck = next((one for one in later if not _moves_in_group(one)), None)
    if stuck is not None:
        return f"behind {stuck.name}"
    places = [(partition.start + one.start, one.length) for one in later if one.start is not UNSET]
    return "" if _soon_copied(manifest, places) else f"behind {later[0].name}"


def _moves_in_group(one: LogicalVolume) -> bool:
    return one.role != "root" and one.filesystem is not None and one.filesystem.kind in _MOVED_VOLUMES


def _soon_copied(manifest: Manifest, places: list[tuple[int, int]]) -> bool:
    """Whether what was written to these places, each by its start and length, is little enough: counted from the first
    to the last at once, since all between them moves."""
    if sum(length for _, length in places) <= _COPIED_MOST:
        return True
    first, last = min(start for start, _ in places), max(start + length for start, length in places)
    return sum(end - start for start, end in copied_ranges(manifest, first, last)) <= _COPIED_MOST


def _behind(manifest: Manifest, growing: Partition) -> str:
    """What of it is not moved."""
    empty = (one for one in manifest.partitions if is_empty_extended(one, manifest.partitions))
    stuck = next((one for one in empty if one.start >= growing.end), None)
    later = behind(manifest.partitions, growing)
    stuck = stuck or next((one for one in later if not _moves(manifest, one)), None)
    if stuck is not None:
        return f"behind {stuck.number}"
    copied = [one for one in later if is_copied(one)]
    if not _soon_copied(manifest, [(one.start, one.length) for one in copied]):
        return f"behind {copied[0].number}"
    understood = manifest.understood
    plain = UNSET if understood is UNSET else understood.plain
    if later and plain is not True:
        return "older" if plain is UNSET else "table"
    return ""


def _moves(manifest: Manifest, one: Partition) -> bool:
    """Whether it is moved to the end of the disk, and whatever finds it now finds it there."""
    if one.goes_to_the_end:
        return True
    if manifest.table != "gpt" or one.role not in _MOVED_ROLES or _names_sectors(manifest):
        return False
    understood = manifest.understood if manifest.understood is not UNSET else Understood()
    if understood.windows is not UNSET and understood.windows.partition == one.number:
        return False
    if one.filesystem is None or one.filesystem.kind not in _MOVED:
        return False
    if one.filesystem.kind == "LVM2_member":
        return one.volumes is not UNSET and all(volume.role != "root" for volume in one.volumes)
    return True


def _names_sectors(manifest: Manifest) -> bool:
    """Whether its loader for a BIOS may name sectors of a file system: with a partition of its own GRUB names those."""
    bios = manifest.understood is not UNSET and manifest.understood.bios
    return bios and all(one.role != "bios-boot" for one in manifest.partitions)
