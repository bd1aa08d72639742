"""A file's owner, group, mode and extended attributes (ACLs, SELinux context), kept when its content is replaced.

A replaced file is a new file to the kernel, and would lose them. ACLs and SELinux contexts are extended attributes too
(xattr(7)): system.posix_acl_access and security.selinux. What locks a file against every change, chattr(1)'s immutable
and append-only, is taken off and given back. Not for: what is in a file.
"""

import array
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ACL: Final = "system.posix_acl_access"
CONTEXT: Final = "security.selinux"
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
"""FS_IOC_GETFLAGS and FS_IOC_SETFLAGS of linux/fs.h: numbered as for a long, and an int is what they fill."""
_LOCKS: Final = 0x10 | 0x20
"""FS_IMMUTABLE_FL and FS_APPEND_FL."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a file has beside its content. `mode` is the permission bits."""

    owner: int = 0
    group: int = 0
    mode: int = 0o644
    extended: Mapping[str, bytes] = field(default_factory=dict)

    def give(self, path: Path) -> None:
        """Give them to a file that was just made. Raises OSError."""
        os.chown(path, self.owner, self.group, follow_symlinks=False)
        # After the owner, which takes away set-user-id; before the ACL, which has the group's part in its mask.
        path.chmod(self.mode)
        for name, value in self.extended.items():
            os.setxattr(path, name, value, follow_symlinks=False)


def read_attributes(path: Path) -> Attributes:
    """Those of a file. Raises OSError."""
    status = path.lstat()
    names = os.listxattr(path, follow_symlinks=False)
    extended = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    return Attributes(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), extended)


def for_a_new_file(folder: Path, mode: int) -> Attributes:
    """Root's own file, with the SELinux context of its folder: what the kernel gives where no rule says otherwise."""
    try:
        return Attributes(mode=mode, extended={CONTEXT: os.getxattr(folder, CONTEXT)})
    except OSError:
        return Attributes(mode=mode)


@contextmanager
def without_locks(path: Path) -> Iterator[int]:
    """Meanwhile this file or folder can be changed, also removed or replaced. Gives its locks, 0 for none.

    They are the file's and not the name's: given back to it in the end, where it still has a name. Raises OSError.
    """
    with _opened(path) as fd:
        locks = 0 if fd is None else _swap(fd, 0)
        try:
            yield locks
        finally:
            if fd is not None and locks and os.fstat(fd).st_nlink:
                _swap(fd, locks)


def put_locks(path: Path, locks: int) -> None:
    """Lock another file as `without_locks` found one. Raises OSError."""
    if locks:
        with _opened(path) as fd:
            if fd is not None:
                _swap(fd, locks)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    # A folder that is reached by a link of the agent's own /proc is followed; what lies at a name is not.
    own = path.parent == Path("/proc/self/fd")
    try:
        status = path.stat() if own else path.lstat()
    except FileNotFoundError:
        status = None
    if status is None or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        yield None
        return
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if own else os.O_NOFOLLOW))
    try:
        yield fd
    finally:
        os.close(fd)


def _swap(fd: int, locks: int) -> int:
    """Set the locks of what is open, and say what they were."""
    flags = array.array("i", [0])
    try:
        fcntl.ioctl(fd, _GET_FLAGS, flags)
    except OSError:
        return 0  # a file system without such flags
    before = flags[0] & _LOCKS
    if before != locks:
        flags[0] = flags[0] & ~_LOCKS | locks
        fcntl.ioctl(fd, _SET_FLAGS, flags)
    return before
