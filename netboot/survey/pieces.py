"""Where the ranges in use on a disk are cut into chunks. Pure. All values are bytes.

Chunks lie on a grid of 1 MiB over the whole disk, so that two versions of a master share what did not move. Larger
chunks compress a little better (a Debian root at zstd level 9: 256 KiB to 60.3 %, 1 MiB to 59.2 %, 4 MiB to 57.0 %);
with smaller ones a broken download resumes closer to where it stopped, and PCs could pass chunks on to each other
sooner.
Not for: which ranges are in use (`used_ranges.py`), what becomes of a chunk (`masters/chunking.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from netboot.survey.used_ranges import Range

GRID: Final = 1024 * 1024


def pieces(ranges: Iterable[Range], grid: int = GRID) -> Iterator[Range]:
    """The ranges, cut wherever a multiple of `grid` lies inside one."""
    for start, end in ranges:
        at = start
        while at < end:
            stop = min((at // grid + 1) * grid, end)
            yield at, stop
            at = stop
