"""From a raw disk image to a master in the store: the part that built and imported masters share.

What can be checked beforehand is checked before the first chunk is stored: the partition table, the free space, and
whether agents would accept the manifest.
Not for: making the image (`build.py`) or unpacking it (`importing.py`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType
from nacl.signing import SigningKey

from netboot.masters.chunking import put_chunks
from netboot.masters.loader_level import require_not_revoked
from netboot.masters.shrinking import Fit, as_it_is
from netboot.masters.steps import Steps
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language
from netboot.shared.manifest import Chunk, Manifest, ManifestError, Needs, OtherSectors, require_sound
from netboot.store import Store
from netboot.survey.disk_file import DiskFile
from netboot.survey.pieces import pieces
from netboot.survey.sbat import Generations
from netboot.survey.used_ranges import Range
from netboot.survey.whole_disk import Survey, survey

Progress = Callable[[str], None]
Others = Callable[[Manifest], OtherSectors | UnsetType]
"""Puts what a master has otherwise on disks of the other sector size into the store, its lock held; asked last."""
_NO_CHUNK: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class About:
    """What a disk image does not say of itself. `licence` is an SPDX expression, `created` a UTC time."""

    name: str
    version: str
    title: str
    licence: str
    created: str
    architecture: Literal["amd64", "i386", "arm64"] = "amd64"
    level: Generations | None = None
    """What loaders must have to start on a PC with Secure Boot that booted from here; None asks for nothing."""
    titles: dict[Language, str] | UnsetType = UNSET
    needs: Needs | UnsetType = UNSET


def for_no_others(manifest: Manifest) -> UnsetType:
    """The master fits disks of its image's sectors alone."""
    return UNSET


def take_in(
    disk: DiskFile,
    about: About,
    store: Store,
    key: SigningKey,
    progress: Progress,
    fit: Fit = as_it_is,
    others: Others = for_no_others,
    instead_of: str = "",
) -> Manifest:
    """Read a raw disk image into the store and publish it as a master. Raises NetbootError. Needs root.

    `fit` says which size it gets, `others` how it also fits disks of other sectors, `instead_of` in place of which
    version alone it becomes current (`Store.publish`).
    """
    found = survey(disk, progress)
    manifest = describe(disk.name, about, found)
    with fit(disk, found, store, progress) as (fitted, smaller):
        if smaller.layout.size < found.layout.size:
            manifest = describe(disk.name, about, smaller)
        if _lengths(smaller) != _lengths(found):
            manifest = msgspec.structs.replace(manifest, shrunk_from=found.layout.size)
        store.require_space(smaller.used)
        with store.writing():
            manifest = msgspec.structs.replace(manifest, chunks=pack(fitted, smaller, smaller.ranges, store, progress))
            manifest = msgspec.structs.replace(manifest, other=others(manifest))
            _require_sound(manifest, disk.name)
            store.publish(manifest, key, instead_of=instead_of)
    return manifest


def _lengths(found: Survey) -> list[int]:
    return [one.length for one in found.layout.partitions]


def pack(disk: DiskFile, found: Survey, ranges: Sequence[Range], store: Store, progress: Progress) -> tuple[Chunk, ...]:
    """Put these of the ranges that were found into the store. Raises NetbootError. Call it with `store.writing()`."""
    repaired = replace(disk, patches=found.layout.patches)
    edges = [edge for partition in found.layout.partitions for edge in (partition.start, partition.end)]
    steps = Steps("packing", sum(end - start for start, end in ranges), progress)
    chunks = put_chunks(repaired, ranges, store, steps.reach, edges=edges)
    disk.require_unchanged()
    return chunks


def describe(source: str, about: About, found: Survey) -> Manifest:
    """The manifest of what was found on `source`, before anything is packed: its chunks' names are not yet known.

    Pure. It promises rather more chunks than there will be (`survey/pieces.py`). Raises NetbootError when it would be
    no master, or none for PCs with Secure Boot where `about` wants one.
    """
    require_not_revoked(source, found.understood.generations, about.level)
    manifest = Manifest(
        name=about.name,
        version=about.version,
        title=about.title,
        licence=about.licence,
        created=about.created,
        architecture=about.architecture,
        sector=found.layout.sector,
        disk=found.layout.size,
        table=found.layout.table,
        table_id=found.layout.table_id,
        partitions=found.layout.partitions,
        uefi=found.uefi,
        understood=found.understood,
        chunks=tuple(Chunk(start, end - start, _NO_CHUNK) for start, end in pieces(found.ranges)),
        titles=about.titles,
        needs=about.needs,
    )
    _require_sound(manifest, source)
    return manifest


def _require_sound(manifest: Manifest, source: str) -> None:
    try:
        require_sound(manifest)
    except ManifestError as error:
        raise NetbootError(f"{source} makes no master: {error}", hint="correct what is named here") from error
