"""How many blocks an f2fs has in use by its own checkpoint, against which partclone's map is held. Pure.

A map that lists fewer or more than the checkpoint counts was read from something else than what the next mount reads.
Layout: Linux, include/linux/f2fs_fs.h. All values are bytes within the partition unless said otherwise. Not for:
whether it was unmounted (`condition.py`).
"""

import struct
from collections.abc import Callable, Iterable
from typing import Final

Range = tuple[int, int]
Read = Callable[[int, int], bytes]

_SUPERBLOCK: Final = 1024
_MAGIC: Final = 0xF2F52010
_BLOCK: Final = 4096
_SEGMENT: Final = 512
"""Blocks of a segment, in all that mkfs.f2fs makes."""
# From log_blocksize on; then where the checkpoint and the main area begin, in blocks.
_SIZES: Final = struct.Struct("<2I")
_SIZES_AT, _CHECKPOINT_AT, _MAIN_AT = 16, 76, 92
_COUNTED: Final = struct.Struct("<3Q")
"""A checkpoint's version, the blocks that a user may have, and those in use."""


def f2fs_map_problem(read: Read, used: Iterable[Range]) -> str:
    """Why this map of its used ranges cannot be trusted; "" when it has as many blocks as the checkpoint counts."""
    superblock = read(_SUPERBLOCK, _SUPERBLOCK + _BLOCK // 2)
    if len(superblock) < _MAIN_AT + 4 or struct.unpack_from("<I", superblock)[0] != _MAGIC:
        return "its superblock cannot be read"
    if _SIZES.unpack_from(superblock, _SIZES_AT) != (12, 9):
        return "its blocks or segments are of an unusual size"
    (checkpoint,) = struct.unpack_from("<I", superblock, _CHECKPOINT_AT)
    (main,) = struct.unpack_from("<I", superblock, _MAIN_AT)
    packs = [read(at * _BLOCK, at * _BLOCK + _COUNTED.size) for at in (checkpoint, checkpoint + _SEGMENT)]
    if any(len(pack) < _COUNTED.size for pack in packs):
        return "its checkpoint cannot be read"
    _, _, valid = max(_COUNTED.unpack(pack) for pack in packs)
    ranges = [(start // _BLOCK, -(-end // _BLOCK)) for start, end in used]
    mapped = sum(max(0, end - max(start, main)) for start, end in ranges)
    before = sum(max(0, min(end, main) - start) for start, end in ranges)
    if mapped != valid or before != main:
        return f"{mapped} of its blocks are mapped, and its checkpoint counts {valid}"
    return ""
