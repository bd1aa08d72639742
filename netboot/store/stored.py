"""What a master takes up in the store, in bytes. Not for: whether its chunks are whole (`verify` in `upkeep.py`)."""

import os
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
    names = {chunk_name(chunk.sha256) for chunk in manifest.chunks}
    sizes = [size for name in names if (size := _size(store, name)) is not None]
    own = _size(store, manifest_name(manifest.digest)) or 0
    return Stored(own + sum(sizes), len(sizes), len(names) - len(sizes))


def _size(store: Store, name: str) -> int | None:
    try:
        with store.blobs.open(name) as blob:
            return blob.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return None
