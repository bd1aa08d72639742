"""The files of an installed system, reached as that system itself reaches them: its root is where every path begins.

A link in a master may point anywhere, and an absolute one means the installed system's root, not the agent's. The
kernel resolves them so (openat2(2), RESOLVE_IN_ROOT), and goes to no other mount: nothing outside of the mounted root
is read or written, whatever the master holds. Only regular files are opened; a link in a file's place is replaced.
Not for: what is written (`installed_system.py` and its neighbours). Blocks; needs root.
"""

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from netboot.agent.customise.file_attributes import (
    ACL,
    Attributes,
    for_a_new_file,
    put_locks,
    read_attributes,
    without_locks,
)
from netboot.shared.errors import NetbootError
from netboot.shared.placed_files import in_a_home
from netboot.shared.private_files import PrivateFiles
from netboot.shared.stages.customise import Found, Part

TEXT_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a file that is read. A hosts file that blocks advertising has some MB."""
_NAMES_MOST: Final = 100_000
_TRIES: Final = 100
"""Times that a folder is asked for while something is renamed or mounted: nobody but the agent works there."""
_OPENAT2: Final = 437
"""Its number on every architecture (asm-generic/unistd.h)."""
_NO_XDEV, _NO_MAGICLINKS, _IN_ROOT = 0x01, 0x02, 0x10
_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class _How(ctypes.Structure):
    """struct open_how of linux/openat2.h."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_libc: Final = ctypes.CDLL(None, use_errno=True)


