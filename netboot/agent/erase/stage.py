"""The erase stage: each ordered disk by the method that was ordered, all at once, each with a verdict of its own.

A method is a module of this folder, named as it is, with its METHOD; it gets the claimed disk and returns its evidence.
Where the drive refuses one before anything happens, the next of the order is taken; a disk that counts replaced sectors
gets those first that reach them (`shared/out_of_reach.py`). Before any disk is begun, frozen ones are thawed, a
password of netboot's that an earlier visit left is taken off, and what they hide is given back (`ready.py`). TCG's
locks are opened by a code that a person gives.
One disk's failure stops no other. At most AT_ONCE disks are under way, which bounds the memory to AT_ONCE x what a
method uses.
Not for: how a method works (`overwrite.py`), what a verdict allows (`jobs/stages/deploy.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Final, Protocol, get_args, runtime_checkable

from msgspec.structs import replace

from netboot.agent.disks.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_status import disk_status
from netboot.agent.disks.disk_threads import start
from netboot.agent.disks.listing import find
from netboot.agent.erase.counted import read_counts, read_support
from netboot.agent.erase.firmware.at_work import AtWork
from netboot.agent.erase.label_code import Opened, open_up
from netboot.agent.erase.ready import Hands, Ready, get_ready
from netboot.agent.erase.tally import Tally, Told
from netboot.agent.failures import StageFailed
from netboot.agent.progress import NO_BEGINS, Begins, DisksTold, Does, HeldUp, Progress, nobody
from netboot.agent.questions import Ask
from netboot.agent.questions import nobody as asks_nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.erase_begun import Cut
from netboot.shared.erase_methods import KINDS, Method, module_of
from netboot.shared.erase_outcome import as_hidden_areas_show, erase_problem
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.out_of_reach import as_counts_show, reaching_first
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from netboot.shared.thawing import needs_thaw

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
BAD_RANGES_IN_ALL: Final = 2048
"""Parts of all disks together that the evidence lists: a message holds no more."""

_SILENT: Final = frozenset({"erase-hung", "erase-too-slow", "erase-disk-gone", "disk-gone"})
"""Of a disk with one of these nothing more is asked."""
_NOTHING_HAPPENED: Final = frozenset({"erase-refused-by-drive", "erase-beside"})
"""A disk with one of these is as it was, and can be erased in another way."""


class EraseMethod(Protocol):
    """One way to erase a disk."""

    name: Method

    def suits(self, disk: Disk) -> bool:
        """Whether this method can be used on this disk."""

    def work(self, size: int) -> int:
        """How much its progress comes to on a disk of so many bytes."""

    async def run(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, begins: Begins = NO_BEGINS,
    ) -> Erasure:  # fmt: skip
        """Erase the claimed disk as ordered. What the disk does wrong is in the verdict; nothing is raised for it."""


@runtime_checkable
class AsksPerson(Protocol):
    """A way that needs something of a person."""

    def asking(self, ask: Ask) -> EraseMethod:
        """The same, which asks so."""


@runtime_checkable
class GoesOn(Protocol):
    """A method whose erase may have gone on while the PC was off."""

    async def seen_at_work(
        self, order: DiskErase, disk: Disk, progress: Progress, held_up: HeldUp = nobody, does: Does = nobody
    ) -> AtWork | None:
        """What is seen of what was begun before the disk can be claimed; None where that cannot matter."""

    async def follow_up(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, at_work: AtWork | None = None,
    ) -> Erasure:  # fmt: skip
        """Follow up what was begun; `Erasure.cut` says whether that proves anything."""


Methods = Mapping[Method, EraseMethod]


def _does(name: Method) -> EraseMethod:
    method: EraseMethod = import_module(f"netboot.agent.erase.{module_of(name)}").METHOD
    return method


METHODS: Final[Methods] = {name: _does(name) for name in get_args(Method)}


async def run_erase(
    stage: Erase,
    read_disks: ReadDisks,
    *,
    progress: Progress,
    held_up: HeldUp = nobody,
    disks: DisksTold = nobody,
    methods: Methods = METHODS,
    this_boot: ThisBoot | None = None,
    hands: Hands | None = None,
    ask: Ask = asks_nobody,
    begins: Begins = NO_BEGINS,
) -> EraseResult:
    """Erase the disks that were ordered, and return one erasure for each, in that order.

    Raises StageFailed with the same result when a verdict is not *erased*; its problem is `erase_problem`'s. Raises it
    without a result when nothing was erased at all, since another's password locks a disk.
    """
    work = [(order.disk, _work(order, methods)) for order in stage.disks]
    tally = Tally(work, progress, held_up, disks)
    places = asyncio.Semaphore(AT_ONCE)
    prepared = await get_ready(stage, read_disks, this_boot or ThisBoot(), held_up, hands)
    asking = {name: _asking(method, ask) for name, method in methods.items()}
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_erase(order, ready, asking, read_disks, places, tally, ask, begins))
            for order, ready in zip(stage.disks, prepared, strict=True)
        ]
    result = EraseResult(erasures=_bounded([task.result() for task in running]))
    problem = erase_problem(result.erasures)
    if problem is not None:
        raise StageFailed(problem, result)
    return result


async def _erase(
    order: DiskErase,
    ready: Ready,
    methods: Methods,
    read_disks: ReadDisks,
    places: asyncio.Semaphore,
    tally: Tally,
    ask: Ask,
    begins: Begins,
) -> Erasure:
    async with places:
        if ready.problem is not None:
            erasure = _not_begun(order, ready.problem)
        else:
            try:
                erasure = await _erase_one(order, ready, methods, read_disks, tally.told(order.disk), ask, begins)
            except Exception as error:  # a defect that one disk brings out stops no other
                log.exception("erasing %s", order.disk.text)
                fault = Problem("agent-error", {"error": f"{type(error).__name__}: {error}"[:300]})
                erasure = _not_begun(order, fault)
        tally.over(order.disk, erased=erasure.verdict == "erased")
        # The server knows the disk by what the order calls it, however large it is by now.
        return replace(erasure, disk=order.disk, thawing=ready.thawing, given_back=ready.given_back)


async def _erase_one(
    order: DiskErase, ready: Ready, methods: Methods, read_disks: ReadDisks, told: Told, ask: Ask, begins: Begins
) -> Erasure:
    at_work = await _at_work(order, ready.disk, methods, read_disks, told)
    try:
        # In threads of their own: disks that hang would use up those that the others need.
        claimed = start(lambda: claim(ready.disk, read_disks))
        if at_work is not None:
            await at_work.until(claimed)
        disk, device = await claimed
    except RefusedError as refused:
        return _not_begun(order, refused.problem)
    try:
        followed = await _followed(order, disk, device, methods, told, at_work)
        if followed is not None and (_is_lost(followed) or _is_followed(followed)):
            support = None if _is_lost(followed) else await start(lambda: read_support(disk))
            followed = replace(followed, unlocked=ready.unlocked, support=support)
            return await start(partial(_counted, followed, disk))
        opened = Opened("none")
        if order.method != "opal-revert":
            opened = await open_up(order, disk, device, ask, told.does)
        if opened.problem is not None:
            return _not_begun(order, opened.problem, model=disk.model)
        names = ", ".join(order.methods)
        problem = Problem("agent-error", {"error": f"{names}: not for {label(disk)}"})
        erasure = _not_begun(order, problem, model=disk.model)
        counts = await start(lambda: read_counts(disk))
        support = await start(lambda: read_support(disk))
        for method in (methods[name] for name in reaching_first(order.methods, counts)):
            if needs_thaw(method.name, ready.can):
                erasure = _not_begun(order, Problem("erase-frozen", {"disk": label(disk)}), model=disk.model)
            elif method.suits(disk):
                run = method.run(order, disk, device, told.progress, told.held_up, told.does, begins)
                erasure = await _by(order, disk, device, run)
                if erasure.problem is None or erasure.problem.code not in _NOTHING_HAPPENED:
                    break
        cut = erasure.cut or (followed.cut if followed is not None else _undone(order))
        erasure = replace(
            erasure,
            unlocked=ready.unlocked,
            reverted=opened.state == "gone",
            cut=cut,
            counts_before=counts,
            support=support,
        )
        return await start(lambda: _counted(erasure, disk))
    finally:
        device.close()


def _asking(method: EraseMethod, ask: Ask) -> EraseMethod:
    return method.asking(ask) if isinstance(method, AsksPerson) else method


def _going_on(order: DiskErase, disk: Disk, methods: Methods) -> GoesOn | None:
    """By what an earlier boot ordered an erase that may have gone on by itself, and counts here."""
    if order.begun is None or order.begun.method not in order.methods:
        return None
    method = methods[order.begun.method]
    return method if isinstance(method, GoesOn) and method.suits(disk) else None


async def _at_work(
    order: DiskErase, wanted: DiskId, methods: Methods, read_disks: ReadDisks, told: Told
) -> AtWork | None:
    """What is seen of such an erase before the disk can be claimed, which may take to its end."""
    if order.begun is None:
        return None
    disk = find(wanted, await start(read_disks))
    method = None if isinstance(disk, Problem) else _going_on(order, disk, methods)
    if isinstance(disk, Problem) or method is None:
        return None
    return await method.seen_at_work(order, disk, told.progress, told.held_up, told.does)


async def _followed(
    order: DiskErase, disk: Disk, device: DirectDisk, methods: Methods, told: Told, at_work: AtWork | None
) -> Erasure | None:
    """What came of an erase that an earlier boot ordered, where it may have gone on by itself, and counts here."""
    method = _going_on(order, disk, methods)
    if method is None:
        return None
    erasure = await method.follow_up(order, disk, device, told.progress, told.held_up, told.does, at_work)

    async def seen() -> Erasure:
        return erasure

    # A drive that is at work tells little of itself: it is asked for its status once it has ended.
    return await _by(order, disk, device, seen())


def _is_followed(erasure: Erasure) -> bool:
    return erasure.cut is not None and erasure.cut.found == "followed"


def _undone(order: DiskErase) -> Cut | None:
    begun = order.begun
    return None if begun is None else Cut(method=begun.method, at=begun.at, found="undone")


def _counted(erasure: Erasure, disk: Disk) -> Erasure:
    """With what the disk counts now, and what that makes of it. Blocks."""
    if _is_lost(erasure):
        return erasure
    return as_counts_show(replace(erasure, counts_after=read_counts(disk)), label(disk))


def _is_lost(erasure: Erasure) -> bool:
    """Whether the disk does not answer any more: one that hangs would hang the tools that ask it as well."""
    return erasure.problem is not None and erasure.problem.code in _SILENT


def _not_begun(order: DiskErase, problem: Problem, *, model: str = "") -> Erasure:
    nothing = KINDS[order.method].evidence()
    return Erasure(disk=order.disk, model=model, evidence=nothing, verdict="not-erased", problem=problem)


async def _by(order: DiskErase, disk: Disk, device: DirectDisk, erasing: Awaitable[Erasure]) -> Erasure:
    before = await start(lambda: disk_status(disk))
    erasure = await erasing
    after = None if _is_lost(erasure) else await start(lambda: disk_status(disk))
    erasure = as_hidden_areas_show(replace(erasure, before=before, after=after), label(disk))
    if erasure.verdict != "erased":
        return erasure
    try:
        await start(device.forget_partitions)
    except DiskError as error:
        # The disk is erased; only the kernel's old view of it could not be dropped.
        erasure = replace(erasure, partitions=error.error[:256])
    return replace(erasure, level=order.level if erasure.method == order.method else "none")


def _bounded(erasures: Sequence[Erasure]) -> tuple[Erasure, ...]:
    """The erasures with no more bad parts than one message holds."""
    share = BAD_RANGES_IN_ALL // max(1, sum(erasure.evidence.listed > 0 for erasure in erasures))
    return tuple(replace(erasure, evidence=erasure.evidence.shortened(share)) for erasure in erasures)


def _work(order: DiskErase, methods: Methods) -> int:
    then = order.then_overwrite and order.method != "overwrite"
    return methods[order.method].work(order.disk.size) + (methods["overwrite"].work(order.disk.size) if then else 0)
