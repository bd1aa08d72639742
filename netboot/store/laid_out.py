"""A master laid out as a disk again, as agents write it. Not for: growing it (`agent/customise/grow.py`)."""

from pathlib import Path

from netboot.shared.manifest import Manifest
from netboot.store.store import Store


def lay_out(store: Store, master: Manifest, file: Path) -> None:
    """Make this new file the master's disk; what no chunk covers is a hole. Raises StoreError, FileExistsError."""
    with file.open("xb") as disk:
        disk.truncate(master.disk)
        for chunk in master.chunks:
            disk.seek(chunk.offset)
            disk.write(store.get_chunk(chunk.sha256))
