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
from functools import partial
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
        began, at_first = time.monotonic(), pc_clock()
        begun = _begun_here(order)
        seed = bytes.fromhex(begun.key) if begun else secrets.token_bytes(SEED)
        work = _Work(
            order, disk, device, progress, held_up, does, begins, self._stall, self._limits, seed,
            before=min(begun.done, device.size) if begun else 0, pattern=Pattern(seed), passes=Passes(device.size),
            profile=SpeedProfile(device.size, began),
        )  # fmt: skip
        try:
            await work.run()
        except (DiskError, StallError, GaveUpError) as end:
            work.passes.end = end
        erasure = Erasure(
            disk=disk.id,
            model=disk.model,
            evidence=work.evidence,
            verdict="not-erased",
            began=began,
            ended=time.monotonic(),
            pc_clock=at_first,
            cut=_cut(order, resumed=work.resumed > 0),
        )
        return verdict_of(work.passes, label(disk), erasure)


@dataclass(slots=True)
class _Work:
    """One disk under way: what an earlier boot wrote is found, the rest is written, all is read back.

    `before`: bytes that an earlier boot told as written; `resumed`: those that were found so.
    """

    order: DiskErase
    disk: Disk
    device: DirectDisk
    progress: Progress
    held_up: HeldUp
    does: Does
    begins: Begins
    stall: float
    limits: Limits
    seed: bytes
    before: int
    pattern: Pattern
    passes: Passes
    profile: SpeedProfile
    zeros: ZeroWrites | None = None
    resumed: int = 0
    shown: int = 0

    @property
    def evidence(self) -> Overwritten:
        """What it has come to, without what `passes` say of it."""
        return Overwritten(
            pattern=self.pattern.description,
            tool=TOOL,
            # A pass that left parts out tells no speed of them.
            speeds=() if self.resumed else self.profile.speeds,
            zero_writes=self.zeros,
            resumed=self.resumed,
        )

    async def run(self) -> None:
        """From the first word to the server to the last byte read."""
        begun = Begun(
            disk=self.order.disk, size=self.device.size, method="overwrite", key=self.seed.hex(), tool=TOOL,
            done=self.before,
        )  # fmt: skip
        await self.begins.begun(begun)
        if self.before:
            self.does(Doing("reading"))
            await self._read_before()
        self.does(Doing("writing"))
        if not self.before:
            timing = partial(time_zero_writes, self.device, self.pattern)
            self.zeros = await on_disk(self.device, timing, stall=self.stall)
        self.resumed = self.passes.written.total
        await self._write()
        self.does(Doing("reading"))
        await self._read_back()

    async def _read_before(self) -> None:
        """Read what was told as written; what holds the pattern is."""
        numbers = iter(range(-(-self.before // BLOCK)))
        answers = _Answers()
        worker = _reader(
            self.device, lambda buffer: _ReadBefore(self.device, self.pattern, self.passes, buffer, answers)
        )
        sweep = Sweep(self.device, numbers, worker, threads=THREADS, alive=lambda: answers.count)
        # What is found so is written and read at once: it counts twice.
        await sweep.run(stall=self.stall, look=lambda done, stuck: self._show(2 * min(done, self.device.size), stuck))

    async def _write(self) -> None:
        def look(done: int, stuck: float) -> None:
            self.begins.reached(self.order.disk, max(self.before, done))
            self._show(self.resumed + min(done, self.device.size), stuck)

        await self._sweep(lambda buffer: _Write(self.device, self.pattern, self.passes, buffer), look)
        await self._flush(lambda _, stuck: look(self.device.size, stuck))
        self.begins.reached(self.order.disk, self.device.size)

    async def _read_back(self) -> None:
        self.profile = SpeedProfile(self.device.size, time.monotonic())

        def look(done: int, stuck: float) -> None:
            self.profile.note(done, time.monotonic())
            self._show(self.device.size + min(done, self.device.size), stuck)

        await self._sweep(lambda buffer: _Verify(self.device, self.pattern, self.passes, buffer), look)

    async def _sweep(self, act: "Callable[[memoryview], _Act]", look: Look) -> None:
        device = self.device
        smallest = max(device.sector, min(self.disk.physical_sector, 4096))
        faults = PastFaults(-(-device.size // BLOCK), smallest=smallest, limits=self.limits)
        worker = _worker(device, faults, act)
        first = Sweep(device, faults.first(), worker, threads=THREADS, alive=lambda: faults.calls)
        await first.run(stall=self.stall, look=look)
        again = Sweep(device, faults.again(), worker, threads=1, alive=lambda: faults.calls)
        await again.run(stall=self.stall, look=lambda done, stuck: look(first.done, stuck))

    async def _flush(self, look: Look) -> None:
        flush = Sweep(self.device, iter(range(1)), lambda: _flusher(self.device), threads=1)
        try:
            await flush.run(stall=self.stall, look=look)
        except DiskError as fault:
            if fault.kind != "refused":
                raise
            self.passes.unflushed = fault

    def _show(self, done: int, stuck: float) -> None:
        """How far it is, of all that is written and read; it never goes back."""
        part = label(self.disk)
        self.held_up([Stuck(disk=part[:256], seconds=stuck)] if stuck else ())
        self.shown = max(self.shown, done)
        self.progress(self.shown, 2 * self.device.size, part)


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
