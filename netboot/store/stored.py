"""What a master takes up in the store, and what is free there, in bytes.

Not for: whether its chunks are whole (`verify` in `upkeep.py`).
"""

import os
import shutil
from dataclasses import dataclass

from netboot.shared.manifest import Manifest
from netboot.store.store import Store, chunk_name, manifest_name


@dataclass(frozen=True, slots=True)
class Stored:
    """`size`: the frames of its chunks and its manifest, each once; other masters may share them. `missing`: chunks."""

    size: int
    chunks: int
    missing: int


def stored(store: Store, manifest: Manifest) -> Stored:
    """What this manifest and its chunks take up. Raises OSError."""
    names = {chunk.sha256 for chunk in manifest.every_chunk}
    sizes = packed_sizes(store, manifest)
    own = _size(store, manifest_name(manifest.digest)) or 0
    return Stored(own + sum(sizes.values()), len(sizes), len(names) - len(sizes))


def free(store: Store) -> int:
    """The bytes that are free on the disk that the store's place on this machine is on. Raises OSError."""
    place = store.folder
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def packed_sizes(store: Store, manifest: Manifest) -> dict[str, int]:
    """The length of each of its chunks' frames, by the chunk's name; those that are missing are left out."""
    sizes = {sha256: _size(store, chunk_name(sha256)) for sha256 in {chunk.sha256 for chunk in manifest.every_chunk}}
    return {sha256: size for sha256, size in sizes.items() if size is not None}


def _size(store: Store, name: str) -> int | None:
    try:
        with store.blobs.open(name) as blob:
            return blob.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return None
