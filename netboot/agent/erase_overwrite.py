"""Erasing by overwriting: every sector written with this job's pattern, then every sector read back and compared.

That is a logical technique over all user-addressable storage locations, with verification: Clear, as NIST SP 800-88
defines it, on any disk. On flash it never reaches the spare area behind the addresses, so the evidence of one says that
and no overwrite is ever called Purge.
Both passes go past the page cache (`direct_io.py`). Memory: THREADS x 2 MiB a disk.
Not for: choosing a method or guarding the disk (`erase.py`).
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from netboot.agent.direct_io import DirectDisk, DiskError, aligned_buffer
from netboot.agent.disk_threads import StallError
from netboot.agent.erase_pattern import BLOCK, SEED, Pattern, PatternBlock, first_difference
from netboot.agent.progress import Progress
from netboot.agent.sweep import Sweep, Worker
from netboot.inventory import Disk, label
from netboot.problems import Problem
from netboot.protocol import Erasure, Method

THREADS: Final = 3
"""Blocks under way at once: enough that the device never waits for Python."""
STALL: Final = 300.0
"""Seconds without one finished block after which the disk is given up: longer than a drive's own retries."""

_FLASH_NOTE: Final = "flash: every addressable sector; spare and retired blocks are out of reach"


class MismatchError(Exception):
    """Reading back gave something else at `offset` (bytes)."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"other contents at byte {offset}")
        self.offset = offset


class Overwrite:
    """The method for any disk that takes writes. `stall` is in seconds."""

    name: Method = "overwrite"

    def __init__(self, *, stall: float = STALL) -> None:
        self._stall = stall

    def suits(self, disk: Disk) -> bool:
        """Any disk that is not write-protected can be overwritten."""
        return not disk.read_only

    async def run(self, disk: Disk, device: DirectDisk, progress: Progress) -> Erasure:
        """Overwrite and verify. Never raises for what the disk does: that is the verdict."""
        pattern = Pattern(secrets.token_bytes(SEED))
        erasure = Erasure(
            disk=disk.id,
            model=disk.model,
            method=self.name,
            level="none",
            verdict="not-erased",
            began=time.monotonic(),
            pc_clock=min(max(0.0, time.time()), 1e12),
            pattern=pattern.description,
        )
        total, part = 2 * device.size, label(disk)
        written = self._sweep(device, _writer(device, pattern))
        flush = Sweep(device, 1, lambda: _flusher(device), threads=1)
        verified = self._sweep(device, _verifier(device, pattern))
        try:
            await written.run(stall=self._stall, look=lambda done: progress(done, total, part))
            await flush.run(stall=self._stall, look=lambda _: None)
            await verified.run(stall=self._stall, look=lambda done: progress(device.size + done, total, part))
            erasure = msgspec.structs.replace(erasure, verdict="erased", level="clear")
        except DiskError as fault:
            # A sector that cannot be written keeps what was there; one that cannot be read back may have been erased.
            verdict = "undetermined" if written.done == device.size else "not-erased"
            problem = Problem("disk-error", {"disk": part, "offset": str(fault.offset), "error": fault.error})
            erasure = msgspec.structs.replace(erasure, verdict=verdict, problem=problem)
        except MismatchError as wrong:
            problem = Problem("erase-mismatch", {"disk": part, "offset": str(wrong.offset)})
            erasure = msgspec.structs.replace(erasure, problem=problem)
        except StallError as stalled:
            problem = Problem("erase-too-slow", {"disk": part, "seconds": f"{stalled.seconds:.0f}"})
            erasure = msgspec.structs.replace(erasure, verdict="undetermined", problem=problem)
        return msgspec.structs.replace(
            erasure,
            written=written.done,
            verified=verified.done,
            ended=time.monotonic(),
            after={} if disk.rotational else {"reach": _FLASH_NOTE},
        )

    def _sweep(self, device: DirectDisk, worker: Worker) -> Sweep:
        return Sweep(device, -(-device.size // BLOCK), worker, threads=THREADS)


def _writer(device: DirectDisk, pattern: Pattern) -> Worker:
    @contextmanager
    def worker() -> Iterator[Callable[[int], int]]:
        with aligned_buffer(BLOCK) as buffer:
            block = PatternBlock(pattern, buffer)

            def write(number: int) -> int:
                offset = number * BLOCK
                length = min(BLOCK, device.size - offset)
                block.become(number)
                device.write(buffer[:length], offset)
                return length

            yield write

    return worker


def _verifier(device: DirectDisk, pattern: Pattern) -> Worker:
    @contextmanager
    def worker() -> Iterator[Callable[[int], int]]:
        # A bytearray compares with any buffer by one memcmp; two memoryviews compare item by item.
        expected = bytearray(BLOCK)
        block = PatternBlock(pattern, expected)
        with aligned_buffer(BLOCK) as buffer:

            def verify(number: int) -> int:
                offset = number * BLOCK
                length = min(BLOCK, device.size - offset)
                block.become(number)
                found = buffer[:length]
                device.read(found, offset)
                if (expected if length == BLOCK else expected[:length]) != found:
                    raise MismatchError(offset + first_difference(memoryview(expected)[:length], found))
                return length

            yield verify

    return worker


@contextmanager
def _flusher(device: DirectDisk) -> Iterator[Callable[[int], int]]:
    def flush(_: int) -> int:
        device.sync()
        return 1

    yield flush
