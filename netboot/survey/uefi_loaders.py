"""The UEFI boot loaders on a disk's EFI system partition, and the one that the firmware's entry should name.

mtools lists the ESP; where it refuses, GRUB's reader does: several systems' mkfs write 0 heads and 0 sectors a track,
which firmware accepts and mtools does not. A FAT that neither can read is an error, never "no loader".
Not for: making a boot entry (`agent/boot/boot_entry.py`).
"""

import re
from collections.abc import Iterable
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import REMOVABLE_PATHS, Partition, UefiLoader
from netboot.shared.process import run
from netboot.survey.disk_file import DiskFile
from netboot.survey.file_reader import list_folder
from netboot.survey.loop import loop_device

_LOADER: Final = re.compile(r"(/(?!\.+/)[A-Za-z0-9._-]+)+\.efi", re.IGNORECASE)
# What lies beside loaders and starts no system: shim's MokManager and fallback, PreLoader's and rEFInd's tools, drivers
# of file systems, firmware updates… And what starts on processors that netboot does not serve (UEFI 2.10 §3.5.1.1).
_NO_LOADER: Final = re.compile(
    r".*/(mm|fb|fallback|mokmanager|hashtool|keytool|gptsync|fwup|shell|memtest)[a-z0-9_]*\.efi"
    r"|.*/(ext[234]|btrfs|xfs|ntfs|f2fs|exfat|zfs|hfs|iso9660|reiserfs|udf)([_-]?(x64|ia32|aa64))?(dxe)?\.efi"
    r"|.*/(drivers|tools)[a-z0-9_]*/.*"
    r"|.*(aa64|(boot|grub|shim)arm|ia64|riscv\d+|loongarch\d+)\.efi",
    re.IGNORECASE,
)
_RANKS: Final = (
    "shimx64.efi", "shim.efi", "bootmgfw.efi", "grubx64.efi", "grub.efi", "systemd-bootx64.efi", "refind_x64.efi",
    "shimia32.efi", "grubia32.efi", "systemd-bootia32.efi",
)  # fmt: skip
_DEPTH: Final = 4


def list_esp(disk: DiskFile, esp: Partition) -> list[str]:
    """The paths of all files under EFI/. Raises NetbootError, also for a FAT that cannot be read. Needs root."""
    inside = f"{disk.path}@@{esp.start}"
    listed = run(["mdir", "-i", inside, "-/", "-b", "::/EFI"], expect=None, timeout=60)
    paths = [path.strip().removeprefix("::") for path in listed.stdout.splitlines()]
    if listed.status == 0 and paths:
        return paths
    is_fat = esp.filesystem is not None and esp.filesystem.kind == "vfat"
    is_read = not is_fat or run(["mdir", "-i", inside, "-b", "::/"], expect=None, timeout=60).status == 0
    with loop_device(disk.path, offset=esp.start, length=esp.length) as device:
        if not is_read and not list_folder(device, "vfat", "/"):
            raise NetbootError(
                f"the EFI system partition ({esp.number}) of {disk.name} cannot be read",
                hint="check it (fsck.vfat), or make the image again",
            )
        paths, folders = [], ["/EFI/"]
        while folders and len(paths) < 10_000:
            folder = folders.pop()
            names = list_folder(device, "vfat", folder)
            paths += [f"{folder}{name}" for name in names if not name.endswith("/")]
            if folder.count("/") <= _DEPTH:
                folders += [f"{folder}{name}" for name in names if name.endswith("/") and name.strip("./")]
    return paths


def loaders(paths: Iterable[str]) -> tuple[str, ...]:
    """The boot loaders among an ESP's files, best first: shim before Windows' before GRUB's, the removable path behind
    those that are known, for it starts without an entry."""
    candidates = sorted({path.strip().removeprefix("::") for path in paths})
    candidates = [path for path in candidates if _LOADER.fullmatch(path) and len(path) <= 200 and path.count("/") > 2]
    candidates = [re.sub(r"\.\w+\Z", _plain_case, path) for path in candidates if not _NO_LOADER.fullmatch(path)]
    return tuple(sorted(candidates, key=lambda path: (_rank(path), path)))[:64]


def choose_loader(paths: Iterable[str], partition: int) -> UefiLoader | None:
    """The loader among an ESP's files ("::/EFI/debian/shimx64.efi") that a boot entry should name, or None."""
    best = next(iter(loaders(paths)), None)
    return None if best is None else UefiLoader.named(best, partition)


def _plain_case(extension: re.Match[str]) -> str:
    return extension[0] if extension[0] in (".efi", ".EFI") else ".efi"


def _rank(path: str) -> int:
    """A loader that is known by name before the removable path, that one before what is not known."""
    name = path.rsplit("/", 1)[1].lower()
    if path.lower() in REMOVABLE_PATHS:
        return 10 if "x64" in name else 11
    if path.lower().startswith("/efi/boot/"):
        return 13
    return _RANKS.index(name) if name in _RANKS else 12
