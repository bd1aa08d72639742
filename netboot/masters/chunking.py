"""Puts what is in use on a disk image into the store, chunk by chunk.

Chunks of zeros are kept like others; they all have the same name.
Not for: which ranges are in use (`survey/used_ranges.py`), where they are cut (`survey/pieces.py`). Values are bytes.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk
from netboot.store import Store
from netboot.survey.disk_file import DiskFile
from netboot.survey.pieces import pieces
from netboot.survey.used_ranges import Range


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
