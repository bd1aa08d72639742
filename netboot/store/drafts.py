"""Removes what killed builds and imports left half made, with what they had mounted there.

Not for: making sure that none is at work now (the store's lock does, `folder.py`).
"""

import shutil
from contextlib import suppress
from pathlib import Path

from netboot.shared.errors import NetbootError
from netboot.shared.process import run


def empty_drafts(drafts: Path) -> int:
    """Remove all drafts; the bytes that were freed."""
    freed = 0
    _unmount_below(drafts)
    for path in sorted(drafts.iterdir()) if drafts.is_dir() else []:
        if _mounts_below(path):
            continue  # what is mounted there is not ours to delete; the next time it is tried again
        inside = (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,)
        freed += sum(entry.lstat().st_blocks * 512 for entry in inside if entry.is_symlink() or entry.exists())
        if len(inside) > 1 or path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return freed


def _unmount_below(folder: Path) -> None:
    """Let go of what a killed mmdebstrap left mounted below, its /proc and /sys. One that is in use stays."""
    for place in reversed(_mounts_below(folder)):
        with suppress(NetbootError):
            run(["umount", place])


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    places = [line.split(" ")[1].replace("\\040", " ") for line in lines]
    return [place for place in places if place.startswith(f"{folder.resolve()}/")]
