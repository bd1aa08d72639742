"""From a raw disk image to a master in the store: the way that built and imported masters share.

Not for: making the image (`build.py`) or converting it (`importing.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nacl.signing import SigningKey

from netboot.errors import NetbootError
from netboot.manifest import Manifest, ManifestError
from netboot.masters.chunking import put_chunks
from netboot.masters.disk_layout import find_loader, read_layout
from netboot.masters.used_ranges import used_ranges
from netboot.store import Store

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class About:
    """What a disk image does not say of itself. `licence` is an SPDX expression, `created` a UTC time."""

    name: str
    version: str
    title: str
    licence: str
    created: str
    architecture: Literal["amd64", "i386", "arm64"] = "amd64"


def take_in(image: Path, about: About, store: Store, key: SigningKey, progress: Progress) -> Manifest:
    """Read a raw disk image into the store and publish it as a master. Raises NetbootError. Needs root."""
    layout = read_layout(image)
    ranges = used_ranges(image, layout, progress)
    used = sum(end - start for start, end in ranges)
    store.require_space(used)
    with store.writing():
        chunks = put_chunks(image, ranges, store, _by_tenths(used, progress))
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
            uefi=find_loader(image, layout),
            chunks=chunks,
        )
        try:
            store.publish(manifest, key)
        except ManifestError as error:
            raise NetbootError(f"{image.name} makes no master: {error}", hint="correct what is named here") from error
    return manifest


def _by_tenths(total: int, progress: Progress) -> Callable[[int], None]:
    """A line for people at every tenth of the way."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done * 10 // total > told:
            told = done * 10 // total
            progress(f"packing: {told * 10} % of {total >> 20} MiB")

    return tell
