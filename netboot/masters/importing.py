"""Takes in a disk image that somebody made: raw, or in a format that is unpacked first, or packed, or both; or a folder
into which another program saved a disk.

Everything is judged before the first chunk is stored. Not for: reading the disk itself (`intake.py`), capturing a PC's
disk.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from netboot.masters.file_format import HEAD, TAIL, recognise
from netboot.masters.formats import FORMATS, Format
from netboot.masters.intake import About, Progress, take_in
from netboot.masters.saved.restoring import open_saved
from netboot.masters.shrinking import Fit, made_smaller
from netboot.masters.spool import STDIN, open_image
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.shared.process import ProgramError
from netboot.store import Store
from netboot.store.upkeep import forget_drafts, taking_back_unused_chunks
from netboot.survey.disk_file import DiskFile, open_disk
from netboot.survey.sbat import Generations

_RAW: Final = "import a raw image of this disk"


def import_master(
    file: Path,
    store: Store,
    key: SigningKey,
    level: Generations | None = None,
    fit: Fit = made_smaller,
    /,
    *,
    name: str,
    version: str,
    licence: str,
    title: str,
    progress: Progress,
) -> Manifest:
    """Make a master of a whole disk's image and put it into the store. Raises NetbootError. Needs root.

    `-` is standard input; a folder is one that Clonezilla or FOG saved a disk into. `fit` says whether it is made to
    fit smaller disks.
    """
    about = About(
        name=name,
        version=version,
        title=title,
        licence=licence,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        level=level,
    )
    forget_drafts(store)
    store.every_name()  # where they are lost, none is published in the end
    if file != STDIN and file.is_dir():
        with taking_back_unused_chunks(store), open_saved(file, store, progress) as disk:
            return take_in(disk, about, store, key, progress, fit)
    with taking_back_unused_chunks(store), open_image(file, store, progress) as image:
        head, tail = image.read(0, HEAD), image.read(max(0, image.size - TAIL), image.size)
        kind = recognise(head, tail, image.name)
        if kind == "raw":
            return take_in(image, about, store, key, progress, fit)
        disk_format = FORMATS[kind]
        size = disk_format.read_header(head, image)
        disk_format.require_whole(image)
        store.require_space(size)
        with store.draft(".raw") as raw:
            progress(f"unpacking {image.name}")
            _unpack(disk_format, image, raw, store)
            image.require_unchanged()
            with open_disk(raw) as disk:
                if disk.size != size:
                    raise NetbootError(f"{image.name} has {size} bytes, and {disk.size} came out of it", hint=_RAW)
                return take_in(replace(disk, name=image.name), about, store, key, progress, fit)


def _unpack(disk_format: Format, image: DiskFile, raw: Path, store: Store) -> None:
    try:
        disk_format.unpack(image, raw)
    except ProgramError as error:
        # Somebody else may have filled the store's disk meanwhile: that is said instead.
        store.require_space(0)
        raise NetbootError(f"{image.name} cannot be unpacked", hint=error.hint) from error
