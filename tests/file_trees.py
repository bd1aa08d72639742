"""A file tree with all that resizing a file system could lose, and all that there is to know of it afterwards."""

import hashlib
import os
import random
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MIB = 1024 * 1024
_ACL_ENTRY = struct.Struct("<HHI")
_NOBODY = 0xFFFFFFFF
# Version 2; u::rw-, u:1234:r--, g::r--, m::r--, o::---  (linux/posix_acl_xattr.h)
_ACL = struct.pack("<I", 2) + b"".join(
    _ACL_ENTRY.pack(*entry)
    for entry in ((0x01, 6, _NOBODY), (0x02, 4, 1234), (0x04, 4, _NOBODY), (0x10, 4, _NOBODY), (0x20, 0, _NOBODY))
)
_LABEL = b"system_u:object_r:etc_t:s0\0"

Facts = dict[str, tuple[object, ...]]


def plant(root: Path, kind: str, *, files: int = 60) -> None:
    """Fill a mounted file system of this kind: files of all sizes, a sparse one, links, owners, ACLs, labels."""
    chance = random.Random(5)
    for number in range(files):
        folder = root / f"folder {number % 7}" / "Où ça ?"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file {number}").write_bytes(chance.randbytes(chance.choice((0, 1, 700, 5000, 70_000, 900_000))))
    with (root / "sparse").open("wb") as file:
        file.write(b"begin")
        file.seek(40 * MIB)
        file.write(b"end")
    letter = root / "letter"
    letter.write_bytes(b"Bonjour")
    (root / "hard link").hardlink_to(letter)
    if kind == "ntfs":
        os.setxattr(letter, "user.origin", b"workshop")
        os.setxattr(letter, "system.ntfs_attrib_be", struct.pack(">I", 0x23))  # read-only, hidden, archive
        return
    (root / "soft link").symlink_to("folder 1/nowhere")
    os.setxattr(letter, "user.origin", b"workshop" * 30)
    os.setxattr(letter, "security.selinux", _LABEL)
    os.setxattr(root / "sparse", "security.selinux", _LABEL)
    os.setxattr(letter, "system.posix_acl_access", _ACL)
    os.chown(root / "sparse", 1000, 1234567)
    (root / "sparse").chmod(0o6711)
    os.chown(root / "soft link", 33, 44, follow_symlinks=False)
    os.mkfifo(root / "pipe")


def unmount(folder: Path) -> None:
    """Unmount, and wait until an ntfs-3g that served it has written all out and ended: umount does not."""
    subprocess.run(("umount", folder), check=True)
    until = time.monotonic() + 60
    while any(str(folder).encode() in words and b"ntfs" in words for words in _command_lines()):
        assert time.monotonic() < until, f"ntfs-3g still serves {folder}"
        time.sleep(0.05)


def _command_lines() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield process.read_bytes()


def facts(root: Path) -> Facts:
    """Of each path: what kind it is, who owns it, its times, links, attributes, holes, and its content's digest."""
    found: Facts = {}
    names: dict[int, list[str]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        status = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        if is_file:
            names.setdefault(status.st_ino, []).append(name)
        listed = sorted(os.listxattr(path, follow_symlinks=False))
        attributes = tuple((key, os.getxattr(path, key, follow_symlinks=False)) for key in listed)
        found[name] = (
            *(status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, status.st_size * is_file),
            str(path.readlink()) if path.is_symlink() else "",
            hashlib.sha256(path.read_bytes()).hexdigest() if is_file else "",
            status.st_blocks * 512 < status.st_size and is_file,
            attributes,
        )
    links = sorted(tuple(sorted(group)) for group in names.values() if len(group) > 1)
    return {**found, "": tuple(links)}
