"""Cuts what is in use on a disk into chunks, where its content says so. Pure but for the reading. All values are bytes.

A block of 4 KiB begins a new chunk when a checksum of its first bytes is one of so many. So what moved on the disk is
cut as it was before: a master that is built anew from newer packages shares with its last version what their files
have in common, though hardly a file lies where it lay. casync and desync look for their cuts at every byte; file
systems put each file at the beginning of a block, so looking there finds much the same cuts for hardly any work.

SHAPE: two versions of a Debian, one with its security updates, take up 433 MB so (`./run bench store`); cut in a
trial of other shapes, 501 on a fixed grid of 1 MiB, 425 with chunks of half the length. But each chunk is a request
of a PC and an entry of the manifest, whose length is bounded, and longer chunks are packed better. Of these there are
a third more than on that grid, and as many at once have room in the memory of a PC that receives them
(`agent/deploy/stage.py`). Masters of before were cut on a grid; a manifest says where each of its chunks lies, so
nothing else needs to know.
Not for: which ranges are in use (`used_ranges.py`), how many chunks to expect (`pieces.py`), what becomes of one
(`masters/chunking.py`).
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.survey.used_ranges import Range

BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """How long chunks are: at least `shortest`, then until one in `one_in` blocks begins the next, at most `longest`.

    `shortest` and `longest` are whole blocks.
    """

    shortest: int
    one_in: int
    longest: int


SHAPE: Final = Shape(shortest=256 * 1024, one_in=128, longest=2 * 1024 * 1024)

_HEAD: Final = 64
"""What is looked at of a block: enough of a file's beginning to differ from another's."""
_READ: Final = 8 * 1024 * 1024
_NOTHING: Final = bytes(_HEAD)

Piece = tuple[int, memoryview]
"""Where it lies on the disk, and what is in it: a view of what was read at once, so that nothing is copied."""


def cut(
    read: Callable[[int, int], bytes], ranges: Iterable[Range], edges: Iterable[int] = (), *, shape: Shape = SHAPE
) -> Iterator[Piece]:
    """The pieces of these ranges, in order; `read` gives the bytes from here to there. No piece crosses an edge.

    Raises NetbootError where the disk ends inside a range.
    """
    for start, end in split(ranges, edges):
        held, first, at = b"", 0, start
        while at < end:
            length = length_of_first(held, first, shape)
            if first + length == len(held) and length < shape.longest and at + length < end:
                # More of it may lie behind what was read. Its beginning is read once more: that is short.
                wanted = min(_READ, end - at)
                held, first = read(at, at + wanted), 0
                if len(held) != wanted:
                    raise NetbootError(f"the disk ends before {end}", hint="was it cut short while it was copied?")
                length = length_of_first(held, first, shape)
            yield at, memoryview(held)[first : first + length]
            first, at = first + length, at + length


def length_of_first(data: bytes, first: int = 0, shape: Shape = SHAPE) -> int:
    """How long the chunk is that begins at `first`; no more of `data` is looked at than the longest has."""
    stop = min(len(data), first + shape.longest)
    for at in range(first + shape.shortest, stop, BLOCK):
        head = data[at : at + _HEAD]
        # Zeros begin no chunk, so that long runs of them come to chunks of one length, which are kept once.
        if zlib.crc32(head) % shape.one_in == 0 and head != _NOTHING:
            return at - first
    return stop - first


def split(ranges: Iterable[Range], edges: Iterable[int]) -> Iterator[Range]:
    """The ranges, cut at each edge that lies inside one and at a block's beginning."""
    wanted = sorted(edge for edge in set(edges) if edge % BLOCK == 0)
    for start, end in ranges:
        at = start
        for edge in wanted:
            if at < edge < end:
                yield at, edge
                at = edge
        yield at, end
