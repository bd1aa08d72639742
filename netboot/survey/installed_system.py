"""Which Linux is installed in a file system: found by its own os-release, nothing mounted.

Not for: choosing the root among several (`disk_layout.py`), other systems (their loaders tell, `uefi_loaders.py`).
"""

import shlex
from pathlib import Path
from typing import Final

from netboot.survey.file_reader import list_folder, list_names, read_file

NAMELESS: Final = "Linux"
UNREAD: Final = "Linux?"
"""For a file system that none of the tools here can read: nothing is known of what is in it."""
# Where a root may lie in a btrfs: its subvolumes by Debian's, Ubuntu's, Fedora's and openSUSE's installers.
_FOLDERS: Final = ("", "/@rootfs", "/@", "/root", "/@/.snapshots/1/snapshot")
_OS_RELEASE: Final = ("/usr/lib/os-release", "/etc/os-release")


def find_system(device: Path, kind: str) -> str:
    """The installed Linux by the name that it gives itself, NAMELESS or UNREAD; "" when there is none."""
    if not list_folder(device, kind, "/"):
        return UNREAD
    for folder in _FOLDERS if kind == "btrfs" else ("",):
        for path in _OS_RELEASE:
            name = parse_os_release(read_file(device, kind, folder + path))
            if name:
                return name
        if "passwd" in list_folder(device, kind, f"{folder}/etc"):
            return NAMELESS
    return ""


def find_folder(device: Path, kind: str) -> str | None:
    """The one folder that holds an installed Linux, "" for the file system's own root; None where there is none, or
    more than one, of which the system itself chooses."""
    if kind != "btrfs":
        return ""
    found = [folder for folder in _FOLDERS if _holds_system(device, kind, folder)]
    return found[0] if len(found) == 1 else None


def _holds_system(device: Path, kind: str, folder: str) -> bool:
    names = list_names(device, kind, f"{folder}/etc")
    if {"passwd", "os-release"} & set(names):
        return True
    return bool(names) and "os-release" in list_names(device, kind, f"{folder}/usr/lib")


def parse_os_release(text: str) -> str:
    """The name for people in an os-release(5) file, or NAMELESS when it has none; "" for an empty file."""
    values = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line and line[0] not in "#=")
    for key in ("PRETTY_NAME", "NAME", "ID"):
        try:
            words = " ".join(shlex.split(values.get(key, "")))
        except ValueError:
            continue
        clean = "".join(letter for letter in words if letter.isprintable())[:120].strip()
        if clean:
            return clean
    return NAMELESS if values else ""
