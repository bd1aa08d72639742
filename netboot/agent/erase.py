"""The erase stage: each ordered disk by the method that suits it, all at once, each with a verdict of its own.

A method is chosen per disk from METHODS; it gets the claimed disk and returns its evidence. One disk's failure stops
no other. At most AT_ONCE disks are under way, which bounds the memory to AT_ONCE x what a method uses.
Not for: how a method works (`erase_overwrite.py`), what a verdict allows (`imaging.py`).
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from netboot.agent.claim import ReadDisks, RefusedError, claim
from netboot.agent.direct_io import DirectDisk, DiskError
from netboot.agent.disk_status import UNCLEAR, disk_status, hidden_bytes
from netboot.agent.erase_overwrite import Overwrite
from netboot.agent.failures import StageFailed
from netboot.agent.progress import Progress
from netboot.erase_outcome import erase_problem
from netboot.inventory import Disk, DiskId, gigabytes, label
from netboot.problems import Problem
from netboot.protocol import Erase, EraseResult, Erasure, Method

AT_ONCE: Final = 8


class EraseMethod(Protocol):
    """One way to erase a disk."""

    name: Method

    def suits(self, disk: Disk) -> bool:
        """Whether this method can be used on this disk."""

    async def run(self, disk: Disk, device: DirectDisk, progress: Progress) -> Erasure:
        """Erase the claimed disk. What the disk does wrong is in the verdict; nothing is raised for it."""


METHODS: Final[tuple[EraseMethod, ...]] = (Overwrite(),)


async def run_erase(
    stage: Erase, read_disks: ReadDisks, *, progress: Progress, methods: Sequence[EraseMethod] = METHODS
) -> EraseResult:
    """Erase the disks that were ordered, and return one erasure for each, in that order.

    Raises StageFailed with the same result when a verdict is not *erased*; its problem is `erase_problem`'s.
    """
    tally = _Tally(stage.disks, progress)
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_erase(disk, stage.method, read_disks, methods, places, tally.of(disk)))
            for disk in stage.disks
        ]
    result = EraseResult(erasures=tuple(task.result() for task in running))
    problem = erase_problem(result.erasures)
    if problem is not None:
        raise StageFailed(problem, result)
    return result


async def _erase(
    wanted: DiskId,
    method: Method,
    read_disks: ReadDisks,
    methods: Sequence[EraseMethod],
    places: asyncio.Semaphore,
    progress: Progress,
) -> Erasure:
    async with places:
        try:
            disk, device = await asyncio.to_thread(claim, wanted, read_disks)
        except RefusedError as refused:
            return Erasure(disk=wanted, method=method, level="none", verdict="not-erased", problem=refused.problem)
        try:
            return await _with(_choose(disk, method, methods), disk, device, progress)
        finally:
            device.close()


def _choose(disk: Disk, method: Method, methods: Sequence[EraseMethod]) -> EraseMethod | None:
    return next((known for known in methods if known.name == method and known.suits(disk)), None)


async def _with(method: EraseMethod | None, disk: Disk, device: DirectDisk, progress: Progress) -> Erasure:
    if method is None:
        problem = Problem("agent-error", {"error": f"no erase method suits {label(disk)}"})
        return Erasure(
            disk=disk.id, model=disk.model, method="overwrite", level="none", verdict="not-erased", problem=problem
        )
    before = await asyncio.to_thread(disk_status, disk)
    erasure = await method.run(disk, device, progress)
    stalled = erasure.problem is not None and erasure.problem.code == "erase-too-slow"
    # A disk that hangs would hang the tools that ask it as well.
    after = {} if stalled else await asyncio.to_thread(disk_status, disk)
    erasure = msgspec.structs.replace(erasure, before=before, after={**after, **erasure.after})
    if erasure.verdict != "erased":
        return erasure
    hidden = max(hidden_bytes(said, disk.logical_sector) for said in (before, after))
    if hidden:
        problem = Problem("hidden-area", {"disk": label(disk), "hidden": gigabytes(hidden)})
        return msgspec.structs.replace(erasure, verdict="not-erased", level="none", problem=problem)
    if UNCLEAR in (before.get("hidden"), after.get("hidden")):
        problem = Problem("hidden-area-unclear", {"disk": label(disk)})
        return msgspec.structs.replace(erasure, verdict="undetermined", level="none", problem=problem)
    try:
        await asyncio.to_thread(device.forget_partitions)
    except DiskError as error:
        # The disk is erased; only the kernel's old view of it could not be dropped.
        erasure = msgspec.structs.replace(erasure, after={**erasure.after, "partitions": error.error})
    return erasure


class _Tally:
    """Adds up what several disks report into one figure for the stage."""

    def __init__(self, disks: Sequence[DiskId], progress: Progress) -> None:
        self._progress = progress
        self._total = sum(2 * disk.size for disk in disks)
        self._done = [0] * len(disks)
        self._disks = list(disks)

    def of(self, disk: DiskId) -> Progress:
        """Where one disk reports."""
        index = self._disks.index(disk)

        def report(done: int, total: int, part: str = "") -> None:
            self._done[index] = min(done, total)
            self._progress(sum(self._done), self._total, part)

        return report
