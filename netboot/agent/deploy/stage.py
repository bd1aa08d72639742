"""The deploy stage: a signed master onto the disk that was ordered, then every chunk read back and matched.

Nothing is written before the signature, the disk's size and its sector size are right. Several chunks are under way at
once, each fetched, checked and written by one flight, to all of its places when it occurs more than once; what no chunk
covers is skipped. The partition table and
whatever else lies outside the partitions are destroyed first and written last, so that a power cut leaves a disk that
does not start rather than one that starts half. A deploy ends with what was read from the disk, past the page cache.
Memory: MEMORY bytes of buffers at most, whatever the chunks' length.
Not for: growing to the disk (`agent/customise/grow.py`).
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from netboot.agent.deploy.awaited import Awaited, Waits
from netboot.agent.deploy.earlier import EDGE, Journal, is_as_left, lies_there, may_have_started
from netboot.agent.deploy.master import fetch_manifest
from netboot.agent.deploy.sectors import give_sectors
from netboot.agent.deploy.source import ChunkSource, DamagedError, NotThereError, SilentError
from netboot.agent.disks.claim import ReadDisks, RefusedError, claim_as_ordered
from netboot.agent.disks.direct_io import DirectDisk, DiskError, aligned_buffer
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.disk_threads import StallError, on_disk
from netboot.agent.disks.listing import read_disks as read_own_disks
from netboot.agent.disks.sweep import Sweep, Worker
from netboot.agent.failures import StageFailed
from netboot.agent.progress import NO_BEGINS, Begins, HeldUp, Progress, nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.drive_format import DriveFormat
from netboot.shared.inventory import Disk, amount, gigabytes, label
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy, DeployResult

log = logging.getLogger(__name__)

MEMORY: Final = 64 * 1024 * 1024
"""Bytes that flights may hold together: each a frame, its plain bytes, and the aligned copy that is written."""
FLIGHTS: Final = 8
STALL: Final = 300.0
"""Seconds without one finished write or read after which the disk is given up."""

_COPIES: Final = 3


async def run_deploy(
    stage: Deploy,
    *,
    source: ChunkSource,
    public_key: bytes,
    progress: Progress,
    held_up: HeldUp = nobody,
    journal: Journal | None = None,
    read_disks: ReadDisks = read_own_disks,
    this_boot: ThisBoot | None = None,
    begins: Begins = NO_BEGINS,
) -> DeployResult:
    """Deploy and read back. `public_key` is the workshop's, 32 bytes. Raises StageFailed.

    `held_up` is told of a source or a disk that lets it wait. A `journal` that is kept from one call to the next lets a
    deploy that failed go on from what it had written. `this_boot` knows disks that have grown since the inventory.
    Who gave what of it is logged at the end, also of one that fails. A Format that gave the drive other sectors first
    is told to `begins`, and is in the evidence, also of a deploy that fails.
    """
    shown = _Shown(progress)
    this_boot = this_boot or ThisBoot()
    formatted: DriveFormat | None = None
    waits = Waits(held_up, source.awaited)
    try:
        async with waits.told():
            manifest = await fetch_manifest(stage.manifest, stage.name, source, public_key)
            if stage.format:
                waits.disk_name = stage.target.text
                shown.begin(stage.target.text, 2 * stage.used)
                given = await give_sectors(stage, manifest, read_disks, this_boot, begins=begins, awaited=waits.format)
                formatted = given.formatted
                if given.problem is not None:
                    raise StageFailed(given.problem)
            disk, device = await asyncio.to_thread(claim_as_ordered, stage.target, read_disks, this_boot)
            try:
                manifest = _fitted(stage, manifest, disk, device)
                shown.begin(label(disk), 2 * manifest.used)
                waits.disk_name = label(disk)
                work = _Deployment(stage, manifest, disk, device, source, shown, waits.disk, journal or Journal())
                return replace(await work.run(), formatted=formatted)
            finally:
                device.close()
    except StageFailed as failed:
        raise StageFailed(failed.problem, _so_far(stage, formatted, shown, source)) from failed
    except _FAILURES as error:
        raise StageFailed(_problem(stage, error), _so_far(stage, formatted, shown, source)) from error
    finally:
        for one in source.given():
            log.info(
                "%s gave %d chunks of %s, %d bytes came, %d chunks were asked for again",
                *(one.name, one.chunks, stage.name, one.fetched, one.refetched),
            )


def _so_far(stage: Deploy, formatted: DriveFormat | None, shown: "_Shown", source: ChunkSource) -> DeployResult | None:
    """What is kept of a deploy that failed: that the drive was formatted for it; None where it was not."""
    if formatted is None:
        return None
    fetched = sum(one.fetched for one in source.given())
    return DeployResult(
        manifest=stage.manifest, target=stage.target, chunks=0, written=shown.written, verified=0, fetched=fetched,
        formatted=formatted,
    )  # fmt: skip


def _fitted(stage: Deploy, manifest: Manifest, disk: Disk, device: DirectDisk) -> Manifest:
    """The master as it lies on disks of this one's sectors. Raises StageFailed when that was not ordered."""
    fitted = manifest.on_sectors(device.sector)
    # What was ordered is told by what it covers: the disk may have been given other sectors since it was listed.
    if fitted is None or (stage.used and stage.used != fitted.used):
        values = {"wanted": _wanted(manifest, device.sector), "found": str(device.sector)}
        raise StageFailed(Problem("disk-sectors", {"master": stage.name, "disk": label(disk), **values}))
    if device.size < manifest.disk:
        missing = amount(manifest.disk - device.size)
        values = {"needed": gigabytes(manifest.disk), "size": gigabytes(device.size), "missing": missing}
        raise StageFailed(Problem("disk-too-small", {"master": stage.name, "disk": label(disk), **values}))
    return fitted


