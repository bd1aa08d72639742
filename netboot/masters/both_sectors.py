"""What a built master has otherwise on disks with sectors of 4096 bytes: its partition table and its ESP, made anew.

The image that became the master is laid out again around its root, surveyed as any disk is, and must come out as the
same master; what lies outside the root goes into the store too. So nothing is worked out on a PC: every byte of either
kind is in the signed manifest, and is read back.
Not for: images that were made elsewhere, which fit the sectors that they were made with.
"""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from netboot.masters.disk_image import LARGE_SECTOR, Geometry, Identifiers, clear_for_large_sectors, write_esp
from netboot.masters.intake import Progress, pack
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, OtherSectors
from netboot.store import Store
from netboot.survey.disk_file import open_disk
from netboot.survey.used_ranges import Range
from netboot.survey.whole_disk import Survey, survey


def for_large_sectors(
    image: Path,
    geometry: Geometry,
    ids: Identifiers,
    files: Mapping[str, bytes],
    epoch: int,
    master: Manifest,
    store: Store,
    progress: Progress,
) -> OtherSectors:
    """Lay the image of `master` out for sectors of 4096 bytes, and put what differs into the store.

    `files` are the ESP's, `epoch` their time (Unix seconds). The image is no longer the master's then. Call it with
    `store.writing()`. Raises NetbootError. Needs root.
    """
    progress("the same for disks with sectors of 4096 bytes")
    start, end = geometry.root_start, geometry.root_start + geometry.root_length
    clear_for_large_sectors(image, geometry, ids)
    write_esp(image, geometry, ids, files, epoch, sector=LARGE_SECTOR)
    with open_disk(image) as disk:
        found = survey(disk, progress)
        _require_same(master, found)
        chunks = pack(disk, found, outside(found.ranges, start, end), store, progress)
    return OtherSectors(sector=LARGE_SECTOR, start=start, end=end, chunks=chunks)


def outside(ranges: tuple[Range, ...], start: int, end: int) -> tuple[Range, ...]:
    """What of the ranges lies before `start` or behind `end`."""
    before = ((first, min(last, start)) for first, last in ranges)
    behind = ((max(first, end), last) for first, last in ranges)
    return tuple((first, last) for first, last in (*before, *behind) if first < last)


def _require_same(master: Manifest, found: Survey) -> None:
    """Raises NetbootError unless what was found is this master, but for its sectors and its boot code."""
    layout = found.layout
    told = (layout.size, layout.sector, layout.table_id, layout.partitions, found.uefi)
    wanted = (master.disk, LARGE_SECTOR, master.table_id, master.partitions, master.uefi)
    understood = replace(found.understood, bios=True)
    if told != wanted or layout.patches or understood != master.understood:
        raise NetbootError(
            f"{master.name}, laid out for sectors of {LARGE_SECTOR} bytes, is not the same master",
            hint="report this, with the recipe",
        )
