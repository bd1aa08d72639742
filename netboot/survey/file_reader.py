"""Reads single files and folders from a file system without mounting it: images may come from anybody.

ext2, 3 and 4 by debugfs, which knows their newest features; the others by GRUB's own reader (grub-fstest), which knows
btrfs, xfs, FAT, NTFS and more. Paths are not escaped: they are our own constants, or names of plain letters. Not for:
copying files, what is asked many things (`unmounted_tree.py`).
"""

import re
from pathlib import Path
from typing import Final

from netboot.shared.process import run

_EXT: Final = frozenset({"ext2", "ext3", "ext4"})
# grub-fstest's `ls -l`: size or DIR, time, name.
_LISTED: Final = re.compile(r"(?:\d+|DIR)\s+\d{8,14}\s(?P<name>.+)")
_LIMIT: Final = 64 * 1024


def read_file(device: Path, kind: str, path: str, limit: int = _LIMIT) -> str:
    """The text of this file, at most `limit` letters (64 KiB), "" when it cannot be read. `kind` is blkid's name of the
    file system."""
    if kind in _EXT:
        return _debugfs(device, f"cat {path}")[:limit]
    shown = run(["grub-fstest", device, "cat", f"(loop0){path}"], expect=None, timeout=60)
    return shown.stdout[:limit] if shown.status == 0 else ""


def list_folder(device: Path, kind: str, path: str) -> list[str]:
    """The names in this folder, a folder's with a slash behind it; none when it cannot be read."""
    if kind in _EXT:
        # /inode/mode/uid/gid/name/size/
        lines = [line.split("/") for line in _debugfs(device, f"ls -p {path}").splitlines()]
        names = [f"{line[5]}/" if line[2].startswith("04") else line[5] for line in lines if len(line) >= 7]
        return [name for name in names if name not in ("./", "../", "")]  # removed ones have no name
    listed = run(["grub-fstest", device, "--", "ls", "-l", f"(loop0){path}"], expect=None, timeout=60).stdout
    return [match["name"] for line in listed.splitlines() if (match := _LISTED.fullmatch(line.strip()))]


def list_names(device: Path, kind: str, path: str) -> list[str]:
    """The same with links among them, which `ls -l` of GRUB leaves out where they lead to a folder or nowhere. A name
    with a space in it may come in pieces."""
    if kind in _EXT:
        return list_folder(device, kind, path)
    return run(["grub-fstest", device, "--", "ls", f"(loop0){path}"], expect=None, timeout=60).stdout.split()


def _debugfs(device: Path, request: str) -> str:
    # -c: without the bitmaps, which are long in a large file system.
    return run(["debugfs", "-c", "-R", request, device], expect=None, timeout=60).stdout