def _wanted(manifest: Manifest, found: int) -> str:
    if manifest.other is not UNSET and manifest.sector == found:
        return str(manifest.other.sector)
    return str(manifest.sector)


class _Deployment:
    """One master on its way to one claimed disk."""

    def __init__(
        self,
        stage: Deploy,
        manifest: Manifest,
        disk: Disk,
        device: DirectDisk,
        source: ChunkSource,
        shown: "_Shown",
        awaited: Awaited,
        journal: Journal,
    ) -> None:
        self._stage = stage
        self._manifest = manifest
        self._disk = disk
        self._device = device
        self._source = source
        self._shown = shown
        self._awaited = awaited
        self._journal = journal
        self._longest = max(chunk.length for chunk in manifest.chunks)

    async def run(self) -> DeployResult:
        """Write, read back, and say what was done."""
        self._journal.open(self._stage.manifest, self._stage.target)
        inside, outside = by_place(self._manifest)
        trusted = self._journal.written & set(inside)
        if self._stage.goes_on and not trusted:
            trusted = await self._as_left(inside)
        await self._on_disk(lambda: _unmake(self._device, ends=not trusted))
        trusted = trusted or await self._found(inside)
        self._journal.written = set(trusted)
        await self._write(alike(chunk for chunk in inside if chunk not in trusted))
        await self._on_disk(self._device.sync)
        await self._write([[chunk] for chunk in outside], flights=1)
        await self._on_disk(self._device.sync)
        mismatched = await self._read_back(self._manifest.chunks, self._shown.verified)
        if mismatched and set(mismatched) <= trusted:
            # Something else was written here since the earlier try: the journal was out of date, not the disk at fault.
            await self._write(alike(mismatched))
            await self._on_disk(self._device.sync)
            mismatched = await self._read_back(self._manifest.chunks, self._shown.verified)
        if mismatched:
            values = {"disk": label(self._disk), "master": self._stage.name, "offset": str(mismatched[0].offset)}
            raise StageFailed(Problem("read-back", values))
        with suppress(DiskError):
            # What the disk holds is proven; customising shows the kernel the partitions once more.
            await self._on_disk(self._device.forget_partitions)
        return DeployResult(
            manifest=self._stage.manifest,
            target=self._disk.id,
            chunks=len(self._manifest.chunks),
            written=self._shown.written,
            verified=self._manifest.used,
            found=self._shown.found,
            fetched=sum(one.fetched for one in self._source.given()),
            refetched=sum(one.refetched for one in self._source.given()),
        )

    async def _write(self, groups: Sequence[Sequence[Chunk]], *, flights: int = FLIGHTS) -> None:
        """Fetch, check and write these chunks, several groups at once; those of a group are the same, fetched once."""
        pending = iter(groups)
        at_once = max(1, min(flights, MEMORY // (_COPIES * self._longest)))
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(at_once):
                    tasks.create_task(self._flight(pending))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _flight(self, pending: Iterator[Sequence[Chunk]]) -> None:
        with aligned_buffer(self._longest) as buffer:
            for group in pending:
                plain = buffer[: group[0].length]
                await self._source.chunk(group[0], plain)
                for chunk in group:
                    await self._on_disk(partial(self._device.write, plain, chunk.offset))
                    self._journal.written.add(chunk)
                    self._shown.wrote(chunk.length)

    async def _as_left(self, inside: Sequence[Chunk]) -> set[Chunk]:
        """Nobody has used the disk since the deploy whose erase this one goes by. Raises StageFailed.

        What could start a PC has to be whole: a system that ran once has changed it. Gives the chunks, if so.
        What cannot be read may have been half written when the power went: the erase that follows tells.
        """
        chunks = self._manifest.chunks
        left: list[bool] = []

        def look() -> None:
            left.extend((is_as_left(self._device, chunks), may_have_started(self._device, chunks)))

        covered = sum(chunk.length for chunk in inside)

        def show(done: int, missed: int) -> None:
            self._shown.finds(min(done, covered), missed)

        try:
            await self._on_disk(look)
            if left == [True, False]:
                return set()
            if left == [True, True] and not await self._read_back(chunks, show):
                return set(inside)
        except DiskError as error:
            if error.kind != "refused":
                raise
            log.info("what an earlier deploy left cannot be read: %s", error)
        raise StageFailed(Problem("used-since", {"disk": label(self._disk)}))

    async def _found(self, inside: Sequence[Chunk]) -> set[Chunk]:
        """What a try of before this boot wrote: none, unless a sample of it is there.

        A disk that cannot be read at some place may take what is written there: then all of it is.
        """
        there: list[bool] = []
        try:
            await self._on_disk(lambda: there.append(lies_there(self._device, alike(inside))))
            if there != [True]:
                return set()
            missing = set(await self._read_back(inside, self._shown.finds))
        except DiskError as error:
            if error.kind != "refused":
                raise
            log.info("what is on the disk from before is not used: %s", error)
            self._shown.found = 0
            return set()
        found = {chunk for chunk in inside if chunk not in missing}
        log.info("%d chunks of %s are on the disk from before", len(found), self._stage.name)
        return found

    async def _read_back(self, chunks: Sequence[Chunk], show: Callable[[int, int], None]) -> list[Chunk]:
        """Those of these chunks that the disk does not hold, in order; `show` is told the bytes read and missed."""
        mismatched: list[Chunk] = []
        threads = min(4, os.cpu_count() or 1)
        matcher = _matcher(self._device, chunks, self._longest, mismatched)
        sweep = Sweep(self._device, iter(range(len(chunks))), matcher, threads=threads)

        def look(done: int, stuck: float) -> None:
            if not stuck:
                self._awaited.moved()
            show(done, sum(chunk.length for chunk in mismatched))

        with self._awaited.wait():
            await sweep.run(stall=STALL, look=look)
        return sorted(mismatched, key=lambda chunk: chunk.offset)

    async def _on_disk(self, work: Callable[[], None]) -> None:
        with self._awaited.wait():
            await on_disk(self._device, work, stall=STALL)
            self._awaited.moved()


def by_place(manifest: Manifest) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks that lie inside the partitions, and those that do not, in the order in which they are written.

    The latter are the partition table, its copy at the end and boot code: the first sector of the disk comes last.
    """
    first = min(partition.start for partition in manifest.partitions)
    last = max(partition.end for partition in manifest.partitions)
    inside = [chunk for chunk in manifest.chunks if first <= chunk.offset and chunk.end <= last]
    outside = [chunk for chunk in manifest.chunks if not (first <= chunk.offset and chunk.end <= last)]
    return inside, outside[::-1]


def alike(chunks: Iterable[Chunk]) -> list[list[Chunk]]:
    """The chunks, those with the same content together, in order of their first places."""
    groups: dict[tuple[str, int], list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault((chunk.sha256, chunk.length), []).append(chunk)
    return list(groups.values())


def _unmake(device: DirectDisk, *, ends: bool) -> None:
    """Zero the first MiB, and the last where a GPT's copy may stand, so that no firmware starts what is half there."""
    length = min(EDGE, device.size)
    with aligned_buffer(length) as zeros:
        device.write(zeros, 0)
        if ends:
            device.write(zeros, device.size - length)
    device.sync()


def _matcher(device: DirectDisk, chunks: Sequence[Chunk], longest: int, mismatched: list[Chunk]) -> Worker:
    @contextmanager
    def worker() -> Iterator[Callable[[int], int]]:
        with aligned_buffer(longest) as buffer:

            def match(number: int) -> int:
                chunk = chunks[number]
                content = buffer[: chunk.length]
                device.read(content, chunk.offset)
                if hashlib.sha256(content).hexdigest() != chunk.sha256:
                    mismatched.append(chunk)
                return chunk.length

            yield match

    return worker


class _Shown:
    """What the screen and the page are told: bytes found or written plus bytes read back."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._part = ""
        self._total = 0
        self.written = 0
        self.found = 0

    def begin(self, part: str, total: int) -> None:
        self._part, self._total = part, total
        self._progress(0, total, part)

    def wrote(self, length: int) -> None:
        self.written += length
        self._progress(min(self.found + self.written, self._total // 2), self._total, self._part)

    def finds(self, done: int, missed: int) -> None:
        self.found = max(self.found, done - missed)
        self._progress(self.found, self._total, self._part)

    def verified(self, done: int, _: int) -> None:
        self._progress(self._total // 2 + done, self._total, self._part)


_Failure = RefusedError | NotThereError | DamagedError | SilentError | DiskError | StallError
_FAILURES: Final = (RefusedError, NotThereError, DamagedError, SilentError, DiskError, StallError)


def _problem(stage: Deploy, error: _Failure) -> Problem:
    disk = stage.target.text
    match error:
        case RefusedError():
            return error.problem
        case NotThereError():
            return Problem("chunk-missing", {"master": stage.name, "chunk": error.name})
        case DamagedError():
            return Problem("chunk-damaged", {"master": stage.name, "chunk": error.name})
        case SilentError():
            return Problem("server-silent", {"seconds": f"{error.seconds:.0f}"})
        case DiskError():
            return problem_of(error, disk)
        case StallError():
            return Problem("deploy-stalled", {"disk": disk, "seconds": f"{error.seconds:.0f}"})
