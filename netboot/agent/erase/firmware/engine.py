"""An erase that the drive does by itself, whichever technique: marks, status, order, follow-up, marks again, reading.

What was seen is the evidence; what it comes to is decided by `shared/firmware_verdict.py`, here for the screen and on
the server for the record. The order goes to the very disk that is held open: right before it, the name must still lead
to that device, the device must say that it is that disk, and that nothing else would be erased with it.
A drive that is still at work on an earlier erase is waited for, and one whose last erase failed is told to begin again,
since neither lets anybody read or write: only then is it marked, and ordered anew. One whose order is on the record
from before a power cut is followed up instead: then the marks of that order are what is looked for.
Not for: choosing a method or claiming the disk (`agent/erase/stage.py`).
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.disk_threads import StallError, start
from netboot.agent.disks.past_faults import LIMITS, GaveUpError, Limits
from netboot.agent.erase.firmware.contents import Contents
from netboot.agent.erase.firmware.drive_time import doing
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.marking import Marking
from netboot.agent.erase.firmware.read_back import ReadBack
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered, Technique
from netboot.agent.erase.overwrite import STALL, Overwrite
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.agent.progress import NO_BEGINS, Begins, Does, Doing, HeldUp, Progress, nobody
from netboot.shared.erase_begun import Begun, Cut, Found
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.firmware_verdict import fault_in, has_ended, values_of
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.read_back import ALL, to_read
from netboot.shared.stages.erase import DiskErase, Erasure

T = TypeVar("T")

_UNKNOWN: Final[Beside | None] = Beside("?")
_ANSWER: Final = 150.0
"""Seconds after which a question to the drive is left to itself: longer than the tool's own time."""
_STUCK_AFTER: Final = 20.0
_TICK: Final = 1.0
_MARKS, _ERASE, _READ = 0.02, 0.49, 0.49
"""How the work is shared out on the progress bar."""


