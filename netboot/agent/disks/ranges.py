"""Parts of a disk as sorted ranges that are merged where they touch: what was written, what was read back. Pure."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise


class Ranges:
    """Ranges of bytes, from their start up to before their end. Not safe to use from several threads at once."""

    def __init__(self) -> None:
        self._edges: list[int] = []
        """start, end, start, end… each greater than the one before."""

    def add(self, start: int, end: int) -> None:
        """Take in this range; it may overlap what is there."""
        if start >= end:
            return
        edges = self._edges
        first, last = bisect_left(edges, start), bisect_left(edges, end + 1)
        begin = [] if first % 2 else [start]
        finish = [] if last % 2 else [end]
        edges[first:last] = begin + finish

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._edges[::2], self._edges[1::2], strict=True)

    def __len__(self) -> int:
        return len(self._edges) // 2

    @property
    def total(self) -> int:
        """How many bytes are in them."""
        return sum(end - start for start, end in self)

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """What of `start` to `end` is in them."""
        first = bisect_left(self._edges, start) // 2 * 2
        parts = []
        for begin, finish in zip(self._edges[first::2], self._edges[first + 1 :: 2], strict=True):
            if begin >= end:
                break
            if finish > start:
                parts.append((max(begin, start), min(finish, end)))
        return parts

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """What of `start` to `end` is not in them."""
        edges = [start, *(edge for piece in self.within(start, end) for edge in piece), end]
        return [(begin, finish) for begin, finish in list(pairwise(edges))[::2] if begin < finish]
