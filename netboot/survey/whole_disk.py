"""Everything that is asked about a disk before a master is made of it.

Not for: what a disk does not say of itself (its master's name, its licence), packing it (`masters/intake.py`).
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET, UnsetType

from netboot.shared.manifest import CUSTOMISABLE, Partition, UefiLoader, Understood
from netboot.shared.offers import Offers
from netboot.survey.condition import require_takeable
from netboot.survey.disk_file import DiskFile
from netboot.survey.disk_layout import DiskLayout, read_layout, with_reasons
from netboot.survey.installed_system import UNREAD, find_folder
from netboot.survey.loader_generations import read_generations, started_by
from netboot.survey.loop import loop_device
from netboot.survey.lvm_text import LvmError
from netboot.survey.offers import read_offers
from netboot.survey.uefi_loaders import choose_loader, list_esp, loaders
from netboot.survey.unmounted_tree import UnmountedTree
from netboot.survey.used_ranges import Range, used_ranges
from netboot.survey.volumes import LVM, Lvm, read_lvm, with_volumes
from netboot.survey.windows import find_windows

_BOOT_CODE: Final = 440
"""Bytes of the first sector that hold boot code, before the disk's signature and a dos table."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. `ranges` are in use, in order of the disk; `uefi` is what a boot entry should name."""

    layout: DiskLayout
    ranges: tuple[Range, ...]
    uefi: UefiLoader | None
    understood: Understood

    @property
    def used(self) -> int:
        """How many bytes are in use."""
        return sum(end - start for start, end in self.ranges)


def _starts_by_bios(layout: DiskLayout) -> bool:
    """Whether boot code in the first sector is believed. Windows puts its own before every GPT, and it starts nothing
    there: with a GPT there is GRUB's partition for a BIOS, or a Linux whose loader may know its way without one."""
    return layout.table == "dos" or bool(layout.system) or any(one.role == "bios-boot" for one in layout.partitions)


def survey(disk: DiskFile, progress: Callable[[str], None]) -> Survey:
    """Read all of it. Raises NetbootError when no master can be made of this disk. Needs root."""
    layout = read_layout(disk, progress)
    lvm, unclear = _physical_volumes(disk, layout, progress)
    layout = with_volumes(layout, lvm)
    unclear |= require_takeable(disk, layout.partitions, progress)
    used = used_ranges(disk, layout, unclear, lvm, progress)
    esp = next((partition for partition in layout.partitions if partition.role == "esp"), None)
    paths = list_esp(disk, esp) if esp is not None else []
    uefi = choose_loader(paths, esp.number) if esp is not None else None
    generations = read_generations(disk, esp, started_by(paths, uefi)) if esp is not None else {}
    return Survey(
        layout=replace(layout, partitions=with_reasons(layout.partitions, used.whole)),
        ranges=used.ranges,
        uefi=uefi,
        understood=Understood(
            system=layout.system,
            bios=any(disk.read(0, _BOOT_CODE)) and _starts_by_bios(layout),
            loaders=loaders(paths),
            repaired=layout.repaired,
            generations=generations,
            offers=_offers(disk, layout, _root(layout, lvm, unclear, used.whole), progress),
            windows=find_windows(disk, layout.partitions, progress) or UNSET,
            plain=layout.plain,
        ),
    )


def _root(
    layout: DiskLayout, lvm: Mapping[int, Lvm], unclear: Container[int], whole: Container[int]
) -> Partition | None:
    """Where the installed system is, a volume as if it were a partition; None for a file system that its journal would
    put right first: it is not believed. Of LVM that is said of all volumes together, in `whole`."""
    for one in layout.partitions:
        if one.role == "root":
            return one if one.number not in unclear else None
        name = next((volume.name for volume in one.volumes or () if volume.role == "root"), "")
        if name:
            inside = next(place.partition for place in lvm[one.number].places if place.name == name)
            return inside if one.number not in whole else None
    return None


def _offers(
    disk: DiskFile, layout: DiskLayout, root: Partition | None, progress: Callable[[str], None]
) -> Offers | UnsetType:
    """What the installed system has of what a profile may ask for, where the agent can customise it."""
    if root is None or root.filesystem is None or root.filesystem.kind not in CUSTOMISABLE:
        return UNSET
    if layout.system in ("", UNREAD):
        return UNSET
    progress(f"partition {root.number}: looking at what its system offers")
    with loop_device(disk.path, offset=root.start, length=root.length) as device:
        folder = find_folder(device, root.filesystem.kind)
        return UNSET if folder is None else read_offers(UnmountedTree(device, root.filesystem.kind, folder))


def _physical_volumes(
    disk: DiskFile, layout: DiskLayout, progress: Callable[[str], None]
) -> tuple[dict[int, Lvm], dict[int, str]]:
    """The physical volumes of LVM by their partition's number, and of those that cannot be read, why."""
    found, unclear = dict[int, Lvm](), dict[int, str]()
    for partition in layout.partitions:
        if partition.filesystem is not None and partition.filesystem.kind == LVM:
            try:
                found[partition.number] = read_lvm(disk, partition, progress)
            except LvmError as error:
                unclear[partition.number] = error.message
    return found, unclear