class FirmwareErase:
    """One method. `suits` is what a disk must be for it, beside what its drive tells when it is asked."""

    def __init__(
        self,
        name: Method,
        technique: Technique,
        suits: Callable[[Disk], bool],
        *,
        stall: float = STALL,
        limits: Limits = LIMITS,
    ) -> None:
        self.name = name
        self._technique = technique
        self._suits = suits
        self._stall, self._limits = stall, limits

    def suits(self, disk: Disk) -> bool:
        """Whether this kind of disk can be ordered so at all."""
        return not disk.read_only and self._suits(disk)

    def work(self, size: int) -> int:
        """Its progress is told as an overwrite's is: as if all were written and read."""
        return 2 * size

    async def run(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, begins: Begins = NO_BEGINS,
    ) -> Erasure:  # fmt: skip
        """Have the disk erase itself, and look what became of it. Never raises for what the disk does."""
        work = self._work(order, disk, device, progress, held_up, does, begins)
        return await self._to_its_end(work, work.run)

    async def follow_up(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody,
    ) -> Erasure:  # fmt: skip
        """Follow up what an earlier boot ordered (`DiskErase.begun`, of this method); nothing is ordered.

        Where that proves nothing the verdict does not count, and `Erasure.cut` says what was found.
        """
        begun = order.begun
        assert begun is not None
        work = self._work(order, disk, device, progress, held_up, does, NO_BEGINS)
        found: list[Found] = []

        async def look() -> None:
            found.append(await work.follow_up(begun))

        erasure = await self._to_its_end(work, look)
        cut = Cut(method=begun.method, at=begun.at, found=found[0] if found else "unclear")
        return replace(erasure, cut=cut)

    def _work(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp, does: Does,
        begins: Begins,
    ) -> "_Work":  # fmt: skip
        nothing = KINDS[self.name].evidence()
        assert isinstance(nothing, FirmwareErased)
        return _Work(
            self.name, self._technique, order, disk, device, progress, held_up, does, begins, nothing,
            self._stall, self._limits,
        )  # fmt: skip

    async def _to_its_end(self, work: "_Work", do: Callable[[], Awaitable[None]]) -> Erasure:
        began, at_first = time.monotonic(), pc_clock()
        order, disk, device = work.order, work.disk, work.device
        progress, held_up, does = work.progress, work.held_up, work.does
        fault: Problem | None = None
        try:
            await do()
        except StallError as error:
            fault = Problem("erase-too-slow", {"disk": label(disk), "seconds": f"{error.seconds:.0f}"})
        except DiskError as error:
            fault = problem_of(error, label(disk))
        except GaveUpError:
            fault = None  # what was not read says it
        except _NotOrderedError as error:
            fault = error.problem
        erasure = Erasure(
            disk=disk.id, model=disk.model, evidence=work.said, verdict="erased", began=began,
            ended=time.monotonic(), pc_clock=at_first,
        )  # fmt: skip
        erasure = self._judged(erasure, work.said, label(disk), fault)
        if erasure.verdict != "erased" or not order.then_overwrite:
            return erasure
        return await self._overwritten(order, erasure, work.said, disk, device, progress, held_up, does)

    def _judged(self, erasure: Erasure, said: FirmwareErased, name: str, fault: Problem | None) -> Erasure:
        shows = fault_in(said, self._technique.proof)
        if fault is None and shows is None:
            return erasure
        if not said.command:  # nothing was ordered: what was on it is on it still
            return replace(erasure, verdict="not-erased", problem=fault or _refused(said, name))
        if shows is None:
            return replace(erasure, verdict="undetermined", problem=fault)
        return replace(erasure, verdict=shows.verdict, problem=fault or Problem(shows.code, values_of(said, name)))

    async def _overwritten(
        self, order: DiskErase, erasure: Erasure, said: FirmwareErased, disk: Disk, device: DirectDisk,
        progress: Progress, held_up: HeldUp, does: Does,
    ) -> Erasure:  # fmt: skip
        def behind(done: int, total: int, part: str = "") -> None:
            progress(self.work(device.size) + done, self.work(device.size) + total, part)

        anew = replace(order, begun=None)
        then = await Overwrite(stall=self._stall, limits=self._limits).run(anew, disk, device, behind, held_up, does)
        assert isinstance(then.evidence, Overwritten)
        return replace(
            erasure,
            evidence=replace(said, overwritten=then.evidence),
            verdict=then.verdict,
            problem=then.problem,
            ended=then.ended,
        )


def _refused(said: FirmwareErased, name: str) -> Problem:
    return Problem("erase-refused-by-drive", values_of(said, name))


