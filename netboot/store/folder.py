"""Blobs as files of one folder: a blob's name is its path below it.

    chunks/… manifests/… masters/… builds/…   blobs
    drafts/                                    unfinished files: written here, then renamed into place
    .lock                                      held shared by whoever writes or has a draft, exclusively to delete
    .naming                                    held for the moment in which a master's current version is changed

A file is never changed in place, only replaced as a whole. So readers need no lock, and HTTP can send a file straight
from disk. Blobs that only count together are written without a wait for the disk (`put_soon`), and synced once with all
that lies on their file system (syncfs): to wait for each costs a hard disk a turn or two, thousands of times.
Not for: what the names mean (`store.py`). Sizes are bytes.
"""

import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import stat
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from netboot.files.data_folder import make_private
from netboot.store.blobs import StoreBusyError, StoreError, StoreFullError
from netboot.store.drafts import empty_drafts

SPARE: Final = 256 * 1024 * 1024
"""What a write leaves free on the store's disk, in bytes."""

_MAKE_ROOM: Final = (
    "free what nothing needs (netboot master gc), delete masters that are no longer wanted "
    "(netboot master remove NAME), or give it a larger disk; then start the command again"
)
_DRAFTS: Final = "drafts"
_NAMING: Final = ".naming"
_libc = ctypes.CDLL(None, use_errno=True)


