"""How long each chunk's frame was when a manifest was published: so that one that was cut short since is noticed
without being read.

    lengths/<digest>   of the manifest of this digest: a JSON list of bytes, in the order of its chunks' names

It is a hint and no proof: a damaged chunk that is put anew may be packed otherwise. Whoever finds another length reads
that chunk (`stored.py`). Manifests of before this was noted have none.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from netboot.shared.manifest import Manifest
from netboot.store.blobs import BlobStore, read_blob

LENGTHS: Final = "lengths"
_Listed = list[Annotated[int, Meta(gt=0)]]


def note_lengths(blobs: BlobStore, digest: str, frames: Mapping[str, str]) -> None:
    """Note how long they are; `frames` are the blobs of its chunks by the chunks' names. The next `sync` keeps it.

    Nothing is noted where one is missing: whoever publishes finds that out. Raises StoreError.
    """
    with suppress(OSError):
        lengths = [blobs.size(frames[name]) for name in sorted(frames)]
        blobs.put_soon(f"{LENGTHS}/{digest}", msgspec.json.encode(lengths))


def noted_lengths(blobs: BlobStore, manifest: Manifest) -> dict[str, int]:
    """By the chunks' names; empty where none are noted, or the note is damaged."""
    names = sorted({chunk.sha256 for chunk in manifest.every_chunk})
    try:
        lengths = msgspec.json.decode(read_blob(blobs, f"{LENGTHS}/{manifest.digest}"), type=_Listed)
    except (OSError, msgspec.DecodeError):
        return {}
    return dict(zip(names, lengths, strict=True)) if len(lengths) == len(names) else {}
