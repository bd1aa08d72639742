"""Makes masters on the server for people on the page: one at a time, each in a process of its own.

A build takes minutes, root and gigabytes, so it never runs in this process; nothing half made is ever offered, since
the process publishes at its end (`store/store.py`). The server's end stops it; what a killed server left at work is
told as interrupted at the next start. Not for: who may order it (`commands.py`), doing it (`masters/worker.py`).
"""

import asyncio
import dataclasses
import logging
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from netboot.jobs.making import BuildOrder, ImportOrder, Making, MakingKind, Order, ShrinkOrder, Step, ToShrink
from netboot.masters.account import account
from netboot.masters.work_lines import LONGEST as LONGEST_LINE
from netboot.masters.work_lines import MOST, Made, Progress, Publishing, Refused, read_line
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.long_programs import ProgramStoppedError, follow
from netboot.shared.manifest import Manifest
from netboot.shared.process import Completed, ProgramError

log = logging.getLogger(__name__)

LONGEST: Final = 12 * 3600.0
"""Seconds: a desktop over a slow line; an image of a terabyte from a slow disk."""
GRACE: Final = 30.0
"""Seconds that the process has to take away what it mounted and half made, once it is told to end."""
_LINES: Final = 64 * 1024
WORKER: Final = ("nice", "--adjustment=10", sys.executable, "-m", "netboot.masters.worker")
"""PCs at work come first."""

FindCurrent = Callable[[str], Manifest | None]
"""The current version of a master, None where there is none. May block. Raises NetbootError."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A making, and how far it is: the newest line, the step that it is at and how much of that is done."""

    making: Making
    line: str = ""
    step: Step | None = None
    percent: int | None = None
    stopping: bool = False


@dataclass(slots=True)
class _AtWork:
    order: Order
    stop: Event = field(default_factory=Event)
    stopped_by: str = ""
    said: Made | Refused | None = None
    notes: list[asyncio.Task[None]] = field(default_factory=list)
    """What of it is being put on the record."""


