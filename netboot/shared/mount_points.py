"""Where an installed system mounts its other file systems, and which files it swaps to, by its fstab(5).

What is written to the root's own folder at such a place lies below the mount, and that system never sees it. Pure.
Not for: setting up those file systems; mounts that no fstab names (mount units of systemd, automounts), nor a path that
a link of the root leads there.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from netboot.shared.errors import NetbootError

_ESCAPE: Final = re.compile(r"\\([0-3][0-7]{2})")


def mount_points(fstab: str) -> tuple[str, ...]:
    """The folders where it mounts something, other than the root, without a leading slash."""
    folders = (row[1] for row in _rows(fstab) if len(row) > 1)
    inside = (posixpath.normpath(folder).lstrip("/") for folder in folders if folder.startswith("/"))
    return tuple(folder for folder in inside if folder)


def swap_paths(fstab: str) -> tuple[str, ...]:
    """What it swaps to by path, without a leading slash: files, and devices too."""
    paths = (row[0].lstrip("/") for row in _rows(fstab) if row[2:3] == ["swap"] and row[0].startswith("/"))
    return tuple(path for path in paths if path)


def _rows(fstab: str) -> Iterator[list[str]]:
    for line in fstab.splitlines():
        if not line.lstrip().startswith("#"):
            yield [_ESCAPE.sub(lambda code: chr(int(code[1], 8)), field) for field in line.split()]


def hidden_by(path: str, folders: Iterable[str]) -> str:
    """The first of these mount points that this path (none with a leading slash) is at or below; "" for none."""
    return next((folder for folder in folders if f"{path}/".startswith(f"{folder}/")), "")


def mounted_within(folder: str, folders: Iterable[str]) -> bool:
    """Whether one of these mount points is this folder, above it or below it."""
    folders = tuple(folders)
    return bool(hidden_by(folder, folders)) or any(one.startswith(f"{folder}/") for one in folders)


def require_on_root(fstab: str, paths: Iterable[str]) -> None:
    """That none of these paths (without a leading slash) is on another file system. Raises NetbootError."""
    folders = mount_points(fstab)
    for path in paths:
        if folder := hidden_by(path, folders):
            raise NetbootError(
                f"/{path} would be hidden by what the master mounts at /{folder}: netboot sets up the root file "
                "system alone",
                hint="make a master whose root holds it all, or leave it out of the profile",
            )
