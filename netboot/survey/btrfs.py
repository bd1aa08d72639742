"""Second copies in a btrfs (DUP), which partclone's map leaves out, and whether that map can be trusted.

A chunk of a btrfs has one stripe for each copy of it on the device; what is in use in one is in use in all. The chunks
are those of `btrfs inspect-internal dump-tree` (btrfs-progs); the superblock is read here (kernel's
include/uapi/linux/btrfs_tree.h). All values are bytes within the partition. Not for: running partclone
(`used_ranges.py`).
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.shared.process import run
from netboot.survey.journals import UNCLEAN

Range = tuple[int, int]
SUPERBLOCK: Final = slice(64 * 1024, 68 * 1024)
"""Where the first superblock stands."""

_MAGIC: Final = (0x40, b"_BHRfS_M")
_LOG_ROOT_AT, _DEVICES_AT = 0x60, 0x88
_LONG: Final = struct.Struct("<Q")
_CHUNK: Final = re.compile(r"\s*length (\d{1,19}) owner \d+ stripe_len \d+ type (\S+)")
_STRIPE: Final = re.compile(r"\s*stripe \d+ devid \d+ offset (\d{1,19})")


@dataclass(frozen=True, slots=True)
class BtrfsChunk:
    """`length` bytes that lie, one copy at each of `stripes`, on the device."""

    length: int
    stripes: tuple[int, ...]


def btrfs_map_problem(superblock: bytes) -> str:
    """Why a map of used blocks cannot be trusted for a btrfs with this superblock (4 KiB), "" when it can."""
    at, magic = _MAGIC
    if len(superblock) < _DEVICES_AT + 8 or superblock[at : at + len(magic)] != magic:
        return "its superblock cannot be read"
    if _LONG.unpack_from(superblock, _DEVICES_AT)[0] != 1:
        return "it lies on several devices"
    return UNCLEAN if _LONG.unpack_from(superblock, _LOG_ROOT_AT)[0] else ""


def read_chunks(device: Path) -> tuple[BtrfsChunk, ...]:
    """The chunks of the btrfs on this device. Raises ProgramError."""
    return parse_chunks(run(["btrfs", "inspect-internal", "dump-tree", "-t", "chunk", device], timeout=600).stdout)


def parse_chunks(text: str) -> tuple[BtrfsChunk, ...]:
    """Read what `btrfs inspect-internal dump-tree -t chunk` printed."""
    chunks: list[BtrfsChunk] = []
    for line in text.splitlines():
        if chunk := _CHUNK.fullmatch(line):
            chunks.append(BtrfsChunk(int(chunk[1]), ()))
        elif (stripe := _STRIPE.fullmatch(line)) and chunks:
            chunks[-1] = BtrfsChunk(chunks[-1].length, (*chunks[-1].stripes, int(stripe[1])))
    return tuple(chunks)


def all_copies(used: Iterable[Range], chunks: Iterable[BtrfsChunk]) -> list[Range]:
    """The used ranges, and the same ranges in every other copy of the chunks that they lie in."""
    ranges = list(used)
    copied = [chunk for chunk in chunks if len(chunk.stripes) > 1]
    for start, end in tuple(ranges):
        for chunk in copied:
            for stripe in chunk.stripes:
                first, last = max(start, stripe), min(end, stripe + chunk.length)
                if first < last:
                    ranges += [
                        (first - stripe + other, last - stripe + other) for other in chunk.stripes if other != stripe
                    ]
    return ranges
