"""What a master takes up in the store, and what is free there, in bytes.

Not for: whether its chunks are whole (`verify` in `upkeep.py`).
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netboot.shared.manifest import Manifest
from netboot.store.lengths import noted_lengths
from netboot.store.store import Store, chunk_name, manifest_name

_FRAME_HEADER: Final = 6
"""The magic number, the descriptor, and the plain length in one byte; bytes."""
_BLOCK: Final = 128 * 1024
"""What one block of a frame holds at most, plain; bytes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """`size`: the frames of its chunks and its manifest, each once; other masters may share them. `missing`: chunks, as
    `missing` finds them."""

    size: int
    chunks: int
    missing: int


def stored(store: Store, manifest: Manifest) -> Stored:
    """What this manifest and its chunks take up. Raises OSError."""
    sizes = packed_sizes(store, manifest)
    own = _size(store, manifest_name(manifest.digest)) or 0
    return Stored(own + sum(sizes.values()), len(sizes), len(missing(store, manifest, sizes)))


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


def missing(store: Store, manifest: Manifest, sizes: Mapping[str, int]) -> frozenset[str]:
    """Which of its chunks no PC could get, as the `packed_sizes` show: none is read but those of another length than
    they were published with, which may have been packed anew since."""
    gone, noted = lacking(manifest, sizes), noted_lengths(store.blobs, manifest)
    other = {name for name, size in sizes.items() if size != noted.get(name, size)} - gone
    return gone | {name for name in other if not store.has_chunk(name)}


def lacking(manifest: Manifest, sizes: Mapping[str, int]) -> frozenset[str]:
    """Which of its chunks are not there, or so little of them is left that it cannot be a frame of them, as a file
    system's repair leaves it. Pure."""
    return frozenset(
        chunk.sha256 for chunk in manifest.every_chunk if sizes.get(chunk.sha256, 0) < _least_frame(chunk.length)
    )


def _least_frame(length: int) -> int:
    """The bytes of the shortest zstd frame of so many (RFC 8878, 3.1.1): a header, and four a block."""
    return _FRAME_HEADER + 4 * -(-length // _BLOCK)


def _size(store: Store, name: str) -> int | None:
    try:
        return store.blobs.size(name)
    except FileNotFoundError:
        return None
