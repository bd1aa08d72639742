"""Reads single files and folders from a file system without mounting it: images may come from anybody.

ext2, 3 and 4 by debugfs, which knows their newest features; the others by GRUB's own reader (grub-fstest), which knows
btrfs, xfs, FAT, NTFS and more. Paths are not escaped: they are our own constants, in whatever case, or names of plain
letters. Not for: copying a system, what is asked many things (`unmounted_tree.py`).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from netboot.shared.process import run

_EXT: Final = frozenset({"ext2", "ext3", "ext4"})
# grub-fstest's `ls -l`: size or DIR, time, name.
_LISTED: Final = re.compile(r"(?P<size>\d{1,19}|DIR)\s+\d{8,14}\s(?P<name>.+)")
_LIMIT: Final = 64 * 1024


def read_file(device: Path, kind: str, path: str) -> str:
    """The text of this file, "" when it cannot be read, or is longer than 64 KiB. `kind` is blkid's name of the file
    system."""
    folder, _, name = path.rpartition("/")
    size = file_sizes(device, kind, folder or "/").get(name, 0)
    return read_all(device, kind, path) if 0 < size <= _LIMIT else ""


def read_all(device: Path, kind: str, path: str) -> str:
    """The text of a file whose size is known to be small: all of it is held in memory. "" when it cannot be read."""
    if kind in _EXT:
        return _debugfs(device, f"cat {path}")
    shown = run(["grub-fstest", device, "cat", f"(loop0){path}"], expect=None, timeout=60)
    return shown.stdout if shown.status == 0 else ""


def copy_file(device: Path, kind: str, path: str, to: Path, *, limit: int) -> bool:
    """Copy this file of any file system but ext to a new one; False when it cannot be read, or has more bytes."""
    copy = run(
        ["prlimit", f"--fsize={limit}", "--", "grub-fstest", device, "--", "cp", f"(loop0){path}", to],
        expect=None,
        timeout=600,
    )
    return copy.status == 0 and to.is_file()


def list_folder(device: Path, kind: str, path: str) -> list[str]:
    """The names in this folder, a folder's with a slash behind it; none when it cannot be read."""
    return [name for name, _ in _listed(device, kind, path)]


def file_sizes(device: Path, kind: str, path: str) -> dict[str, int]:
    """The files in this folder, each with its size in bytes."""
    return {name: size for name, size in _listed(device, kind, path) if size is not None}


def list_names(device: Path, kind: str, path: str) -> list[str]:
    """The names as `list_folder` has them, and those of links, which `ls -l` of GRUB leaves out where they lead to a
    folder or nowhere. A name with a space in it may come in pieces."""
    if kind in _EXT:
        return list_folder(device, kind, path)
    return run(["grub-fstest", device, "--", "ls", f"(loop0){path}"], expect=None, timeout=60).stdout.split()


def _listed(device: Path, kind: str, path: str) -> Iterator[tuple[str, int | None]]:
    """Each name with the file's size, None for a folder."""
    if kind in _EXT:
        for line in _debugfs(device, f"ls -p {path}").splitlines():
            # /inode/mode/uid/gid/name/size/; one that was removed has no name.
            fields = line.split("/")
            if len(fields) < 7 or fields[5] in ("", ".", ".."):
                continue
            if fields[2].startswith("04"):
                yield f"{fields[5]}/", None
            else:
                yield fields[5], int(fields[6]) if fields[6].isdecimal() else None
        return
    listed = run(["grub-fstest", device, "--", "ls", "-l", f"(loop0){path}"], expect=None, timeout=60).stdout
    for line in listed.splitlines():
        if match := _LISTED.fullmatch(line.strip()):
            yield match["name"], None if match["size"] == "DIR" else int(match["size"])


def _debugfs(device: Path, request: str) -> str:
    # -c: without the bitmaps, which are long in a large file system.
    return run(["debugfs", "-c", "-R", request, device], expect=None, timeout=60).stdout
