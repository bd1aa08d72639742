"""Erasing by overwriting: every sector written with this job's pattern, then every sector read back and compared.

On flash it never reaches the spare area behind the addresses: which level that is, the server says
(`jobs/erase_methods/overwrite.py`).
Both passes bypass the page cache (`agent/disks/direct_io.py`) and continue past bad sectors
(`agent/disks/past_faults.py`): all that takes writes is written, all that can be read is compared. Memory: THREADS x
2 MiB a disk.
An overwrite that a power cut ended goes on with its own pattern: what was told as written is read, and only what holds
the pattern counts as written, and as read back. Every RE_READth block of it is read once more at the end: a disk that
answers with another sector's contents is found so.
Not for: choosing a method or guarding the disk (`agent/erase/stage.py`), the verdict (`overwrite_verdict.py`).
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from netboot import __version__
from netboot.agent.disks.direct_io import DirectDisk, DiskError, aligned_buffer
from netboot.agent.disks.disk_threads import StallError, on_disk
from netboot.agent.disks.past_faults import LIMITS, GaveUpError, Limits, PastFaults
from netboot.agent.disks.sweep import Look, Sweep, Worker
from netboot.agent.erase.overwrite_verdict import Passes, verdict_of
from netboot.agent.erase.pattern import BLOCK, SEED, Pattern, PatternBlock
from netboot.agent.erase.speed_profile import SpeedProfile
from netboot.agent.erase.zero_writes import time_zero_writes
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.agent.progress import NO_BEGINS, Begins, Does, Doing, HeldUp, Progress, nobody
from netboot.shared.erase_begun import Begun, Cut
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.overwrite import Overwritten, ZeroWrites
from netboot.shared.inventory import Disk, label
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import DiskErase, Erasure

RE_READ: Final = 64
"""Of what an earlier boot wrote, and this one has read already, every so manieth block is read again at the end."""
THREADS: Final = 3
"""Blocks under way at once: enough that the device never waits for Python."""
TOOL: Final = f"netboot {__version__}"
"""What overwrites and reads back: the agent itself."""
STALL: Final = 300.0
"""Seconds without any answer after which the disk is given up: longer than a drive's own retries."""


