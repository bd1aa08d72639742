"""Removes what killed builds and imports left half made, with what they had mounted there.

Not for: making sure that none is at work now (the store's lock does, `folder.py`).
"""

import shutil
from pathlib import Path

from netboot.shared.mounts import mounts_below, unmount_below


def empty_drafts(drafts: Path) -> int:
    """Remove all drafts; the bytes that were freed."""
    freed = 0
    # A killed mmdebstrap leaves its /proc and /sys.
    unmount_below(drafts)
    for path in sorted(drafts.iterdir()) if drafts.is_dir() else []:
        if mounts_below(path):
            continue  # what is mounted there is not ours to delete; the next time it is tried again
        inside = (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,)
        freed += sum(entry.lstat().st_blocks * 512 for entry in inside if entry.is_symlink() or entry.exists())
        if len(inside) > 1 or path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return freed
