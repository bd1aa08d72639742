"""The SBAT generations of the boot loaders on a disk, as far as a start goes through them.

Not for: what generations are (`sbat.py`), which of them this workshop's own shim takes (`masters/loader_level.py`).
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import REMOVABLE_PATHS, Partition, UefiLoader
from netboot.shared.process import run
from netboot.survey.disk_file import DiskFile
from netboot.survey.loop import loop_device
from netboot.survey.sbat import LOADER_LIMIT, generations

_BESIDE: Final = ("grubx64.efi", "grubia32.efi", "grub.efi")
"""What a shim loads from its own folder."""


def started_by(paths: Iterable[str], loader: UefiLoader | None) -> tuple[str, ...]:
    """Of an ESP's files those that a start goes through: the entry's loader, the removable path, GRUB beside each."""
    on_esp = {path.strip().removeprefix("::") for path in paths}
    started_first = [path for path in on_esp if path.lower() in REMOVABLE_PATHS]
    started_first += [loader.path] if loader is not None else []
    folders = {path.rpartition("/")[0].lower() for path in started_first}
    beside = [
        path
        for path in on_esp
        if path.rpartition("/")[0].lower() in folders and path.rpartition("/")[2].lower() in _BESIDE
    ]
    return tuple(sorted({*started_first, *beside}))


def read_generations(disk: DiskFile, esp: Partition, paths: Iterable[str]) -> dict[str, int]:
    """The lowest generation of each component among these loaders, of which some tell none. Raises NetbootError when
    one cannot be read. Needs root."""
    lowest: dict[str, int] = {}
    with (
        loop_device(disk.path, offset=esp.start, length=esp.length) as device,
        tempfile.TemporaryDirectory(prefix="netboot-loaders-") as folder,
    ):
        for number, path in enumerate(paths):
            copied = Path(folder, str(number))
            # One that cannot be read is copied as far as that goes, and would seem to tell none.
            if run(["grub-fstest", device, "cp", f"(loop0){path}", copied], expect=None, timeout=120).status:
                raise NetbootError(
                    f"the boot loader {path} of {disk.name} cannot be read",
                    hint="check the EFI system partition (fsck.vfat), or make the image again",
                )
            if copied.stat().st_size > LOADER_LIMIT:
                continue
            for component, generation in (generations(copied.read_bytes()) or {}).items():
                lowest[component] = min(generation, lowest.get(component, generation))
    return lowest
