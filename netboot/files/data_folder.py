"""The data folder (record, keys, masters): readable by its owner only, and used by one server at a time.

Two servers on one folder would both give out the same batch places and addresses. Not for: what is in it (`records/`,
`store/`, `auth/server_keys.py`); commands beside a running server, which have locks of their own.
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


def require_open(folder: Path) -> None:
    """Raise NetbootError when this user may not look into this folder; one that is not there yet hides nothing."""
    try:
        (folder / LOCK).stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise NetbootError(
            f"{folder} cannot be looked into: {error.strerror}",
            hint="run it as the user who owns that folder, which is root for `sudo ./run serve`: sudo ./run netboot …",
        ) from error


def require_private(path: Path, what: str) -> None:
    """Raise NetbootError unless this file is ours and nobody else may read or change it."""
    status = path.stat()
    if status.st_uid not in (os.geteuid(), 0):
        raise NetbootError(
            f"{what} {path} belongs to another user (number {status.st_uid})",
            hint=f"look whose it is; if it is netboot's: chown {os.geteuid()} {path}",
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise NetbootError(f"others may read {what} {path}", hint=f"chmod 600 {path}")


@contextmanager
def server_lock(folder: Path) -> Iterator[None]:
    """Held for as long as a server uses this folder. Raises NetbootError when another server holds it."""
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
