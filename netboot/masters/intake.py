"""From a raw disk image to a master in the store: the part that built and imported masters share.

What can be checked beforehand is checked before the first chunk is stored: the partition table, the free space, and
whether agents would accept the manifest.
Not for: making the image (`build.py`) or unpacking it (`importing.py`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
from nacl.signing import SigningKey

from netboot.masters.chunking import pieces, put_chunks
from netboot.masters.disk_file import DiskFile
from netboot.masters.disk_layout import DiskLayout, read_layout
from netboot.masters.loader_generations import read_generations, started_by
from netboot.masters.sbat import Generations, revoked
from netboot.masters.uefi_loaders import choose_loader, list_esp, loaders
from netboot.masters.used_ranges import Range, used_ranges
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk, Manifest, ManifestError, Understood, require_sound
from netboot.store import Store

Progress = Callable[[str], None]
_BOOT_CODE: Final = 440
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


def take_in(disk: DiskFile, about: About, store: Store, key: SigningKey, progress: Progress) -> Manifest:
    """Read a raw disk image into the store and publish it as a master. Raises NetbootError. Needs root."""
    layout = read_layout(disk, progress)
    ranges = used_ranges(disk, layout, progress)
    manifest = _describe(disk, about, layout, ranges)
    used = sum(end - start for start, end in ranges)
    store.require_space(used)
    with store.writing():
        repaired = replace(disk, patches=layout.patches)
        chunks = put_chunks(repaired, ranges, store, _by_tenths(used, progress))
        disk.require_unchanged()
        manifest = msgspec.structs.replace(manifest, chunks=chunks)
        store.publish(manifest, key)
    return manifest


def _describe(disk: DiskFile, about: About, layout: DiskLayout, ranges: tuple[Range, ...]) -> Manifest:
    """The manifest before anything is packed, its chunks' names not yet known. Raises NetbootError."""
    esp = next((partition for partition in layout.partitions if partition.role == "esp"), None)
    paths = list_esp(disk, esp) if esp is not None else []
    uefi = choose_loader(paths, esp.number) if esp is not None else None
    generations = read_generations(disk, esp, started_by(paths, uefi)) if esp is not None else {}
    stopped = revoked(generations, about.level) if about.level is not None else ""
    if stopped:
        raise NetbootError(
            f"{disk.name} would not start under Secure Boot on a PC that booted from here: {stopped}",
            hint="update the boot loader of the system in it (Debian: apt full-upgrade), or take it in for PCs without "
            "Secure Boot: --without-secure-boot",
        )
    manifest = Manifest(
        name=about.name,
        version=about.version,
        title=about.title,
        licence=about.licence,
        created=about.created,
        architecture=about.architecture,
        sector=layout.sector,
        disk=layout.size,
        table=layout.table,
        table_id=layout.table_id,
        partitions=layout.partitions,
        uefi=uefi,
        understood=Understood(
            system=layout.system,
            bios=_has_boot_code(disk),
            loaders=loaders(paths),
            repaired=layout.repaired,
            generations=generations,
        ),
        chunks=tuple(Chunk(start, end - start, _NO_CHUNK) for start, end in pieces(ranges)),
    )
    try:
        require_sound(manifest)
    except ManifestError as error:
        raise NetbootError(f"{disk.name} makes no master: {error}", hint="correct what is named here") from error
    return manifest


def _has_boot_code(disk: DiskFile) -> bool:
    return any(disk.read(0, _BOOT_CODE))


def _by_tenths(total: int, progress: Progress) -> Callable[[int], None]:
    """A line for people at every tenth of the way."""
    tenths = 0

    def tell(done: int) -> None:
        nonlocal tenths
        if done * 10 // total > tenths:
            tenths = done * 10 // total
            progress(f"packing: {tenths * 10} % of {total >> 20} MiB")

    return tell
