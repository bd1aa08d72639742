"""How large a file system can be made, and what makes room for it: known before anything is erased for it. Pure.

Shared by the server, which says it when a master is taken in, and the agent, which obeys it. The size is told by the
superblock. ext2, 3 and 4 have limits
that resize2fs (e2fsprogs 1.47.2) either refuses or, worse, breaks the file system at; NTFS has 32 bits for the number
of its clusters; XFS, btrfs and f2fs grow to any disk.
Layout of ext's superblock: Linux, Documentation/filesystems/ext4/super.rst; of NTFS's boot sector: ntfs-3g,
layout.h; of f2fs's superblock: Linux, include/linux/f2fs_fs.h.
Not for: growing (`agent/customise/grow.py`).
"""

import struct
from dataclasses import dataclass
from typing import Final

EXT: Final = frozenset({"ext2", "ext3", "ext4"})
GROWABLE: Final = EXT | {"xfs", "btrfs", "ntfs", "f2fs"}
"""The file systems, as blkid names them, that the agent can make larger."""
SUPERBLOCK: Final = slice(1024, 2048)
"""Where an ext file system keeps it, in bytes from its beginning."""
HEAD: Final = 68 * 1024
"""How much of a file system's beginning holds the superblock of any kind, in bytes."""

_MAGIC: Final = 0xEF53
_RESIZE_INODE: Final = 0x10  # compatible
_META_BG, _WIDE = 0x10, 0x80  # incompatible
_GROUP_CHECKSUM, _BIGALLOC, _METADATA_CHECKSUM = 0x10, 0x200, 0x400  # read-only compatible
_BTRFS: Final = 64 * 1024
_WINDOWS_RECOVERY: Final = "de94bba4-06d1-4d40-a16a-bfd50179d6ac"
_COPIED_MOST: Final = 4 << 30
"""Bytes: Windows makes it of less than one GB; what a maker fills with a whole system stays where it is."""
_F2FS, _F2FS_MAGIC = 1024, 0xF2F52010
_MOST: Final = 2**32 - 1
_LONGEST: Final = 2**63 - 1


def goes_to_the_end(kind: str, type_: str, length: int) -> bool:
    """Whether a partition can be moved to the end of a larger disk, so that the one before it can grow: by its file
    system, its type as the manifest writes it, and its length.

    Of swap only the header is of use. Windows' recovery is copied; on a dos disk its loader names it by its place.
    """
    return kind == "swap" or (type_ == _WINDOWS_RECOVERY and length <= _COPIED_MOST)


class SuperblockError(ValueError):
    """Bytes that are no ext superblock, or one that makes no sense."""


