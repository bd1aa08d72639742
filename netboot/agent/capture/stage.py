"""The capture stage: what is in use on a disk goes to the server, chunk by chunk, as far as the server lacks it.

The disk is claimed and opened for reading alone: nothing here can write to it, and nobody mounts it meanwhile. It is
surveyed and cut as an image is at an import (`survey/`), and read once from its beginning to its end: each chunk is
hashed, the server is asked for a few at a time which it lacks, and only those are compressed and sent. A server that
was started anew is told all again, from memory; what it has by then is not sent again. At the end the places where the
file systems say how they are, are read from the disk once more.
Not for: what becomes of it (`masters/capturing.py`). Sizes are bytes.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final, TypeVar

import zstandard

from netboot.agent.capture.upload import BeginAnewError, CaptureServer
from netboot.agent.deploy.awaited import Waits
from netboot.agent.deploy.source import SilentError
from netboot.agent.disks.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import StallError, on_disk
from netboot.agent.failures import StageFailed
from netboot.agent.progress import HeldUp, Progress, nobody
from netboot.shared.capture_plan import CHUNKS_LIMIT, CapturePlan, pieces_of, too_scattered
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, label
from netboot.shared.manifest import Chunk
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import Capture, CaptureResult
from netboot.survey.cutting import cut
from netboot.survey.disk_file import DiskFile, open_device
from netboot.survey.pieces import GRID
from netboot.survey.whole_disk import Survey, survey

log = logging.getLogger(__name__)

LEVEL: Final = 3
"""zstd's level: a used PC's processor packs faster than its network takes it (`./run bench capture`)."""
AT_ONCE: Final = 8
"""Chunks that one flight holds in memory, and asks about at once."""
FLIGHTS: Final = 3
SURVEY_WITHIN: Final = 6 * 3600.0
"""Seconds that the survey may take: every file system is checked meanwhile."""
STALL: Final = 300.0
"""Seconds without an answer after which the disk is given up."""
_ANEW: Final = 8
"""How often a capture is begun anew, with what is known of it."""

Plain = bytes | memoryview
T = TypeVar("T")


async def run_capture(
    order: Capture,
    *,
    server: CaptureServer,
    progress: Progress,
    held_up: HeldUp = nobody,
    read_disks: ReadDisks,
) -> CaptureResult:
    """Capture the ordered disk; what the server made of it. Raises StageFailed.

    `held_up` is told of a server that lets it wait.
    """
    name = order.source.text
    try:
        disk, device = await asyncio.to_thread(claim, order.source, read_disks, opened=DirectDisk.for_reading_alone)
        name = label(disk)
        try:
            async with Waits(held_up, server.awaited).told():
                return await _capture(order, disk, device, server, progress)
        finally:
            device.close()
    except RefusedError as error:
        raise StageFailed(error.problem) from error
    except SilentError as error:
        raise StageFailed(Problem("server-silent", {"seconds": f"{error.seconds:.0f}"})) from error
    except StallError as error:
        raise StageFailed(Problem("capture-stalled", {"disk": name, "seconds": f"{error.seconds:.0f}"})) from error
    except OSError as error:
        raise StageFailed(Problem("disk-error", {"disk": name, "error": str(error)[:300]})) from error


async def _capture(
    order: Capture, disk: Disk, device: DirectDisk, server: CaptureServer, progress: Progress
) -> CaptureResult:
    name = label(disk)
    progress(0, 0, name)
    try:
        with open_device(device.path, name, device.size) as file:
            found = await on_disk(device, partial(survey, file, partial(log.info, "%s")), stall=SURVEY_WITHIN)
            count = pieces_of(found.ranges, GRID)
            if count > CHUNKS_LIMIT:
                raise StageFailed(too_scattered(name, count))
            repaired = replace(file, patches=found.layout.patches)
            upload = _Upload(repaired, device, found, name, server, progress)
            return await upload.run()
    except NetbootError as error:
        why = f"{error.message}; {error.hint}"[:512]
        raise StageFailed(Problem("capture-disk", {"disk": name, "why": why})) from error


def plan_of(found: Survey) -> CapturePlan:
    """What the server is told of a disk."""
    layout = found.layout
    return CapturePlan(
        disk=layout.size,
        sector=layout.sector,
        table=layout.table,
        table_id=layout.table_id,
        partitions=layout.partitions,
        uefi=found.uefi,
        understood=found.understood,
        ranges=found.ranges,
    )


class _Upload:
    """One surveyed disk on its way to the server."""

    def __init__(
        self, file: DiskFile, device: DirectDisk, found: Survey, name: str, server: CaptureServer, progress: Progress
    ) -> None:
        self._file = file
        self._device = device
        self._found = found
        self._name = name
        self._server = server
        self._progress = progress
        edges = [edge for partition in found.layout.partitions for edge in (partition.start, partition.end)]
        self._pieces = cut(file.read, found.ranges, edges)
        self._chunks: list[Chunk] = []
        """What was read so far, in order of the disk."""
        self._told = 0
        """How many of them were told since the capture was begun, or begun anew."""
        self._turn = asyncio.Lock()
        self._sent: set[str] = set()
        self._done = 0

    async def run(self) -> CaptureResult:
        """Tell, send and have the master made; anew as often as the server has forgotten it."""
        for _ in range(_ANEW):
            try:
                await self._server.announce(plan_of(self._found))
                await self._send_all()
                await self._on_disk(self._require_unchanged)
                return await self._server.publish()
            except BeginAnewError:
                log.warning("the server knows nothing of this capture: it is told all again")
        raise StageFailed(Problem("capture-refused", {"why": f"the server forgot the capture {_ANEW} times"}))

    async def _send_all(self) -> None:
        self._told, self._done, self._sent = 0, 0, set()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(FLIGHTS):
                    tasks.create_task(self._flight())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _flight(self) -> None:
        while batch := await self._next():
            lacking = await self._server.lacking([chunk for chunk, _ in batch])
            while batch:
                chunk, plain = batch.pop(0)
                if chunk.sha256 in lacking and chunk.sha256 not in self._sent:
                    self._sent.add(chunk.sha256)
                    frame = await asyncio.to_thread(_packed, plain or await self._on_disk(partial(self._again, chunk)))
                    await self._server.send(chunk.sha256, frame)
                self._done += chunk.length
                self._progress(self._done, self._found.used, self._name)

    async def _next(self) -> list[tuple[Chunk, Plain]]:
        """The next chunks to be told, each with its bytes where they were just read; none at the end."""
        async with self._turn:
            batch: list[tuple[Chunk, Plain]] = [
                (chunk, b"") for chunk in self._chunks[self._told : self._told + AT_ONCE]
            ]
            batch = batch or await self._on_disk(self._read)
            self._told += len(batch)
            return batch

    def _read(self) -> list[tuple[Chunk, Plain]]:
        batch: list[tuple[Chunk, Plain]] = []
        for at, plain in islice(self._pieces, AT_ONCE):
            self._chunks.append(Chunk(at, len(plain), hashlib.sha256(plain).hexdigest()))
            batch.append((self._chunks[-1], plain))
        return batch

    def _again(self, chunk: Chunk) -> bytes:
        """Its bytes once more. Raises StageFailed when they are not those that were read before."""
        plain = self._file.read(chunk.offset, chunk.end)
        if hashlib.sha256(plain).hexdigest() != chunk.sha256:
            raise StageFailed(Problem("capture-changed", {"disk": self._name}))
        return plain

    def _require_unchanged(self) -> None:
        """The table and the beginning of each file system, read once more, and not from memory. Raises StageFailed."""
        os.posix_fadvise(self._file.handle, 0, 0, os.POSIX_FADV_DONTNEED)
        begins = {0, *(partition.start for partition in self._found.layout.partitions)}
        for chunk in self._chunks:
            if any(chunk.offset <= begin < chunk.end for begin in begins):
                self._again(chunk)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await on_disk(self._device, work, stall=STALL)


def _packed(plain: Plain) -> bytes:
    """One zstd frame, its length in its header."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(plain)
