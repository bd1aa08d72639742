"""An erase that the drive does by itself, whichever technique: marks, status, order, follow-up, marks again, reading.

What was seen is the evidence; what it comes to is decided by `shared/firmware_verdict.py`, here for the screen and on
the server for the record. The order goes to the very disk that is held open: right before it, the name must still lead
to that device, the device must say that it is that disk, and that nothing else would be erased with it.
A drive that is still at work on an earlier erase is waited for, and one whose last erase failed is told to begin again,
since neither lets anybody read or write: only then is it marked, and ordered anew.
Not for: choosing a method or claiming the disk (`agent/erase/stage.py`).
"""

import asyncio
import secrets
import time
from collections.abc import Callable
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
from netboot.agent.progress import Does, Doing, HeldUp, Progress, nobody
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.firmware_verdict import fault_in, values_of
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.read_back import to_read
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
        does: Does = nobody,
    ) -> Erasure:  # fmt: skip
        """Have the disk erase itself, and look what became of it. Never raises for what the disk does."""
        began, at_first = time.monotonic(), pc_clock()
        nothing = KINDS[self.name].evidence()
        assert isinstance(nothing, FirmwareErased)
        work = _Work(self._technique, order, disk, device, progress, held_up, does, nothing, self._stall, self._limits)
        fault: Problem | None = None
        try:
            await work.run()
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

        then = await Overwrite(stall=self._stall, limits=self._limits).run(order, disk, device, behind, held_up, does)
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

    technique: Technique
    order: DiskErase
    disk: Disk
    device: DirectDisk
    progress: Progress
    held_up: HeldUp
    does: Does
    said: FirmwareErased
    stall: float
    limits: Limits
    shown: float = 0.0

    async def run(self) -> None:
        """From the first question to the last byte read."""
        version = await self._ask(self.technique.version, "")
        self._tell(tool=version, sample=self.order.sample)
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
        await self._erase(before)
        if self.said.accepted == "no" or self.said.state_after in ("running", "failed"):
            return
        self.does(Doing("reading"))
        await marking.look_again(lambda share, stuck: self._show(_MARKS + _ERASE, stuck))
        self._tell(marks_left=marking.left, marks_unread=marking.unread, unchanged=marking.unchanged)
        as_read = replace(self.said, to_read=1, read=1, unread=0, value=self.said.pattern or 0)
        if fault_in(as_read, self.technique.proof) is None:
            await self._read_back(Contents(marking.sought()))

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

    async def _erase(self, before: Look) -> None:
        """Order it, and follow it to its end."""
        await self._may_order()
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
        follow = await self._follow(before, began, before.announced)
        after = follow.last
        self._tell(
            states=tuple(follow.states), state_after=follow.state, logged=after.logged, untouched=after.untouched,
            purged=after.purged, media_errors=after.errors, seconds=time.monotonic() - began,
        )  # fmt: skip

    async def _may_order(self) -> None:
        """Raises _NotOrderedError unless the order would reach this disk, and it alone."""
        name = label(self.disk)
        held = await self._ask(lambda: leads_to(self.device) and self.technique.is_this(self.disk), False)
        if not held:
            self._tell(accepted="no", said="the device was not the one that is held")
            raise _NotOrderedError(Problem("disk-gone", {"disk": name, "error": self.said.said}))
        beside = await self._ask(lambda: self.technique.beside(self.disk), _UNKNOWN)
        if beside is not None:
            self._tell(accepted="no", said=f"it would erase as well: {beside.others}"[:256])
            raise _NotOrderedError(Problem("erase-beside", {"disk": name, "others": beside.others[:200]}))

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
            self._show(_MARKS + follow.share(at) * _ERASE, still if still > max(_STUCK_AFTER, announced or 0) else 0.0)
            if step == "ended":
                return follow
            await asyncio.sleep(follow.pause(at))

    async def _read_back(self, contents: Contents) -> None:
        self._tell(to_read=to_read(self.device.size, self.order.sample))
        reading = ReadBack(self.disk, self.device, self.order.sample, contents, limits=self.limits)
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

    def _show(self, share: float, stuck: float) -> None:
        name, whole = label(self.disk), 2 * self.device.size
        share = self.shown = max(self.shown, share)
        self.held_up([Stuck(disk=name[:256], seconds=stuck)] if stuck else ())
        self.progress(int(share * whole), whole, name)


def leads_to(device: DirectDisk) -> bool:
    """Whether the name by which the disk was opened still leads to it, and it is there."""
    try:
        return device.path.stat().st_rdev == device.device and device.state() == "refused"
    except OSError:
        return False
