"""How many chunks a disk will come to, before any of it was read: its ranges, cut on a grid. Pure. Values are bytes.

A manifest has room for so many chunks and no more, which is judged before hours of reading. Where a chunk really ends
its content says (`cutting.py`): on average some 750 KiB behind its beginning (random bytes, and a Debian), so this
grid promises more.
Not for: which ranges are in use (`used_ranges.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from netboot.survey.used_ranges import Range

GRID: Final = 704 * 1024


def pieces(ranges: Iterable[Range], grid: int = GRID) -> Iterator[Range]:
    """The ranges, cut wherever a multiple of `grid` lies inside one."""
    for start, end in ranges:
        at = start
        while at < end:
            stop = min((at // grid + 1) * grid, end)
            yield at, stop
            at = stop