class BlobFolder:
    """One folder, made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: int | None = None
        self._opening = threading.Lock()
        self._syncing = threading.Lock()
        self._noting = threading.Lock()
        self._unsynced: set[str] = set()
        """What was put since the last sync."""
        self._lost: set[str] = set()
        """What was put before a sync that failed: the disk has something else than was put there, or nothing."""
        self._failed_syncs = 0

    def open(self, name: str) -> BinaryIO:
        """As BlobStore says."""
        return self.path_of(name).open("rb")

    def put(self, name: str, data: bytes) -> None:
        """As BlobStore says: written and synced under another name, renamed, and the rename synced."""
        path = self.path_of(name)
        with self.draft("") as draft, self._disk_errors_explained():
            new = not path.parent.is_dir()
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        if new:
            self.sync()  # the folders' own names

    def put_soon(self, name: str, data: bytes) -> None:
        """As BlobStore says: written under another name, then renamed, so that who reads meanwhile gets it whole."""
        path = self.path_of(name)
        with self.draft("") as draft, self._disk_errors_explained():
            self._handle()
            failed = self._failed_syncs
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
            draft.rename(path)
            with self._noting:
                if failed == self._failed_syncs:
                    self._lost.discard(name)
                    self._unsynced.add(name)
                    return
                self._lost.add(name)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def sync(self) -> None:
        """As BlobStore says, by syncfs: all of the file system that this folder is on.

        The kernel tells each handle once of what could not be written, and all imports of this process share one.
        """
        with self._disk_errors_explained(), self._syncing:
            self._make()
            handle = self._handle()
            with self._noting:
                synced = frozenset(self._unsynced)
            if not _libc.syncfs(handle):
                with self._noting:
                    self._unsynced -= synced
                return
            number = ctypes.get_errno()
            with self._noting:
                self._failed_syncs += 1
                lost = frozenset(self._unsynced)
                self._lost |= lost
                self._unsynced.clear()
            for name in lost:
                _forget_cached(self.path_of(name))
            raise OSError(number, os.strerror(number))

    def exists(self, name: str) -> bool:
        """As BlobStore says."""
        return self.path_of(name).is_file() and name not in self._lost

    def size(self, name: str) -> int:
        """As BlobStore says."""
        found = self.path_of(name).stat()
        if not stat.S_ISREG(found.st_mode) or name in self._lost:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return found.st_size

    def list(self, prefix: str) -> list[str]:
        """As BlobStore says."""
        try:
            below = os.scandir(self.path_of(prefix))
        except FileNotFoundError:
            return []
        with below:
            return sorted(self._below(below))

    def _below(self, entries: Iterable[os.DirEntry[str]]) -> Iterator[str]:
        """Raises OSError also for a folder that is gone meanwhile: nobody takes one away, and what was in it counts."""
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                with os.scandir(entry) as below:
                    yield from self._below(below)
            elif entry.is_file():
                yield Path(entry.path).relative_to(self._folder).as_posix()

    def remove(self, name: str) -> int:
        """As BlobStore says."""
        path = self.path_of(name)
        freed = path.stat().st_blocks * 512
        path.unlink()
        return freed

    def rename(self, name: str, new: str) -> None:
        """As BlobStore says; the new name's folder is there."""
        self.path_of(name).rename(self.path_of(new))

    def path_of(self, name: str) -> Path:
        """As BlobStore says: here every blob is a file."""
        parts = name.split("/")
        own = parts[0] == _DRAFTS or parts[0].startswith(".")
        if own or "\0" in name or any(part in ("", ".", "..") for part in parts):
            raise StoreError(f"{name[:80]!r} is no name of a blob", hint="say this to who looks after netboot")
        return self._folder.joinpath(*parts)

    def require_space(self, wanted: int) -> None:
        """As BlobStore says."""
        with self._disk_errors_explained():
            self._make()
            free = shutil.disk_usage(self._folder).free
        if free < wanted + SPARE:
            raise StoreFullError(
                f"{self._folder} has {free >> 20} MiB free, and {(wanted + SPARE) >> 20} MiB are needed",
                hint=_MAKE_ROOM,
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """As BlobStore says."""
        with self._lock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """As BlobStore says."""
        with self._lock(fcntl.LOCK_SH | fcntl.LOCK_NB):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As BlobStore says."""
        with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Held while a master's versions are read and written anew: of two who do so, neither undoes the other's."""
        with self._lock(fcntl.LOCK_EX, _NAMING):
            yield

    def ever_named(self) -> bool:
        """Whether anybody has held `naming`."""
        return (self._folder / _NAMING).is_file()

    def forget_unfinished(self) -> int:
        """As BlobStore says."""
        return empty_drafts(self._folder / _DRAFTS)

    @contextmanager
    def draft(self, suffix: str) -> Iterator[Path]:
        """A path for a temporary file or folder on this folder's own disk, removed at the end. Raises StoreError."""
        drafts = self._folder / _DRAFTS
        with self.writing():
            with self._disk_errors_explained():
                drafts.mkdir(parents=True, exist_ok=True)
            path = drafts / f"{secrets.token_hex(8)}{suffix}"
            try:
                yield path
            finally:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)

    def _handle(self) -> int:
        """The folder, opened before anything is put: syncfs tells of what could not be written since it was opened."""
        with self._opening:
            if self._synced is None:
                self._make()
                self._synced = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                weakref.finalize(self, os.close, self._synced)
            return self._synced

    def _make(self) -> None:
        make_private(self._folder.parent)
        self._folder.mkdir(exist_ok=True)

    @contextmanager
    def _disk_errors_explained(self) -> Iterator[None]:
        """Turns an OSError of the disk into a StoreError that says what to do."""
        try:
            yield
        except OSError as error:
            said = f"{self._folder} cannot be written to: {error.strerror or error}"
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFullError(said, hint=_MAKE_ROOM) from error
            raise StoreError(said, hint="look at the disk that the store is on, and at who may write to it") from error

    @contextmanager
    def _lock(self, kind: int, name: str = ".lock") -> Iterator[None]:
        with self._disk_errors_explained():
            self._make()
            handle = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, kind)
            except BlockingIOError as error:
                raise StoreBusyError(
                    f"{self._folder} is in use by a build, an import, a clean-up or a job that begins",
                    hint="try again when it has ended",
                ) from error
            yield
        finally:
            os.close(handle)


def _forget_cached(path: Path) -> None:
    """Have this file read from the disk next, not from memory, which still has what the disk could not take."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)
