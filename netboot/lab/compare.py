"""Compares the image of a PC's disk with a master's manifest, from the host, chunk by chunk.

Not for: what customising changes afterwards; the file systems tell that.
"""

import hashlib
from pathlib import Path

from netboot.shared.manifest import Chunk, Manifest


def first_difference(image: Path, manifest: Manifest) -> Chunk | None:
    """The first chunk whose bytes on the disk are not the manifest's, or None when all match."""
    with image.open("rb") as disk:
        for chunk in manifest.chunks:
            disk.seek(chunk.offset)
            if hashlib.sha256(disk.read(chunk.length)).hexdigest() != chunk.sha256:
                return chunk
    return None
