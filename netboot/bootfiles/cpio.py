"""Writes the "newc" cpio archive that the kernel unpacks into its first root file system, always the same bytes.

Follows Documentation/driver-api/early-userspace/buffer-format.rst of the kernel: SVR4 header with 8-digit hexadecimal
fields (magic 070701), names and contents padded to 4 bytes, the end marked by TRAILER!!!. Owner is root, device
numbers are 0, inode numbers count up, and the caller gives the time: nothing depends on the building machine.
Not for: reading archives, hard links, sparse files.
"""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

ALIGNMENT = 4
WINDOW_LOG = 25
"""2**25 = 32 MiB of history for the compressor: the kernel takes up to 2**27, and holds it while it unpacks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the archive, without a leading slash. `content` of a symbolic link is its target."""

    name: str
    mode: int
    content: bytes = b""


def directory(name: str, permissions: int = 0o755) -> Entry:
    return Entry(name, stat.S_IFDIR | permissions)


def file(name: str, content: bytes, permissions: int = 0o644) -> Entry:
    return Entry(name, stat.S_IFREG | permissions, content)


def link(name: str, target: str) -> Entry:
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def read_tree(root: Path, names: Iterable[str]) -> Iterator[Entry]:
    """The entries of some files, links and directories below `root`, sorted, with the directories they stand in.

    Permissions are kept, but never set-user-ID: there is one user in the archive.
    """
    wanted = set(names)
    for name in tuple(wanted):
        wanted.update(parent.as_posix() for parent in Path(name).parents if parent != Path())
    for name in sorted(wanted):
        path = root / name
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield link(name, path.readlink().as_posix())
        elif stat.S_ISDIR(mode):
            yield directory(name, mode & 0o1777)
        elif stat.S_ISREG(mode):
            yield file(name, path.read_bytes(), mode & 0o777)
        else:
            raise ValueError(f"{name}: neither file, link nor directory")


def archive(entries: Iterable[Entry], *, mtime: int) -> bytes:
    """The archive of these entries, in their order; `mtime` in seconds since 1970 is every entry's."""
    out = bytearray()
    inode = 0
    for inode, entry in enumerate(entries, start=1):
        _append(out, entry, inode, mtime)
    _append(out, Entry("TRAILER!!!", 0), inode + 1, 0)
    return bytes(out)


def compress(plain: bytes, *, level: int) -> bytes:
    """One zstd frame, padded with zeros so that another archive may follow it: the kernel skips zeros between two.

    One thread, and the same bytes for the same version of the library.
    """
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(plain), window_log=min(WINDOW_LOG, max(10, len(plain).bit_length())), enable_ldm=False
    )
    frame = zstandard.ZstdCompressor(compression_params=parameters).compress(plain)
    return frame + bytes(-len(frame) % ALIGNMENT)


def _append(out: bytearray, entry: Entry, inode: int, mtime: int) -> None:
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (inode, entry.mode, 0, 0, links, mtime, len(entry.content), 0, 0, 0, 0, len(name), 0)
    out += b"070701" + b"".join(b"%08X" % field for field in fields) + name
    out += bytes(-len(out) % ALIGNMENT)
    out += entry.content
    out += bytes(-len(out) % ALIGNMENT)
