"""A file's owner, group, mode and extended attributes (ACLs, SELinux context), kept when its content is replaced.

A replaced file is a new file to the kernel, and would lose them. ACLs and SELinux contexts are extended attributes too
(xattr(7)): system.posix_acl_access and security.selinux. Not for: what is in a file.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_CONTEXT: Final = "security.selinux"


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
        return Attributes(mode=mode, extended={_CONTEXT: os.getxattr(folder, _CONTEXT)})
    except OSError:
        return Attributes(mode=mode)
