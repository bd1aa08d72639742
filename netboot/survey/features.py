"""File systems made by newer tools than those that read them here: told by the feature bits of their superblocks. Pure.

A reader that does not know a feature may take what it does not understand for free. The tables are what the oldest
tools read that netboot runs with (Debian 12: e2fsprogs 1.47.0, xfsprogs 6.1, btrfs-progs 6.2, f2fs-tools 1.15,
partclone 0.3.23); layouts and bits are those of Linux 6.12: fs/ext4/ext4.h, fs/xfs/libxfs/xfs_format.h,
include/uapi/linux/btrfs_tree.h, include/linux/f2fs_fs.h. Bits that older systems may ignore are not looked at.
Not for: whether a file system is clean (`condition.py`).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netboot.shared.growth import EXT


@dataclass(frozen=True, slots=True)
class _Bits:
    """Where one set of feature bits stands, in bytes from the partition's start, and those that are known."""

    at: int
    form: str
    known: int


_EXT: Final = (
    # incompatible: filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir,
    # inline_data, encrypt, casefold
    _Bits(
        1024 + 0x60,
        "<I",
        0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000,
    ),
    # read-only compatible: sparse_super, large_file, huge_file, gdt_csum, dir_nlink, extra_isize, quota, bigalloc,
    # metadata_csum, read-only, project, shared_blocks, verity, orphan_present
    _Bits(
        1024 + 0x64,
        "<I",
        0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000,
    ),
)
_XFS: Final = (
    _Bits(212, ">I", 0x1 | 0x2 | 0x4 | 0x8),  # finobt, rmapbt, reflink, inobtcount
    _Bits(216, ">I", 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20),  # ftype, spinodes, meta_uuid, bigtime, needsrepair, nrext64
)
_XFS_VERSION_AT: Final = 100
_XFS_REPAIR: Final = 0x10
_BTRFS: Final = (
    _Bits(64 * 1024 + 0xB4, "<Q", 0x1 | 0x2),  # the free space tree, and that it is valid
    # mixed_backref, default_subvol, mixed_groups, compress_lzo, compress_zstd, big_metadata, extended_iref,
    # skinny_metadata, no_holes, metadata_uuid
    _Bits(64 * 1024 + 0xBC, "<Q", 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400),
)
# All but zoned devices (0x2) and the read-only form (0x4000), which have no room set aside.
_F2FS: Final = (_Bits(1024 + 2180, "<I", 0x3FFD),)


def unknown_features(kind: str, head: bytes) -> str:
    """What a file system of this kind has that its readers here do not know, in words; "" when they know it all.

    `head` is the first `growth.HEAD` bytes of its partition.
    """
    if kind == "xfs" and _value(head, _Bits(_XFS_VERSION_AT, ">H", 0)) & 0xF < 5:
        return ""  # the fourth form had these fields for nothing
    tables: Iterable[_Bits] = {"xfs": _XFS, "btrfs": _BTRFS, "f2fs": _F2FS}.get(kind, _EXT if kind in EXT else ())
    unknown = [_value(head, bits) & ~bits.known for bits in tables]
    if not any(unknown):
        return ""
    return f"it has features that are not known here ({', '.join(f'{bits:#x}' for bits in unknown if bits)})"


def wants_repair(head: bytes) -> bool:
    """Whether an XFS says that its repair was broken off, so that no system may mount it."""
    is_newest = _value(head, _Bits(_XFS_VERSION_AT, ">H", 0)) & 0xF >= 5
    return is_newest and bool(_value(head, _XFS[1]) & _XFS_REPAIR)


def _value(head: bytes, bits: _Bits) -> int:
    size = struct.calcsize(bits.form)
    # A head that is cut short has every bit, known or not.
    value: int = struct.unpack(bits.form, head[bits.at : bits.at + size].ljust(size, b"\xff"))[0]
    return value
