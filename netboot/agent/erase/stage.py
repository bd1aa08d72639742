"""The erase stage: each ordered disk by the method that suits it, all at once, each with a verdict of its own.

A method is chosen per disk from METHODS; it gets the claimed disk and returns its evidence. One disk's failure stops
no other. At most AT_ONCE disks are under way, which bounds the memory to AT_ONCE x what a method uses.
Not for: how a method works (`overwrite.py`), what a verdict allows (`imaging.py`).
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from netboot.agent.disks.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_status import UNCLEAR, disk_status, hidden_bytes
from netboot.agent.erase.overwrite import Overwrite
from netboot.agent.failures import StageFailed
from netboot.agent.progress import HeldUp, Progress, nobody
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId, gigabytes, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import MORE_BAD, Erase, EraseResult, Erasure, Method

AT_ONCE: Final = 8
BAD_RANGES_IN_ALL: Final = 2048
"""Parts of all disks together that the evidence lists: a message holds no more."""

_SILENT: Final = frozenset({"erase-hung", "erase-too-slow", "erase-disk-gone", "disk-gone"})
"""Of a disk with one of these nothing more is asked."""


class EraseMethod(Protocol):
    """One way to erase a disk."""

    name: Method

    def suits(self, disk: Disk) -> bool:
        """Whether this method can be used on this disk."""

    async def run(self, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody) -> Erasure:
        """Erase the claimed disk. What the disk does wrong is in the verdict; nothing is raised for it."""


METHODS: Final[tuple[EraseMethod, ...]] = (Overwrite(),)


async def run_erase(
    stage: Erase,
    read_disks: ReadDisks,
    *,
    progress: Progress,
    held_up: HeldUp = nobody,
    methods: Sequence[EraseMethod] = METHODS,
) -> EraseResult:
    """Erase the disks that were ordered, and return one erasure for each, in that order.

    Raises StageFailed with the same result when a verdict is not *erased*; its problem is `erase_problem`'s.
    """
    tally = _Tally(stage.disks, progress, held_up)
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_erase(disk, stage.method, read_disks, methods, places, tally)) for disk in stage.disks
        ]
    result = EraseResult(erasures=_bounded([task.result() for task in running]))
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
    tally: "_Tally",
) -> Erasure:
    async with places:
        try:
            disk, device = await asyncio.to_thread(claim, wanted, read_disks)
        except RefusedError as refused:
            tally.over(wanted)
            return Erasure(disk=wanted, method=method, level="none", verdict="not-erased", problem=refused.problem)
        try:
            return await _with(_choose(disk, method, methods), disk, device, tally.of(wanted), tally.held_up(wanted))
        finally:
            device.close()
            tally.over(wanted)


def _choose(disk: Disk, method: Method, methods: Sequence[EraseMethod]) -> EraseMethod | None:
    return next((known for known in methods if known.name == method and known.suits(disk)), None)


async def _with(
    method: EraseMethod | None, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp
) -> Erasure:
    if method is None:
        problem = Problem("agent-error", {"error": f"no erase method suits {label(disk)}"})
        return Erasure(
            disk=disk.id, model=disk.model, method="overwrite", level="none", verdict="not-erased", problem=problem
        )
    before = await asyncio.to_thread(disk_status, disk)
    erasure = await method.run(disk, device, progress, held_up)
    lost = erasure.problem is not None and erasure.problem.code in _SILENT
    # A disk that hangs would hang the tools that ask it as well.
    after = {} if lost else await asyncio.to_thread(disk_status, disk)
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


def _bounded(erasures: Sequence[Erasure]) -> tuple[Erasure, ...]:
    """The erasures with no more bad parts than one message holds."""
    share = BAD_RANGES_IN_ALL // max(1, sum(bool(erasure.bad) for erasure in erasures))
    return tuple(
        msgspec.structs.replace(
            erasure, bad=erasure.bad[:share], more_bad=min(MORE_BAD, erasure.more_bad + len(erasure.bad[share:]))
        )
        for erasure in erasures
    )


class _Tally:
    """Adds up what several disks report into one figure for the stage, and says which of them hold it up."""

    def __init__(self, disks: Sequence[DiskId], progress: Progress, held_up: HeldUp) -> None:
        self._progress = progress
        self._held_up = held_up
        self._disks = list(disks)
        self._done = [0] * len(disks)
        self._totals = [2 * disk.size for disk in disks]
        self._parts = [""] * len(disks)
        self._stuck: list[Sequence[Stuck]] = [()] * len(disks)

    def of(self, disk: DiskId) -> Progress:
        """Where one disk reports how far it is."""
        index = self._disks.index(disk)

        def report(done: int, total: int, part: str = "") -> None:
            self._done[index], self._parts[index] = min(done, total), part
            self._tell(index)

        return report

    def held_up(self, disk: DiskId) -> HeldUp:
        """Where one disk reports that it is stuck."""
        index = self._disks.index(disk)

        def report(stuck: Sequence[Stuck]) -> None:
            if stuck or self._stuck[index]:
                self._stuck[index] = stuck
                self._held_up(sorted((one for some in self._stuck for one in some), key=lambda one: -one.seconds))

        return report

    def over(self, disk: DiskId) -> None:
        """This disk is done, or given up: nobody waits for it."""
        self.held_up(disk)(())
        index = self._disks.index(disk)
        self._parts[index], self._done[index] = "", self._totals[index]
        self._tell(index)

    def _tell(self, newest: int) -> None:
        """A disk that is still at work is named."""
        part = self._parts[newest] or next((part for part in self._parts if part), "")
        self._progress(sum(self._done), sum(self._totals), part)
