"""Which partition takes the rest of a larger disk where a profile names it (`deploy: {grow: 3}`). Pure.

By the manifest alone, so that the server says before an erase why it cannot, and the agent does what was judged. What
lies behind the named one goes to the end of the disk: swap and Windows' recovery as behind any (`shared/growth.py`),
with a GPT also other file systems, copied, of which nothing names a sector: no system and no loader.
Not for: where it all lies then (`places.py`), growing (`agent/customise/grow.py`).
"""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from netboot.shared.growth import EXT, GROWABLE
from netboot.shared.manifest import Manifest, Partition, Understood
from netboot.survey.places import behind, is_copied, is_empty_extended

_MOVED: Final = EXT | {"xfs", "btrfs", "ntfs", "crypto_LUKS", "LVM2_member"}
"""File systems, as blkid names them, that do not say where on a disk they are, or of which that is put right."""
_MOVED_ROLES: Final = frozenset({"home", "data", "other"})
_COPIED_MOST: Final = 64 << 30
"""Bytes in use of all that is copied: half an hour on a slow disk, and as much again to compare."""


@dataclass(frozen=True, slots=True)
class NotGrowingError(Exception):
    """Why it cannot take the rest of a disk: a word of `OBSTACLES` in `shared/sentences/deploy.py`, with its value."""

    obstacle: str


def with_growing(manifest: Manifest, named: int) -> Manifest:
    """The master as it is where the partition of this number takes the rest of the disk. Raises NotGrowingError."""
    growing = next((one for one in manifest.partitions if one.number == named and one.role != "extended"), None)
    if growing is None:
        raise NotGrowingError("missing")
    if growing.grow:
        return manifest
    if obstacle := _obstacle(manifest, growing):
        raise NotGrowingError(obstacle)
    return replace(manifest, partitions=tuple(_marked(one, named) for one in manifest.partitions))


def copied_ranges(manifest: Manifest, moved: Partition) -> tuple[tuple[int, int], ...]:
    """What of a partition that moves is copied, as (start, end) of the disk: what the master wrote there."""
    cut = ((max(start, moved.start), min(end, moved.end)) for start, end in manifest.used_ranges)
    return tuple((start, end) for start, end in cut if start < end)


def _marked(one: Partition, named: int) -> Partition:
    if one.volumes is UNSET or not one.grow:
        return replace(one, grow=one.number == named)
    return replace(one, grow=False, volumes=tuple(replace(volume, grow=False) for volume in one.volumes))


def _obstacle(manifest: Manifest, growing: Partition) -> str:
    if manifest.shrunk_from is not UNSET:
        shrunk = next((one.number for one in manifest.partitions if one.grow), 0)
        return f"shrunk {shrunk}"
    if growing.volumes is not UNSET:
        return "lvm"
    inside = growing.filesystem
    if inside is None or inside.kind not in GROWABLE or growing.role in ("recovery", "esp"):
        return "kind"
    if (inside.largest is not UNSET and inside.largest <= growing.length) or (inside.kind == "f2fs" and growing.whole):
        return "kind"
    return _behind(manifest, growing)


def _behind(manifest: Manifest, growing: Partition) -> str:
    """What of it is not moved."""
    empty = (one for one in manifest.partitions if is_empty_extended(one, manifest.partitions))
    stuck = next((one for one in empty if one.start >= growing.end), None)
    later = behind(manifest.partitions, growing)
    stuck = stuck or next((one for one in later if not _moves(manifest, one)), None)
    if stuck is not None:
        return f"behind {stuck.number}"
    copied = [one for one in later if is_copied(one)]
    if sum(end - start for one in copied for start, end in copied_ranges(manifest, one)) > _COPIED_MOST:
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
