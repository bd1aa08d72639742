"""Takes in a disk image that somebody made: raw, or qcow2 (unpacked with qemu-img first).

Not for: reading the disk itself (`intake.py`), VMDK and other formats, capturing a PC's disk.
"""

import time
from dataclasses import replace
from pathlib import Path

from nacl.signing import SigningKey

from netboot.masters.disk_file import DiskFile, open_disk
from netboot.masters.file_format import HEAD, recognise
from netboot.masters.intake import About, Progress, take_in
from netboot.masters.qcow2 import read_header, require_whole, unpack
from netboot.masters.sbat import Generations
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.shared.process import ProgramError
from netboot.store import Store
from netboot.store.upkeep import forget_drafts, taking_back_unused_chunks


def import_master(
    file: Path,
    store: Store,
    key: SigningKey,
    level: Generations | None = None,
    /,
    *,
    name: str,
    version: str,
    licence: str,
    title: str,
    progress: Progress,
) -> Manifest:
    """Make a master of a whole disk's image and put it into the store. Raises NetbootError. Needs root."""
    about = About(
        name=name,
        version=version,
        title=title,
        licence=licence,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        level=level,
    )
    forget_drafts(store)
    with taking_back_unused_chunks(store), open_disk(file) as image:
        head = image.read(0, HEAD)
        if recognise(head, image.name) == "raw":
            return take_in(image, about, store, key, progress)
        size = read_header(head, image.name)
        require_whole(image)
        store.require_space(size)
        with store.draft(".raw") as raw:
            progress(f"unpacking {image.name}")
            _unpack(image, raw, store)
            image.require_unchanged()
            with open_disk(raw) as disk:
                return take_in(replace(disk, name=image.name), about, store, key, progress)


def _unpack(image: DiskFile, raw: Path, store: Store) -> None:
    try:
        unpack(image, raw)
    except ProgramError as error:
        # Somebody else may have filled the store's disk meanwhile: that is said instead.
        store.require_space(0)
        raise NetbootError(f"{image.name} cannot be unpacked", hint=error.hint) from error
