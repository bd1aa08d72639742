"""Puts what is in use on a disk image into the store, chunk by chunk.

One thread reads and cuts, the others hash, pack and write: all of that is done without Python's lock. Chunks of zeros
are kept like others; those of one length have the same name.
Not for: which ranges are in use (`survey/used_ranges.py`), where they are cut (`survey/cutting.py`). Values are bytes.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from netboot.shared.manifest import Chunk
from netboot.store import Store
from netboot.survey.cutting import cut
from netboot.survey.disk_file import DiskFile
from netboot.survey.used_ranges import Range


def put_chunks(
    disk: DiskFile,
    ranges: Iterable[Range],
    store: Store,
    progress: Callable[[int], None],
    *,
    edges: Iterable[int] = (),
    workers: int | None = None,
) -> tuple[Chunk, ...]:
    """Put every piece of these ranges into the store, on all cores; `progress` gets the bytes done so far.

    No piece crosses one of the `edges`: where a partition begins, so that what lies in it is cut wherever it lies.

    The result is in order of the disk, however many workers there are. Raises NetbootError.
    """
    workers = workers or os.cpu_count() or 1
    chunks: list[Chunk] = []
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Chunk]] = deque()
        try:
            for start, plain in cut(disk.read, ranges, edges):
                waiting.append(pool.submit(_put, start, plain, store))
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


def _put(start: int, plain: memoryview, store: Store) -> Chunk:
    return Chunk(start, len(plain), store.put_chunk(plain))