class _NotOrderedError(Exception):
    """The order was not given; nothing but marks was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(slots=True)
class _Work:
    """One disk under way; `said` is the evidence so far."""

    method: Method
    technique: Technique
    order: DiskErase
    disk: Disk
    device: DirectDisk
    progress: Progress
    held_up: HeldUp
    does: Does
    begins: Begins
    said: FirmwareErased
    stall: float
    limits: Limits
    shown: float = 0.0

    async def run(self) -> None:
        """From the first question to the last byte read."""
        await self._meet()
        await self._get_ready()
        self.does(Doing("marking"))
        marking = Marking(self.device, secrets.token_bytes(32), self.stall)
        await marking.put(lambda share, stuck: self._show(share * _MARKS, stuck))
        self._tell(to_mark=marking.to_mark, marked=marking.marked, compared=marking.compared)
        before = await self._look()
        self._tell(
            state_before=before.state, logged_before=before.logged, untouched_before=before.untouched,
            announced=before.announced, media_errors_before=before.errors,
            shut=before.shut and not marking.marked and not marking.compared,
        )  # fmt: skip
        begun = Begun(
            disk=self.order.disk, size=self.device.size, method=self.method, tool=self.said.tool,
            state_before=before.state, logged_before=before.logged, untouched_before=before.untouched,
            announced=before.announced, media_errors_before=before.errors,
            password="" if self.technique.proof.goes_on else self.order.password,
        )  # fmt: skip
        await self._erase(before, marking.told_in(begun))
        if self.said.accepted == "no" or self.said.state_after in ("running", "failed"):
            return
        await self._look_at_disk(marking, self.order.sample)

    async def follow_up(self, begun: Begun) -> Found:
        """Follow what an earlier boot ordered, and look what became of it; `said` is of that order then."""
        if not (begun.taken and begun.key and self.technique.proof.goes_on):
            return "undone"
        look = await self._look()
        if look.state != "running" and look.state != "done":
            return "undone" if look.state in ("never", "idle") else "failed" if look.state == "failed" else "unclear"
        if look.logged != begun.ordered and (look.logged is not None or self.technique.proof.action is not None):
            return "unclear"  # something else was ordered since
        if begun.size != self.device.size or not await self._is_held():
            return "unclear"  # of another size: its marks stood elsewhere, and where they are sought none was written
        await self._meet()
        marking = Marking.of(begun, self.device, self.stall)
        self._tell(
            command=begun.command, accepted="yes", ordered=begun.ordered, pattern=begun.pattern, resumed=look.state,
             to_mark=marking.to_mark,
            marked=marking.marked, state_before=begun.state_before, logged_before=begun.logged_before,
            untouched_before=begun.untouched_before, announced=begun.announced,
            media_errors_before=begun.media_errors_before,
        )  # fmt: skip
        before = Look(begun.state_before, logged=begun.logged_before, untouched=begun.untouched_before)
        await self._follow_order(before, time.monotonic(), begun.announced)
        if self.said.state_after == "running":
            return "followed"  # it stands still: nothing else could be ordered of it
        if not has_ended(self.said, self.technique.proof):
            return "failed" if self.said.state_after == "failed" else "unclear"
        # Nobody saw one at work that was found done: then a sample is not enough.
        await self._look_at_disk(marking, self.order.sample if look.state == "running" else ALL)
        return "followed" if fault_in(self.said, self.technique.proof) is None else "unclear"

    async def _meet(self) -> None:
        version = await self._ask(self.technique.version, "")
        self._tell(tool=version, sample=self.order.sample)

    async def _look_at_disk(self, marking: Marking, percent: int) -> None:
        """Whether the marks are gone; if nothing speaks against it, then all of it, or this share, is read."""
        self.does(Doing("reading"))
        await marking.look_again(lambda share, stuck: self._show(_MARKS + _ERASE, stuck))
        self._tell(marks_left=marking.left, marks_unread=marking.unread, unchanged=marking.unchanged)
        as_read = replace(self.said, to_read=1, read=1, unread=0, value=self.said.pattern or 0, even=1)
        if fault_in(as_read, self.technique.proof) is None:
            await self._read_back(percent, Contents(marking.sought()))

    async def _get_ready(self) -> None:
        """Bring to its end what an earlier order left, or nothing could be written."""
        look = await self._look()
        if look.state == "running":
            self._tell(waited=True)
            look = (await self._follow(Look(), time.monotonic(), look.announced)).last
        if look.state == "failed" and self.technique.proof.goes_on:
            self._tell(waited=True)
            await self._may_order()
            began = time.monotonic()
            if (
                await self._ask(lambda: self.technique.order(self.disk, self.order), Ordered("", "not-told"))
            ).accepted == "yes":
                await self._follow(look, began, look.announced)

    async def _erase(self, before: Look, begun: Begun) -> None:
        """Order it, once that is on the record, and follow it to its end."""
        await self._may_order()
        await self.begins.begun(begun)
        await self._may_order()  # the line may have been broken for long
        began = time.monotonic()
        given = await self._waited_for(began, before)
        self._tell(
            command=given.command, accepted=given.accepted, said=given.said, ordered=given.dword,
            pattern=given.pattern, seconds=time.monotonic() - began,
        )  # fmt: skip
        if given.accepted == "no":
            return
        if not self.technique.proof.goes_on:
            after = await self._look()
            ended = "done" if given.accepted == "yes" and after.state != "running" else after.state
            self._tell(state_after="not-told" if ended == "idle" else ended, media_errors=after.errors)
            return
        if given.accepted == "yes":
            taken = replace(begun, taken=True, command=given.command, ordered=given.dword, pattern=given.pattern)
            await self.begins.begun(taken)
        await self._follow_order(before, began, before.announced)

    async def _follow_order(self, before: Look, began: float, announced: int | None) -> None:
        follow = await self._follow(before, began, announced)
        after = follow.last
        self._tell(
            states=tuple(follow.states), state_after=follow.state, logged=after.logged, untouched=after.untouched,
            purged=after.purged, media_errors=after.errors, seconds=time.monotonic() - began,
        )  # fmt: skip

    async def _may_order(self) -> None:
        """Raises _NotOrderedError unless the order would reach this disk, and it alone."""
        name = label(self.disk)
        if not await self._is_held():
            self._tell(accepted="no", said="the device was not the one that is held")
            raise _NotOrderedError(Problem("disk-gone", {"disk": name, "error": self.said.said}))
        beside = await self._ask(lambda: self.technique.beside(self.disk), _UNKNOWN)
        if beside is not None:
            self._tell(accepted="no", said=f"it would erase as well: {beside.others}"[:256])
            raise _NotOrderedError(Problem("erase-beside", {"disk": name, "others": beside.others[:200]}))

    async def _is_held(self) -> bool:
        """Whether the name leads to the very device that is held, and that says that it is this disk."""
        return await self._ask(lambda: leads_to(self.device) and self.technique.is_this(self.disk), False)

    async def _waited_for(self, began: float, before: Look) -> Ordered:
        """The order given, and answered; one that answers at its end is shown meanwhile by the time that is gone."""
        future = start(lambda: self.technique.order(self.disk, self.order))
        while not future.done():
            await asyncio.wait({future}, timeout=_TICK)
            gone = time.monotonic() - began
            self.does(doing(gone, before.announced, None))
            share = min(0.95, gone / before.announced) if before.announced else 0.0
            self._show(_MARKS + share * _ERASE, 0.0)
        return future.result()

    async def _follow(self, before: Look, began: float, announced: int | None) -> FollowUp:
        follow = FollowUp(before, announced)
        while True:
            look = await self._look()
            at = time.monotonic() - began
            step = follow.take(at, look)
            still = follow.still(at) if follow.ran else 0.0
            self.does(doing(at, announced, look.permille if look.state == "running" else None))
            stuck = still if still > max(_STUCK_AFTER, announced or 0) else 0.0
            self._show(_MARKS + follow.share(at) * _ERASE, stuck, max(0.0, follow.left(at)))
            if step == "ended":
                return follow
            await asyncio.sleep(follow.pause(at))

    async def _read_back(self, percent: int, contents: Contents) -> None:
        self._tell(sample=percent, to_read=to_read(self.device.size, percent))
        reading = ReadBack(self.disk, self.device, percent, contents, limits=self.limits)
        whole = max(1, self.said.to_read)
        try:
            await reading.run(
                stall=self.stall,
                look=lambda done, stuck: self._show(_MARKS + _ERASE + min(1.0, done / whole) * _READ, stuck),
            )
        finally:
            read = reading.read.total
            self._tell(
                read=read, unread=self.said.to_read - read,
                value=contents.value, even=contents.even, elsewhere=contents.elsewhere,
            )  # fmt: skip

    async def _look(self) -> Look:
        return await self._ask(lambda: self.technique.look(self.disk), Look())

    async def _ask(self, question: Callable[[], T], silent: T) -> T:
        """One question to the drive; `silent` is what a drive that never answers has said."""
        future = start(question)
        ended, _ = await asyncio.wait({future}, timeout=_ANSWER)
        return future.result() if ended else silent

    def _tell(self, **figures: Any) -> None:
        self.said = replace(self.said, **figures)

    def _show(self, share: float, stuck: float, left: float | None = None) -> None:
        """`left`: the drive is at it by itself, and is given up in so many seconds unless it comes further."""
        name, whole = label(self.disk), 2 * self.device.size
        share = self.shown = max(self.shown, share)
        told = Stuck(disk=name[:256], seconds=stuck)
        self.held_up([told if left is None else replace(told, what="drive", left=left)] if stuck else ())
        self.progress(int(share * whole), whole, name)


def leads_to(device: DirectDisk) -> bool:
    """Whether the name by which the disk was opened still leads to it, and it is there."""
    try:
        return device.path.stat().st_rdev == device.device and device.state() == "refused"
    except OSError:
        return False
