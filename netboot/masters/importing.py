"""Takes in a disk image that somebody made: raw, or qcow2 (converted with qemu-img first).

A qcow2 file may name other files of this machine as its backing or data file; such a one is refused.
Not for: reading the disk itself (`intake.py`), VMDK and other formats, capturing a PC's disk.
"""

import json
import time
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from netboot.errors import NetbootError
from netboot.manifest import Manifest
from netboot.masters.intake import About, Progress, take_in
from netboot.process import run
from netboot.store import Store


def import_master(
    file: Path, store: Store, key: SigningKey, *, name: str, version: str, licence: str, title: str, progress: Progress
) -> Manifest:
    """Make a master of a whole disk's image and put it into the store. Raises NetbootError. Needs root."""
    about = About(
        name=name,
        version=version,
        title=title,
        licence=licence,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    if not file.is_file():
        raise NetbootError(f"{file} is no file", hint="give the path of a raw or qcow2 disk image")
    with file.open("rb") as opened:
        magic = opened.read(4)
    if magic != b"QFI\xfb":
        return take_in(file, about, store, key, progress)
    described = run(["qemu-img", "info", "--output=json", "-f", "qcow2", file], timeout=60)
    size = self_contained_size(described.stdout, source=file.name)
    store.require_space(size)
    with store.draft(".raw") as raw:
        progress(f"unpacking {file.name}")
        run(
            [
                "qemu-img",
                "convert",
                "-f",
                "qcow2",
                "-O",
                "raw",
                file,
                raw,
            ],
            timeout=4 * 3600,
        )
        return take_in(raw, about, store, key, progress)


def self_contained_size(text: str, *, source: str) -> int:
    """The disk's size in bytes, from what `qemu-img info --output=json` printed. Raises NetbootError.

    Refuses an image that is not whole by itself.
    """
    try:
        info: dict[str, Any] = json.loads(text)
        size = int(info["virtual-size"])
        data = info.get("format-specific", {}).get("data", {})
        elsewhere = info.get("backing-filename") or info.get("full-backing-filename") or data.get("data-file")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NetbootError(
            f"qemu-img describes {source} in an unknown way: {error}", hint="is qemu-utils older than 7?"
        ) from error
    if elsewhere:
        raise NetbootError(
            f"{source} is not whole: it needs {str(elsewhere)[:200]!r}",
            hint="make it one file first: qemu-img convert -O qcow2 THIS WHOLE.qcow2",
        )
    if data.get("encrypt") or info.get("encrypted"):
        raise NetbootError(f"{source} is encrypted", hint="decrypt it first with qemu-img convert")
    return size
