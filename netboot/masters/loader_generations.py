"""The SBAT generations of a master's boot loaders, and whether this workshop's own shim would revoke them.

Under Secure Boot our shim raises the revocation level in every PC that it boots; a master whose GRUB is below it would
not start on the PC that it was just written to. Not for: what generations are (`sbat.py`).
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from netboot.bootfiles.loaders import UEFI_X64
from netboot.masters.disk_file import DiskFile
from netboot.masters.loop import loop_device
from netboot.masters.sbat import LOADER_LIMIT, Generations, generations, level
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import REMOVABLE_PATHS, Partition, UefiLoader
from netboot.shared.process import run

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


def level_of(bootfiles: Path) -> Generations | None:
    """The level that the shim in this folder of boot files writes into PCs; None when there is none yet."""
    try:
        return level((bootfiles / UEFI_X64).read_bytes())
    except OSError:
        return None