class Overwrite:
    """The method for any disk that takes writes. `stall` is in seconds."""

    name: Method = "overwrite"

    def __init__(self, *, stall: float = STALL, limits: Limits = LIMITS) -> None:
        self._stall = stall
        self._limits = limits

    def suits(self, disk: Disk) -> bool:
        """Any disk that is not write-protected can be overwritten."""
        return not disk.read_only

    def work(self, size: int) -> int:
        """Bytes of progress for a disk of this size: it is written and read."""
        return 2 * size

    async def run(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, begins: Begins = NO_BEGINS,
    ) -> Erasure:  # fmt: skip
        """Overwrite and verify. Never raises for what the disk does: that is the verdict."""
        begun = _begun_here(order)
        seed = bytes.fromhex(begun.key) if begun else secrets.token_bytes(SEED)
        before = min(begun.done, device.size) if begun else 0
        pattern = Pattern(seed)
        passes, at_hand = Passes(device.size), 0
        began, at_first = time.monotonic(), pc_clock()
        part = label(disk)
        profile = SpeedProfile(device.size, began)
        shown = 0

        def look_from(start: int, times: int = 1) -> Look:
            def look(done: int, stuck: float) -> None:
                nonlocal shown
                held_up([Stuck(disk=part[:256], seconds=stuck)] if stuck else ())
                shown = max(shown, start + times * min(done, device.size))
                progress(shown, 2 * device.size, part)

            return look

        zeros: ZeroWrites | None = None
        try:
            here = Begun(disk=order.disk, size=device.size, method=self.name, key=seed.hex(), tool=TOOL, done=before)
            await begins.begun(here)
            if before:
                does(Doing("reading"))
                again = look_from(0, 2)
                await self._read_before(device, before, pattern, passes, again)
            does(Doing("writing"))
            if not before:
                zeros = await on_disk(device, lambda: time_zero_writes(device, pattern), stall=self._stall)
            at_hand = passes.written.total
            told = look_from(at_hand)

            def write(done: int, stuck: float) -> None:
                begins.reached(order.disk, max(before, done))
                told(done, stuck)

            await self._sweep(disk, device, lambda buffer: _Write(device, pattern, passes, buffer), write)
            await self._flush(device, passes, lambda _, stuck: write(device.size, stuck))
            begins.reached(order.disk, device.size)
            does(Doing("reading"))
            verify = look_from(device.size)
            profile = SpeedProfile(device.size, time.monotonic())

            def read_back(done: int, stuck: float) -> None:
                profile.note(done, time.monotonic())
                verify(done, stuck)

            await self._sweep(disk, device, lambda buffer: _Verify(device, pattern, passes, buffer), read_back)
        except (DiskError, StallError, GaveUpError) as end:
            passes.end = end
        erasure = Erasure(
            disk=disk.id,
            model=disk.model,
            evidence=Overwritten(
                pattern=pattern.description,
                tool=TOOL,
                # A pass that left parts out tells no speed of them.
                speeds=() if at_hand else profile.speeds,
                zero_writes=zeros,
                resumed=at_hand,
            ),
            verdict="not-erased",
            began=began,
            ended=time.monotonic(),
            pc_clock=at_first,
            cut=_cut(order, resumed=at_hand > 0),
        )
        return verdict_of(passes, part, erasure)

    async def _read_before(self, device: DirectDisk, end: int, pattern: Pattern, passes: Passes, look: Look) -> None:
        """Read what was told as written; what holds the pattern is."""
        numbers = iter(range(-(-end // BLOCK)))
        answers = _Answers()
        worker = _reader(device, lambda buffer: _ReadBefore(device, pattern, passes, buffer, answers))
        sweep = Sweep(device, numbers, worker, threads=THREADS, alive=lambda: answers.count)
        await sweep.run(stall=self._stall, look=look)

    async def _sweep(self, disk: Disk, device: DirectDisk, act: "Callable[[memoryview], _Act]", look: Look) -> None:
        smallest = max(device.sector, min(disk.physical_sector, 4096))
        faults = PastFaults(-(-device.size // BLOCK), smallest=smallest, limits=self._limits)
        worker = _worker(device, faults, act)
        first = Sweep(device, faults.first(), worker, threads=THREADS, alive=lambda: faults.calls)
        await first.run(stall=self._stall, look=look)
        again = Sweep(device, faults.again(), worker, threads=1, alive=lambda: faults.calls)
        await again.run(stall=self._stall, look=lambda done, stuck: look(first.done, stuck))

    async def _flush(self, device: DirectDisk, passes: Passes, look: Look) -> None:
        flush = Sweep(device, iter(range(1)), lambda: _flusher(device), threads=1)
        try:
            await flush.run(stall=self._stall, look=look)
        except DiskError as fault:
            if fault.kind != "refused":
                raise
            passes.unflushed = fault


METHOD: Final = Overwrite()


class _Act(Protocol):
    """What a pass does to the parts of one block. One a thread."""

    def take(self, number: int) -> Sequence[tuple[int, int]]:
        """Turn to this block: the parts of it that there is something to do to."""

    def __call__(self, start: int, end: int) -> None:
        """Do it to this part of the block. Raises DiskError."""


class _Write:
    """Write the pattern."""

    def __init__(self, device: DirectDisk, pattern: Pattern, passes: Passes, buffer: memoryview) -> None:
        self._device, self._passes, self._buffer = device, passes, buffer
        self._block = PatternBlock(pattern, buffer)
        self._base = 0

    def take(self, number: int) -> Sequence[tuple[int, int]]:
        self._base = number * BLOCK
        part = self._base, min(self._base + BLOCK, self._device.size)
        if self._passes.is_written(*part):
            return ()
        self._block.become(number)
        return (part,)

    def __call__(self, start: int, end: int) -> None:
        self._device.write(self._buffer[start - self._base : end - self._base], start)
        self._passes.wrote(start, end)


class _Verify:
    """Read back what was written and is not read back yet, and compare. What the disk refused to take is not asked
    for."""

    def __init__(self, device: DirectDisk, pattern: Pattern, passes: Passes, buffer: memoryview) -> None:
        self._device, self._passes, self._buffer = device, passes, buffer
        # A bytearray compares with any buffer by one memcmp; two memoryviews compare item by item.
        self._expected = bytearray(BLOCK)
        self._block = PatternBlock(pattern, self._expected)
        self._base = 0

    def take(self, number: int) -> Sequence[tuple[int, int]]:
        self._base = number * BLOCK
        parts = self._passes.to_verify_in(self._base, min(self._base + BLOCK, self._device.size))
        if parts:
            self._block.become(number)
        return parts

    def __call__(self, start: int, end: int) -> None:
        content = self._buffer[: end - start]
        self._device.read(content, start)
        whole = end - start == BLOCK
        expected = self._expected if whole else self._expected[start - self._base : end - self._base]
        self._passes.read(start, expected, content)


@dataclass(slots=True)
class _Answers:
    """How often the disk has answered, well or badly."""

    count: int = 0


class _ReadBefore:
    """Read a block that was told as written; one that refuses, or holds anything else, is to be written."""

    def __init__(
        self, device: DirectDisk, pattern: Pattern, passes: Passes, buffer: memoryview, answers: _Answers
    ) -> None:
        self._device, self._passes, self._buffer, self._answers = device, passes, buffer, answers
        self._expected = bytearray(BLOCK)
        self._block = PatternBlock(pattern, self._expected)

    def __call__(self, number: int) -> int:
        start = number * BLOCK
        length = min(BLOCK, self._device.size - start)
        content = self._buffer[:length]
        try:
            self._device.read(content, start)
        except DiskError as fault:
            if fault.kind != "refused":
                raise
        else:
            self._block.become(number)
            expected = self._expected if length == BLOCK else self._expected[:length]
            if expected == content:
                self._passes.wrote(start, start + length)
                if number % RE_READ:
                    self._passes.read(start, expected, content)
        self._answers.count += 1
        return length


def _begun_here(order: DiskErase) -> Begun | None:
    """The overwrite that an earlier boot began on this disk."""
    begun = order.begun
    return begun if begun is not None and begun.method == "overwrite" and begun.key else None


def _cut(order: DiskErase, *, resumed: bool) -> Cut | None:
    begun = _begun_here(order)
    return None if begun is None else Cut(method=begun.method, at=begun.at, found="resumed" if resumed else "undone")


def _reader(device: DirectDisk, make: Callable[[memoryview], Callable[[int], int]]) -> Worker:
    @contextmanager
    def worker() -> Iterator[Callable[[int], int]]:
        with aligned_buffer(BLOCK) as buffer:
            yield make(buffer)

    return worker


def _worker(device: DirectDisk, faults: PastFaults, make: Callable[[memoryview], _Act]) -> Worker:
    @contextmanager
    def worker() -> Iterator[Callable[[int], int]]:
        with aligned_buffer(BLOCK) as buffer:
            act = make(buffer)

            def work(number: int) -> int:
                for start, end in act.take(number):
                    faults.do(number, act, start, end)
                return min(BLOCK, device.size - number * BLOCK)

            yield work

    return worker


@contextmanager
def _flusher(device: DirectDisk) -> Iterator[Callable[[int], int]]:
    def flush(_: int) -> int:
        device.sync()
        return 1

    yield flush
