"""What keeps partitions and chunks from being those of one disk, in words; "" for nothing. Pure. All values are bytes.

The manifest's own structs are told here by what is asked of them. Not for: any other part of a manifest
(`manifest.py`).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from msgspec import UnsetType


class Chunk(Protocol):
    """Where a chunk lies."""

    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def end(self) -> int: ...


class Volume(Protocol):
    """What may grow inside a partition."""

    @property
    def grow(self) -> bool: ...


class Partition(Protocol):
    """Where a partition lies, and what becomes of it on a larger disk."""

    @property
    def number(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def grow(self) -> bool: ...
    @property
    def goes_to_the_end(self) -> bool: ...
    @property
    def volumes(self) -> Sequence[Volume] | UnsetType: ...


def wrong_partitions(partitions: Sequence[Partition], disk: int, sector: int, loader: int | None) -> str:
    """Of a disk of `disk` bytes with sectors of `sector` bytes; `loader` is the partition with the UEFI loader."""
    if disk % sector:
        return f"a disk of {disk} bytes is no whole number of sectors"
    numbers = {partition.number for partition in partitions}
    if len(numbers) != len(partitions):
        return "two partitions have one number"
    for one in partitions:
        if one.start % sector or one.length % sector:
            return f"partition {one.number} does not begin and end at a sector"
        if one.end > disk:
            return f"partition {one.number} ends after the disk"
    # An extended partition of a dos table holds the logical ones.
    plain = sorted((p for p in partitions if p.role != "extended"), key=lambda p: p.start)
    for before, after in pairwise(plain):
        if after.start < before.end:
            return f"partitions {before.number} and {after.number} overlap"
    # Masters of before anything could go to the end have it at the very last one, whatever that is.
    last = plain[-1:], [one for one in plain if not one.goes_to_the_end][-1:]
    if [one for one in plain if one.grow] not in ([], *last):
        return "only the last partition on the disk can grow, or one before what can go to its end"
    if any(sum(volume.grow for volume in one.volumes or ()) > one.grow for one in plain):
        return "only one volume can grow, in the partition that does"
    if loader is not None and loader not in numbers:
        return "the boot loader is on a partition that does not exist"
    return ""


def wrong_chunks(chunks: Iterable[Chunk], disk: int, sector: int) -> str:
    """Of such a disk."""
    end = 0
    for chunk in chunks:
        if chunk.offset < end:
            return f"the chunk at {chunk.offset} overlaps the one before, or is out of order"
        if chunk.offset % sector or chunk.length % sector:
            return f"the chunk at {chunk.offset} does not begin and end at a sector"
        end = chunk.end
    if end > disk:
        return f"the chunks end at {end}, after the disk"
    return ""
