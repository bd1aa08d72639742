"""The folder of the record, the keys and the masters: for its owner alone, and served by one process at a time.

Two servers on one folder would each give out what the other has given already. Not for: what is in it (`records/`,
`store/`, `signing.py`); commands beside a running server, which have their own locks.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError

LOCK: Final = ".serving"


def make_private(folder: Path) -> None:
    """Make this folder for its owner alone, whoever needs it first; one that is there stays. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # whatever the umask


def require_private(path: Path, what: str) -> None:
    """Raise NetbootError unless this file is ours and nobody else may read or change it."""
    found = path.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise NetbootError(
            f"{what} {path} belongs to another user (number {found.st_uid})",
            hint=f"look whose it is; if it is netboot's: chown {os.geteuid()} {path}",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise NetbootError(f"others may read {what} {path}", hint=f"chmod 600 {path}")


@contextmanager
def served_here(folder: Path) -> Iterator[None]:
    """Held while a server serves from this folder. Raises NetbootError when another one does."""
    make_private(folder)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            raise NetbootError(
                f"another netboot serves from {folder} (process {other or 'unknown'})",
                hint="stop that one first, or give this one a data folder of its own (`data` in the settings)",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
