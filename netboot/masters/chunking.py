"""Cuts what is in use on a disk image into chunks and puts them into the store.

Chunks lie on a grid of 1 MiB over the whole disk, so that two versions of a master share what did not move. Larger
chunks compress a little better (a Debian root at zstd level 9: 256 KiB to 60.3 %, 1 MiB to 59.2 %, 4 MiB to 57.0 %);
with smaller ones a broken download resumes closer to where it stopped, and PCs could pass chunks on to each other
sooner. Chunks of zeros are kept like others; they all have the same name.
Not for: which ranges are in use (`used_ranges.py`). All values are bytes.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from netboot.masters.disk_file import DiskFile
from netboot.masters.used_ranges import Range
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk
from netboot.store import Store

GRID: Final = 1024 * 1024


def pieces(ranges: Iterable[Range], grid: int = GRID) -> Iterator[Range]:
    """The ranges, cut wherever a multiple of `grid` lies inside one."""
    for start, end in ranges:
        at = start
        while at < end:
            stop = min((at // grid + 1) * grid, end)
            yield at, stop
            at = stop


def put_chunks(
    disk: DiskFile,
    ranges: Iterable[Range],
    store: Store,
    progress: Callable[[int], None],
    *,
    workers: int | None = None,
) -> tuple[Chunk, ...]:
    """Put every piece of these ranges into the store, on all cores; `progress` gets the bytes done so far.

    The result is in order of the disk, however many workers there are. Raises NetbootError.
    """
    workers = workers or os.cpu_count() or 1
    chunks: list[Chunk] = []
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Chunk]] = deque()
        try:
            for start, end in pieces(ranges):
                waiting.append(pool.submit(_put, disk, start, end, store))
                # Bounds what is held in memory to a few pieces a worker.
                while len(waiting) > workers * 4:
                    chunks.append(waiting.popleft().result())
                    done += chunks[-1].length
                    progress(done)
            while waiting:
                chunks.append(waiting.popleft().result())
                done += chunks[-1].length
                progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(chunks)


def _put(disk: DiskFile, start: int, end: int, store: Store) -> Chunk:
    plain = disk.read(start, end)
    if len(plain) != end - start:
        raise NetbootError(f"{disk.name} ends before {end}", hint="was it cut short while it was copied?")
    return Chunk(start, end - start, store.put_chunk(plain))