class Makings:
    """`run` does the work: a service of the server. `find_current` says which version of a master there is now."""

    def __init__(
        self,
        record: Record,
        find_current: FindCurrent,
        clock: Callable[[], float] = time.time,
        worker: Sequence[str | os.PathLike[str]] = WORKER,
    ) -> None:
        self._record = record
        self._find_current = find_current
        self._clock = clock
        self._worker = worker
        self._watchers: set[asyncio.Event] = set()
        self._orders: asyncio.Queue[_AtWork] = asyncio.Queue(1)
        self._at_work: _AtWork | None = None
        self._unkept: tuple[Making, str] | None = None
        """What has ended, and who stopped it, where the record did not take that yet: its disk is full, say."""
        self.shown: Shown | None = None
        """The newest, None where there was none."""
        self.waiting: tuple[ToShrink, ...] = ()
        """What is made smaller after it (`smaller_captures.py`)."""

    @property
    def runs(self) -> bool:
        """Whether one is at work."""
        return self.shown is not None and self.shown.making.state == "running"

    async def recover(self) -> None:
        """At the server's start: what the last server left at work is over."""
        newest = await asyncio.to_thread(self._record.makings.newest)
        if newest is None:
            return
        self.shown = Shown(newest)
        if newest.state == "running":
            ended = await self._published(newest)
            if ended is None:
                log.warning("the making of %s was interrupted by the server's end", newest.name)
            await self._end(ended or replace(newest, state="interrupted"))

    async def begin(self, order: Order, who: str) -> Making:
        """Begin it, for this person. Raises AtWork while another one is at work."""
        if self._unkept is not None:
            await self._keep(*self._unkept)
        kind, name, source = _named(order)
        making = Making(
            id=secrets.token_hex(8),
            kind=kind,
            name=name,
            source=source,
            began=self._clock(),
        )
        await asyncio.to_thread(self._record.makings.begin, making, who)
        self._at_work = _AtWork(order)
        self._tell(Shown(making))
        self._orders.put_nowait(self._at_work)
        return making

    def stop(self, making: str, who: str) -> bool:
        """End this one: False when it is at work no more."""
        one = self._at_work
        if one is None or self.shown is None or self.shown.making.id != making:
            return False
        one.stopped_by = who
        one.stop.set()
        self._tell(dataclasses.replace(self.shown, stopping=True))
        return True

    async def run(self) -> None:
        """Do what was ordered, one after the other, until it is cancelled: then what is at work is ended first."""
        while True:
            one = await self._orders.get()
            work = asyncio.create_task(self._do(one))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                one.stop.set()
                await asyncio.wait([work])
                raise
            except Exception:
                log.exception("the making of a master ended without an end")  # PCs are served all the same

    def tell_waiting(self, waiting: tuple[ToShrink, ...]) -> None:
        """So much waits now."""
        if waiting != self.waiting:
            self.waiting = waiting
            self._wake()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something is new to show; whoever waits for it clears it."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            yield event
        finally:
            self._watchers.discard(event)

    async def _do(self, one: _AtWork) -> None:
        assert self.shown is not None
        making = self.shown.making
        loop = asyncio.get_running_loop()

        def told(text: str) -> None:
            loop.call_soon_threadsafe(self._heard, one, text)

        words = [*self._worker, msgspec.json.encode(one.order).decode()]
        message, hint = "", ""
        try:
            done = await asyncio.to_thread(
                follow, words, told, timeout=LONGEST, stop=one.stop, expect=None, longest=_LINES, grace=GRACE
            )
            message, hint = _cut_off(done)
        except ProgramStoppedError:
            pass
        except ProgramError as error:
            message, hint = error.message[:2000], error.hint[:2000]
        except Exception as error:
            log.exception("the making of a master could not be followed")
            message, hint = f"the work could not be followed: {error}"[:2000], "look into the server's log, begin again"
        # What the thread told before it ended is heard by now: call_soon keeps its order.
        if one.notes:
            await asyncio.wait(one.notes)
        making = self.shown.making
        match one.said:
            case Made() as made:
                await self._remember(made.digest, made.name, made.version, made.licence)
                ended = replace(
                    making, state="done", account=made.account, digest=made.digest, version=made.version,
                    disk=made.disk, shrunk_from=made.shrunk_from,
                )  # fmt: skip
            case Refused() as refused:
                step = self.shown.step if self.shown is not None else None
                ended = replace(making, state="failed", step=step, message=refused.message, hint=refused.hint)
            case None:
                ended = await self._published(making) or _cut_short(one, making, message, hint)
        if self._at_work is one:
            self._at_work = None
        await self._end(ended, one.stopped_by if ended.state == "stopped" else "")

    async def _published(self, making: Making) -> Making | None:
        """How one ended that said no end, when its master was published all the same: that comes before it is told."""
        made = await self._current(making.name)
        if made is None or made.digest != making.publishing:
            return None
        await self._remember(made.digest, made.name, made.version, made.licence)
        return replace(
            making, state="done", digest=made.digest, version=made.version, account=_told(made),
            disk=made.disk, shrunk_from=made.shrunk_from or 0,
        )  # fmt: skip

    async def _current(self, name: str) -> Manifest | None:
        try:
            return await asyncio.to_thread(self._find_current, name)
        except (NetbootError, OSError):
            return None

    async def _remember(self, digest: str, name: str, version: str, licence: str) -> None:
        """That the store has it; where the record does not take that, the store is what counts."""
        try:
            await asyncio.to_thread(self._record.masters.remember, digest, name=name, version=version, licence=licence)
        except Exception:
            log.exception("the record did not take that there is %s %s", name, version)

    async def _end(self, making: Making, who: str = "") -> None:
        """It has ended, whether or not the record takes that now: it is told, and another one may begin."""
        ended = replace(making, ended=self._clock())
        log.info("the making of %s: %s %s", ended.name, ended.state, ended.message)
        self._unkept = (ended, who)
        try:
            await self._keep(ended, who)
        except Exception:
            log.exception("how the making of %s ended could not be kept: it is tried again at the next one", ended.name)
        self._tell(Shown(ended))

    async def _note(self, making: Making) -> None:
        """So that a server that starts after this one was killed knows it."""
        try:
            await asyncio.to_thread(self._record.makings.note, making)
        except Exception:
            log.exception("the record did not take what %s was about to publish", making.name)

    async def _keep(self, ended: Making, who: str) -> None:
        await asyncio.to_thread(self._record.makings.end, ended, who)
        self._unkept = None

    def _heard(self, one: _AtWork, text: str) -> None:
        """One line of its output."""
        line = read_line(text)
        shown = self.shown
        match line:
            case Progress() if shown is not None:
                log.info("%s: %s", shown.making.name, line.line)
                step, percent = line.step or shown.step, line.percent
                if line.step in (None, shown.step) and percent is None:
                    percent = shown.percent
                self._tell(dataclasses.replace(shown, line=line.line, step=step, percent=percent))
            case Publishing() if shown is not None:
                making = replace(shown.making, publishing=line.digest)
                self._tell(dataclasses.replace(shown, making=making))
                one.notes.append(asyncio.create_task(self._note(making)))
            case Made() | Refused():
                one.said = line
            case _:
                log.info("making a master: %s", text)

    def _tell(self, shown: Shown) -> None:
        self.shown = shown
        self._wake()

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.set()


def _cut_off(done: Completed) -> tuple[str, str]:
    """Why a process that told no end has ended, and what to do."""
    if done.status < 0:
        return "the work was killed from outside, or for want of memory", "look into the kernel's log, then begin again"
    last = "\n".join(done.stderr.splitlines()[-5:])
    return f"the work ended with status {done.status}", f"tell the administrator:\n{last}"[:2000]


def _told(made: Manifest) -> tuple[str, ...]:
    return tuple(line[:LONGEST_LINE] for line in account(made)[:MOST])


def _cut_short(one: _AtWork, making: Making, message: str, hint: str) -> Making:
    """How one ended that published nothing and said no end."""
    if one.stop.is_set():
        return replace(making, state="stopped" if one.stopped_by else "interrupted")
    return replace(making, state="failed", message=message, hint=hint)


def _named(order: Order) -> tuple[MakingKind, str, str]:
    """How it is made, the master's name, and what it is made of, for people."""
    match order:
        case BuildOrder():
            return "build", order.name, Path(order.recipe).name
        case ImportOrder():
            return "import", order.name, Path(order.file).name
        case ShrinkOrder():
            return "shrink", order.name, order.of
        case _:
            assert_never(order)