class InstalledTree:
    """The tree under one root, by paths without a leading slash; what is written or removed is noted in `changed`.

    With `each_to_disk` a file is on the disk before it has its name; without, all are once they are unmounted.
    """

    def __init__(self, root: Path, *, each_to_disk: bool = True) -> None:
        self.root = root
        self._each_to_disk = each_to_disk
        self.changed: dict[str, Part] = {}
        self._fd = os.open(root, _FOLDER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def status(self, name: str) -> os.stat_result | None:
        """What lies there, a link itself; None for nothing. Raises NetbootError."""
        try:
            with self.place(name) as path:
                return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_file(self, name: str) -> bool:
        """Whether a regular file lies there, no link. Raises NetbootError."""
        status = self.status(name)
        return status is not None and stat.S_ISREG(status.st_mode)

    def is_link(self, name: str) -> bool:
        """Whether a link lies there. Raises NetbootError."""
        status = self.status(name)
        return status is not None and stat.S_ISLNK(status.st_mode)

    def is_folder(self, name: str) -> bool:
        """Whether there is a folder, also by way of links. Raises NetbootError."""
        try:
            os.close(self._open(name))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def names(self, folder: str) -> tuple[str, ...]:
        """What is in a folder, in order; () where there is none. Raises NetbootError."""
        found: list[str] = []
        try:
            fd = self._open(folder)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        try:
            with os.scandir(f"/proc/self/fd/{fd}") as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) > _NAMES_MOST:
                        raise NetbootError(f"/{folder} of the master holds too many files", hint="look at the master")
        finally:
            os.close(fd)
        return tuple(sorted(found))

    def read(self, name: str) -> str:
        """The text of a file, "" where there is none or a link. Raises NetbootError for one that is too long."""
        if not self.is_file(name):
            return ""
        with self.place(name) as path, os.fdopen(_open_file(path), "rb") as file:
            content = file.read(TEXT_LIMIT + 1)
        if len(content) > TEXT_LIMIT:
            # What is written back must not be a part of it.
            raise NetbootError(f"/{name} of the master is longer than {TEXT_LIMIT >> 20} MiB", hint="make it shorter")
        return content.decode(errors="surrogateescape")

    def attributes(self, name: str) -> Attributes:
        """Those of what lies there. Raises NetbootError, OSError."""
        with self.place(name) as path:
            return read_attributes(path)

    def attributes_for_new(self, name: str, mode: int) -> Attributes:
        """Those of a file that is to be made there. Raises NetbootError, OSError."""
        with self.place(name) as path:
            return for_a_new_file(path.parent, mode)

    def write(self, part: Part, name: str, content: str | bytes, *, mode: int = 0o644) -> None:
        """Replace a file as a whole, also where a link stood; an existing file's attributes are kept."""
        there = self.is_file(name)
        data = content if isinstance(content, bytes) else content.encode(errors="surrogateescape")
        with self._changing(name) as path:
            attributes = read_attributes(path) if there else for_a_new_file(path.parent, mode)
            self._replace(path, data, attributes)
        self.changed[name] = part

    def place_file(self, part: Part, name: str, content: bytes, *, mode: int, owner: int, group: int) -> None:
        """Put a file there with this owner and mode; folders that are missing are made, in a home the file's
        owner's, elsewhere root's own. Another file's labels are kept, its ACL is not."""
        self.make_folders(part, name.rpartition("/")[0], owner=owner, group=group)
        there = self.is_file(name)
        with self._changing(name) as path:
            before = read_attributes(path) if there else for_a_new_file(path.parent, mode)
            labels = {label: value for label, value in before.extended.items() if label != ACL}
            self._replace(path, content, Attributes(owner, group, mode, labels))
        self.changed[name] = part

    def place_inside(self, folder: str, name: str, content: Iterable[bytes], *, mode: int) -> None:
        """Put a file of root's below a folder, which stands for it in `changed`; missing folders are made too.

        An ACL of another file in its place is not kept.
        """
        noted = dict(self.changed)
        self.make_folders("folders", f"{folder}/{name}".rpartition("/")[0])
        self.changed = noted
        path = f"{folder}/{name}"
        there = self.is_file(path)
        with self._changing(path) as place:
            before = read_attributes(place) if there else for_a_new_file(place.parent, mode)
            labels = {label: value for label, value in before.extended.items() if label != ACL}
            self._replace(place, content, Attributes(0, 0, mode, labels))

    def left_of_draft(self, name: str) -> int:
        """The bytes that a killed agent left of it, and writing it gives back. Raises NetbootError, OSError."""
        try:
            with self.place(name) as path:
                return draft_of(path).lstat().st_blocks * 512
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def parts_of(self, name: str, length: int) -> Iterator[bytes]:
        """A regular file's bytes, so many at a time. Raises NetbootError, OSError."""
        with self.place(name) as path, os.fdopen(_open_file(path), "rb") as file:
            yield from iter(lambda: file.read(length), b"")

    @contextmanager
    def opened(self, name: str, how: int = os.O_RDONLY) -> Iterator[int]:
        """A regular file that is there already, by way of links as well, which lead nowhere else; to be written to also
        where it is locked. Raises NetbootError, FileNotFoundError where there is none, OSError."""
        try:
            found = self._open(name, os.O_PATH | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
                raise FileNotFoundError(errno.ENOENT, "is nowhere", f"/{name}") from error
            raise
        try:
            if not stat.S_ISREG(os.fstat(found).st_mode):
                raise FileNotFoundError(errno.ENOENT, "is no file", f"/{name}")
            path = Path(f"/proc/self/fd/{found}")
            with nullcontext() if how == os.O_RDONLY else without_locks(path):
                fd = os.open(path, how | os.O_CLOEXEC)
                try:
                    yield fd
                finally:
                    os.close(fd)
        finally:
            os.close(found)

    def make_folders(self, part: Part, folder: str, *, owner: int = 0, group: int = 0) -> None:
        """Make this folder and those above it where they are missing: in a home this owner's, elsewhere root's own."""
        if not folder or self.is_folder(folder):
            return
        self.make_folders(part, folder.rpartition("/")[0], owner=owner, group=group)
        with self._changing(folder) as path:
            path.mkdir()
            made = for_a_new_file(path.parent, 0o755)
            (replace(made, owner=owner, group=group) if in_a_home(folder) else made).give(path)
        self.changed[folder] = part

    def _replace(self, path: Path, data: bytes | Iterable[bytes], attributes: Attributes) -> None:
        draft = draft_of(path)
        draft.unlink(missing_ok=True)
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            for part in (data,) if isinstance(data, bytes) else data:
                file.write(part)
            attributes.give(draft)
            if self._each_to_disk:
                os.fsync(file.fileno())
        with without_locks(path) as locks:
            draft.rename(path)
        put_locks(path, locks)

    def link(self, part: Part, name: str, target: str) -> None:
        """Put a link there, also where a file or another link stood."""
        with self._changing(name) as path:
            extended = for_a_new_file(path.parent, 0).extended
            draft = draft_of(path)
            draft.unlink(missing_ok=True)
            draft.symlink_to(target)
            for label, value in extended.items():
                os.setxattr(draft, label, value, follow_symlinks=False)
            with without_locks(path):
                draft.rename(path)
        self.changed[name] = part

    def give(self, part: Part, name: str, attributes: Attributes) -> None:
        """Give a file that the system's own program made these attributes, and note it as changed."""
        with self._changing(name) as path:
            attributes.give(path)
        self.changed[name] = part

    def remove(self, part: Part | None, name: str) -> None:
        """Remove a file or a link, in whatever way it is locked. Without a part it is not noted."""
        with self._changing(name) as path, without_locks(path):
            path.unlink()
        if part is not None:
            self.changed[name] = part

    def empty(self, name: str) -> None:
        """Cut a file to nothing, its attributes kept; not noted. One of several names loses this one: the file that
        they share may be anything."""
        with self._changing(name) as path, without_locks(path):
            if path.lstat().st_nlink > 1:
                path.unlink()
            else:
                os.close(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))

    def look(self, part: Part, name: str, private: PrivateFiles | None = None) -> Found:
        """What lies there now, as evidence; of a file of `private` its proof. Raises NetbootError, OSError."""
        status = self.status(name)
        if status is None:
            return Found(part=part, path=name, what="gone")
        owned = {"mode": stat.S_IMODE(status.st_mode), "owner": status.st_uid, "group": status.st_gid}
        if stat.S_ISLNK(status.st_mode):
            with self.place(name) as path:
                target = os.fsencode(path.readlink())
            return Found(part=part, path=name, what="link", digest=hashlib.sha256(target).hexdigest(), **owned)
        if stat.S_ISDIR(status.st_mode):
            return Found(part=part, path=name, what="folder", digest="", **owned)
        if not stat.S_ISREG(status.st_mode):
            raise NetbootError(f"/{name} is no file", hint="look at the master")
        with self.place(name) as path, os.fdopen(_open_file(path), "rb") as file:
            if private is not None:
                digest = private.proof(file.read(TEXT_LIMIT))
            else:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Found(part=part, path=name, what="file", digest=digest, **owned)

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """A path to this name whose folder is inside the root; its last part may be a link, which must not be followed.

        Raises NetbootError; FileNotFoundError or NotADirectoryError where there is no such folder.
        """
        folder, _, last = name.rpartition("/")
        if last in ("", ".", ".."):
            raise NetbootError(f"/{name} names no file", hint="look at the master")
        fd = self._open(folder or ".")
        try:
            yield Path(f"/proc/self/fd/{fd}", last)
        finally:
            os.close(fd)

    @contextmanager
    def _changing(self, name: str) -> Iterator[Path]:
        """A place in a folder that can be written to, even one that is locked."""
        try:
            with self.place(name) as path, without_locks(path.parent):
                yield path
        except (FileNotFoundError, NotADirectoryError) as error:
            folder = name.rpartition("/")[0]
            raise NetbootError(f"the installed system has no /{folder}", hint="look at the master") from error

    def _open(self, folder: str, flags: int = _FOLDER) -> int:
        how = _How(flags, 0, _NO_XDEV | _NO_MAGICLINKS | _IN_ROOT)
        for _ in range(_TRIES):
            fd: int = _libc.syscall(_OPENAT2, self._fd, os.fsencode(folder), ctypes.byref(how), ctypes.sizeof(how))
            if fd >= 0:
                return fd
            code = ctypes.get_errno()
            if code in (errno.EAGAIN, errno.EINTR):  # something was renamed meanwhile
                continue
            if code == errno.EXDEV:
                raise NetbootError(f"/{folder} leads out of the installed system", hint="look at the master's links")
            # Links in a circle are no folder to the installed system either.
            raise OSError(errno.ENOTDIR if code == errno.ELOOP else code, os.strerror(code), f"/{folder}")
        raise NetbootError(f"/{folder} of the installed system does not come to rest", hint="deploy the master again")


def draft_of(path: Path) -> Path:
    """Where something is made before it has its name."""
    return path.with_name(f".{path.name}.netboot")


def _open_file(path: Path) -> int:
    # A pipe would be waited for, and a device answer for ever.
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
