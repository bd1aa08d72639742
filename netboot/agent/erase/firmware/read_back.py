"""Reads a disk past the page cache after its drive erased it: whether all can be read, and what it holds.

By several threads, as an overwrite is read back, and on past bad sectors. What the disk refuses is counted: nobody
knows what is there. Sampling reads whole blocks (`shared/read_back.py`). Not for: what is made of it (`contents.py`),
marks at their own places (`marking.py`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final

from netboot.agent.disks.direct_io import DirectDisk, aligned_buffer
from netboot.agent.disks.past_faults import LIMITS, Limits, PastFaults
from netboot.agent.disks.ranges import Ranges
from netboot.agent.disks.sweep import Look, Sweep, Worker
from netboot.agent.erase.firmware.contents import Contents, Viewer
from netboot.shared.inventory import Disk
from netboot.shared.read_back import ALL, BLOCK, numbers

THREADS: Final = 3


class ReadBack:
    """One reading of a disk, or of `percent` of it. `read`: what could be read; `contents` is told what that was."""

    def __init__(
        self, disk: Disk, device: DirectDisk, percent: int, contents: Contents, *, limits: Limits = LIMITS
    ) -> None:
        self._disk, self._device, self._percent = disk, device, percent
        self._contents = contents
        self._limits = limits
        self._lock = threading.Lock()
        self.read = Ranges()

    async def run(self, *, stall: float, look: Look) -> None:
        """Read. Raises what `Sweep.run` does."""
        device = self._device
        count = -(-device.size // BLOCK)
        smallest = max(device.sector, min(self._disk.physical_sector, 4096))
        faults = PastFaults(count, smallest=smallest, limits=self._limits)
        first = Sweep(device, self._first(faults), self._worker(faults), threads=THREADS, alive=lambda: faults.calls)
        await first.run(stall=stall, look=look)
        again = Sweep(device, faults.again(), self._worker(faults), threads=1, alive=lambda: faults.calls)
        await again.run(stall=stall, look=lambda done, stuck: look(first.done, stuck))

    def _first(self, faults: PastFaults) -> Iterator[int]:
        if self._percent >= ALL:
            return faults.first()
        steps, last = numbers(self._device.size, self._percent)
        return chain(steps, () if last is None else (last,))

    def _worker(self, faults: PastFaults) -> Worker:
        device = self._device

        @contextmanager
        def worker() -> Iterator[Callable[[int], int]]:
            with aligned_buffer(BLOCK) as buffer:
                viewer = Viewer(self._contents, BLOCK)

                def take(start: int, end: int) -> None:
                    content = buffer[: end - start]
                    device.read(content, start)
                    with self._lock:
                        news = self.read.missing(start, end)
                        self.read.add(start, end)
                    # A block that is tried once more was read in part before: what is seen twice counts once.
                    for begin, finish in news:
                        viewer.look(content[begin - start : finish - start])

                def work(number: int) -> int:
                    start = number * BLOCK
                    end = min(start + BLOCK, device.size)
                    faults.do(number, take, start, end)
                    return end - start

                yield work

        return worker
