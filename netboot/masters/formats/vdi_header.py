"""The header of a VDI, VirtualBox's format (VirtualBox's src/VBox/Storage/VDICore.h, VDIHEADER1PLUS).

Pure. What is taken in is what qemu-img reads (QEMU's block/vdi.c): version 1.1, blocks of 1 MiB with nothing between.
A disk that VirtualBox encrypts says so in the virtual machine's settings, and nowhere in the file.
Not for: the map of blocks (`vdi.py`).
"""

import struct
from dataclasses import dataclass
from typing import Final

from netboot.masters.formats.bounds import CONVERT, damaged, require_size
from netboot.shared.errors import NetbootError

BLOCK: Final = 1 << 20
_SECTOR: Final = 512
_HEADER: Final = struct.Struct("<64s IIIII 256x II 12x I 4x Q IIII 16s16s16s16s")
_MAGIC, _VERSION = 0xBEDA107F, 0x00010001
_DYNAMIC, _FIXED, _UNDO, _DIFFERENCING = 1, 2, 3, 4
_OWN: Final = "clone it as a whole: VBoxManage clonemedium THIS WHOLE.vdi"


@dataclass(frozen=True, slots=True)
class Header:
    """`size` is the disk's; `map_at` and `data_at` are where the map of blocks and the blocks begin. All in bytes."""

    size: int
    map_at: int
    data_at: int
    blocks: int


def parse_header(data: bytes, name: str) -> Header:
    """The header in these bytes. Raises NetbootError for what is not whole by itself, or contradicts itself."""
    if len(data) < _HEADER.size:
        raise damaged(name, "it has no whole header")
    (
        _, magic, version, _, kind, _, map_at, data_at, sector, size, block, extra, blocks, allocated,
        _, _, link, parent,
    ) = _HEADER.unpack_from(data)  # fmt: skip
    if magic != _MAGIC:
        raise damaged(name, "it has no VDI header")
    if version != _VERSION:
        raise NetbootError(
            f"{name} is a VDI of version {version >> 16}.{version & 0xFFFF}, which is not read", hint=_OWN
        )
    if kind in (_UNDO, _DIFFERENCING) or any(link) or any(parent):
        raise NetbootError(
            f"{name} is not whole: it is a snapshot, and needs the disk that it was made from", hint=_OWN
        )
    if kind not in (_DYNAMIC, _FIXED):
        raise damaged(name, f"VDI knows no type {kind}")
    if sector != _SECTOR or block != BLOCK or extra:
        raise NetbootError(f"{name} is a VDI with blocks of {block} + {extra} bytes, which is not read", hint=CONVERT)
    # VBoxManage makes disks of odd sizes from raw files; qemu-img rounds them up, and so does the guest.
    size = require_size(-(-size // _SECTOR) * _SECTOR, name)
    if map_at % _SECTOR or data_at % _SECTOR or map_at < _HEADER.size or data_at < map_at + 4 * blocks:
        raise damaged(name, "its map of blocks lies over something else")
    if blocks != -(-size // BLOCK) or allocated > blocks:
        raise damaged(name, f"its {blocks} blocks, {allocated} in use, are not those of a disk of {size} bytes")
    return Header(size, map_at, data_at, blocks)