@dataclass(frozen=True, slots=True)
class ExtSize:
    """What an ext superblock says of its size. `touched` is the newest moment that it names, in seconds since 1970;
    `checksums`: new groups need not be written in full, since checksums tell what is in use."""

    block: int
    blocks: int
    first: int
    group: int
    inodes: int
    descriptor: int
    reserved: int
    resize_inode: bool
    meta_bg: bool
    wide: bool
    bigalloc: bool
    checksums: bool
    touched: int

    @property
    def size(self) -> int:
        """The file system's length in bytes."""
        return self.blocks * self.block

    @property
    def largest(self) -> int:
        """The length in bytes to which it can be grown, and stays whole; its own length when it cannot.

        The descriptors of all groups must fit one group, inodes and, without 64bit, blocks must fit 32 bits. Where
        descriptors were reserved for growth (a thousand times the first size, by default), more of them would move
        what lies behind: there resize2fs breaks small file systems ("Illegal doubly indirect block found").
        """
        if self.bigalloc:
            return self.size
        each = self.block // self.descriptor
        groups = min((self.group - self.first) * each, _MOST // self.inodes)
        if self.resize_inode and not self.meta_bg:
            now = -(-(self.blocks - self.first) // self.group)
            groups = min(groups, (-(-now // each) + self.reserved) * each)
        blocks = groups * self.group + self.first
        if not self.wide:
            blocks = min(blocks, _MOST)
        return max(blocks, self.blocks) * self.block


def read_ext(superblock: bytes) -> ExtSize:
    """Read the 1024 bytes at `SUPERBLOCK` of an ext file system. Raises SuperblockError."""
    if len(superblock) < 1024 or _at(superblock, "<H", 0x38) != _MAGIC:
        raise SuperblockError("no superblock of ext2, 3 or 4")
    compatible, incompatible, read_only = (_at(superblock, "<I", place) for place in (0x5C, 0x60, 0x64))
    wide = bool(incompatible & _WIDE)
    blocks = _at(superblock, "<I", 0x04) + (_at(superblock, "<I", 0x150) << 32 if wide else 0)
    exponent = _at(superblock, "<I", 0x18)
    size = ExtSize(
        block=1024 << min(exponent, 7),
        blocks=blocks,
        first=_at(superblock, "<I", 0x14),
        group=_at(superblock, "<I", 0x20),
        inodes=_at(superblock, "<I", 0x28),
        descriptor=(_at(superblock, "<H", 0xFE) or 32) if wide else 32,
        reserved=_at(superblock, "<H", 0xCE),
        resize_inode=bool(compatible & _RESIZE_INODE),
        meta_bg=bool(incompatible & _META_BG),
        wide=wide,
        bigalloc=bool(read_only & _BIGALLOC),
        checksums=bool(read_only & (_GROUP_CHECKSUM | _METADATA_CHECKSUM)),
        touched=max(
            _at(superblock, "<I", place) + (superblock[high] << 32)
            for place, high in ((0x2C, 0x275), (0x30, 0x274), (0x40, 0x277))
        ),
    )
    sane = exponent <= 6 and size.first < 2 and size.group > size.first and size.inodes and blocks > size.first
    if not sane or not 32 <= size.descriptor <= size.block:
        raise SuperblockError("a superblock that makes no sense")
    return size


@dataclass(frozen=True, slots=True)
class NtfsSize:
    """What an NTFS boot sector says of its size. `size` is in bytes, without the sector behind, its own copy."""

    cluster: int
    size: int

    @property
    def largest(self) -> int:
        """The length in bytes to which it can be grown; its own length when it cannot."""
        return max(_MOST * self.cluster, self.size)


def read_ntfs(head: bytes) -> NtfsSize:
    """Read the boot sector at the beginning of an NTFS. Raises SuperblockError."""
    if len(head) < 512 or not head.startswith(b"NTFS    ", 3):
        raise SuperblockError("no boot sector of NTFS")
    sector, each = _at(head, "<H", 0x0B), head[0x0D]
    # Above 128 it is the negative of a power of two.
    cluster = sector * (each if each <= 0x80 else 1 << min(256 - each, 31))
    size = sector * _at(head, "<Q", 0x28)
    if sector not in (512, 1024, 2048, 4096) or not 512 <= cluster <= 2 << 20 or size < cluster:
        raise SuperblockError("a boot sector that makes no sense")
    return NtfsSize(cluster, size)


def size_in(kind: str, head: bytes) -> int:
    """The length in bytes that a file system of this kind has by its own superblock. Raises SuperblockError."""
    try:
        if kind in EXT:
            return read_ext(head[SUPERBLOCK]).size
        if kind == "xfs" and head.startswith(b"XFSB"):
            return _at(head, ">I", 4) * _at(head, ">Q", 8)
        if kind == "ntfs":
            return read_ntfs(head).size
        if kind == "f2fs" and _at(head, "<I", _F2FS) == _F2FS_MAGIC:
            size = _at(head, "<Q", _F2FS + 36) << min(_at(head, "<I", _F2FS + 16), 16)
            return min(size, _LONGEST)
        if kind == "btrfs" and head[_BTRFS + 0x40 :].startswith(b"_BHRfS_M"):
            return _at(head, "<Q", _BTRFS + 0x70)
    except struct.error as error:
        raise SuperblockError(str(error)) from error
    raise SuperblockError(f"no superblock of {kind}")


def _at(data: bytes, form: str, place: int) -> int:
    value: int = struct.unpack_from(form, data, place)[0]
    return value
