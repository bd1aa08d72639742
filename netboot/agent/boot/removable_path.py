"""The removable path of an ESP (UEFI 2.10 §3.5.1.1): what firmware starts that keeps no boot entry, or forgot it.

Some masters have none (openSUSE's, for one). It is made from the master's own loader, with what lies beside that: shim
starts the GRUB of its own folder, and a signed GRUB finds its settings from anywhere on its ESP. Without shim's
fallback, which resets the PC to make a boot entry, again and again on firmware that forgets entries.
Not for: the boot entry itself (`boot_entry.py`). Blocks.
"""

import re
import shutil
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import UefiLoader

_NAMES: Final = {64: "BOOTX64.EFI", 32: "BOOTIA32.EFI"}
_BESIDE: Final = re.compile(r"(?!fb|fallback|boot)\w[\w.-]*\.efi", re.IGNORECASE)


def make_removable_path(esp: Path, loader: UefiLoader) -> bool:
    """Make sure that the mounted ESP has it; whether it had to be made. Raises NetbootError."""
    try:
        folder = _find(esp, "EFI/BOOT") or esp / "EFI" / "BOOT"
        name = _NAMES[loader.bits]
        if _find(folder, name) is not None:
            return False
        source = _find(esp, loader.path)
        if source is None:
            raise NetbootError(f"the ESP has no {loader.path}", hint="look at the master's boot loader")
        folder.mkdir(parents=True, exist_ok=True)
        if source.name.lower().startswith("shim"):
            for beside in sorted(source.parent.iterdir()):
                if beside != source and beside.is_file() and _BESIDE.fullmatch(beside.name):
                    _copy(beside, folder / beside.name)
        # Last: a power cut before it leaves no half of a way to start.
        _copy(source, folder / name)
    except OSError as error:
        raise NetbootError(f"the removable path cannot be made: {error}", hint="look at the master's ESP") from error
    return True


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name("NETBOOT.TMP")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _find(folder: Path, path: str) -> Path | None:
    """The file or folder, in whatever case it is written: FAT does not tell them apart."""
    for part in path.strip("/").split("/"):
        names = [entry for entry in folder.iterdir() if entry.name.lower() == part.lower()] if folder.is_dir() else []
        if not names:
            return None
        folder = names[0]
    return folder
