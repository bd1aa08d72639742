"""The captures that are under way: which PC may send to which, and what each has come to.

A PC may send only while its agent is on the line and its running job has the capture ordered, and only with its visit's
token. A capture from which nothing is heard for IDLE seconds is closed, so that the store can be cleaned up again; its
agent begins anew when it comes back, with what is missing then.
Not for: what is taken (`masters/capturing.py`), HTTP (`boothttp/captures.py`).
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from netboot.imaging import Run, next_stage
from netboot.jobs.job import Job
from netboot.masters.capturing import CaptureDesk, Capturing, NotAnnouncedError, NotTakenError
from netboot.records.record import Record
from netboot.shared.capture_plan import CapturePlan
from netboot.shared.fields import Token
from netboot.shared.inventory import label
from netboot.shared.manifest import Chunk
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import Capture, CaptureOptions, CaptureResult
from netboot.workshop.agent_lines import AgentLines

log = logging.getLogger(__name__)

IDLE: Final = 600.0
"""Seconds without a request after which a capture is closed: as long as an agent waits for a silent server."""
AT_ONCE: Final = 4
"""Chunks of one capture that are taken in at once: what they may cost in memory, and in threads."""

PLANS: Final = 16
"""How often one capture may begin anew: each plan may bring other chunks."""


class MayNotSendError(Exception):
    """No running capture of this name, or not with this token."""


@dataclass(slots=True)
class _UnderWay:
    """One job's capture. `capturing` is None before its plan, and once it was closed."""

    order: Capture
    capturing: Capturing | None = None
    captured: CaptureResult | None = None
    plans: int = 0
    timer: asyncio.TimerHandle | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class Captures:
    """`desk` None: this server takes none."""

    def __init__(self, lines: AgentLines, record: Record, desk: CaptureDesk | None) -> None:
        self._lines = lines
        self._record = record
        self._desk = desk
        self._under_way: dict[str, _UnderWay] = {}
        self.on_captured: list[Callable[[Job, CaptureResult], Awaitable[None]]] = []
        """Told of each master that a job has captured, before its end is on the record. They raise nothing."""

    def require(self, job: str, token: Token) -> None:
        """Before anything of a body is read. Raises MayNotSendError."""
        self._may_send(job, token)

    def places(self, job: str, token: Token) -> asyncio.Semaphore:
        """Held while a chunk of this job's capture is received. Raises MayNotSendError."""
        return self._may_send(job, token).places

    async def announce(self, job: str, token: Token, plan: CapturePlan) -> None:
        """Begin with this plan, or begin anew. Raises MayNotSendError, NotTakenError, StoreBusyError while the store is
        cleaned up."""
        one = self._may_send(job, token)
        running = self._job(job, token)
        options = running.profile.options_for(CaptureOptions)
        disk = next((disk for disk in running.inventory.disks if disk.id.same_as(one.order.source)), None)
        source = label(disk) if disk is not None else one.order.source.text
        async with one.turn:
            await self._close(one)
            if one.plans == PLANS:
                raise NotTakenError(Problem("capture-refused", {"why": f"more than {PLANS} plans of one capture"}))
            one.plans += 1
            assert self._desk is not None
            one.capturing = await asyncio.to_thread(self._desk.open, one.order, options, source, plan)
        log.info("capture of %s as %s begins", source, options.name)

    async def lacking(self, job: str, token: Token, chunks: tuple[Chunk, ...]) -> tuple[str, ...]:
        """Which of these chunks are to be sent. Raises MayNotSendError, NotAnnouncedError, NotTakenError."""
        return await asyncio.to_thread(self._open(job, token).lacking, chunks)

    def require_wanted(self, job: str, token: Token, sha256: str) -> int:
        """The length of a chunk that was asked for, before it comes. Raises MayNotSendError, NotAnnouncedError."""
        return self._open(job, token).require_wanted(sha256)

    async def take(self, job: str, token: Token, sha256: str, frame: bytes) -> None:
        """Keep a chunk. Raises MayNotSendError, NotAnnouncedError, NotTakenError."""
        await asyncio.to_thread(self._open(job, token).take, sha256, frame)

    async def publish(self, job: str, token: Token) -> CaptureResult:
        """Make the master; asked twice, it was made once. Raises MayNotSendError, NotAnnouncedError, NotTakenError."""
        one = self._may_send(job, token)
        async with one.turn:
            if one.captured is None:
                made = await asyncio.to_thread(self._open(job, token).publish)
                await asyncio.to_thread(self._remember, made)
                one.captured = made
                log.info(
                    "captured: %s %s, %d bytes in use, %d chunks sent in %d bytes",
                    *(made.name, made.version, made.used, made.sent_chunks, made.sent),
                )
            await self._close(one)
            return one.captured

    async def captured(self, job: str, order: Capture, said: CaptureResult) -> CaptureResult | None:
        """The master that this job's capture came to, which its agent says is `said`; None when there is none."""
        one = self._under_way.get(job)
        if one is not None and one.captured is not None:
            return one.captured
        return None if self._desk is None else await asyncio.to_thread(self._desk.find, order, said)

    async def believed(self, job: Job, made: CaptureResult) -> None:
        """This job's capture made a master, and that goes on the record."""
        for tell in self.on_captured:
            await tell(job, made)

    async def ended(self, job: str) -> None:
        """The capture, or its job, is over: nothing more is taken."""
        one = self._under_way.pop(job, None)
        if one is not None:
            if one.timer is not None:
                one.timer.cancel()
            async with one.turn:
                await self._close(one)

    def _remember(self, made: CaptureResult) -> None:
        assert self._desk is not None
        manifest = self._desk.store.manifest(made.manifest)
        self._record.masters.remember(
            made.manifest, name=manifest.name, version=manifest.version, licence=manifest.licence
        )

    def _job(self, job: str, token: Token) -> Job:
        """The running job of this name, of the visit with this token. Raises MayNotSendError."""
        session = next((one for one in self._lines if one.job is not None and one.job.id == job), None)
        expected = session.token if session is not None else ""
        right = hmac.compare_digest(expected.encode(), token.encode()) and bool(expected)
        if session is None or session.job is None or not right:
            raise MayNotSendError
        return session.job

    def _may_send(self, job: str, token: Token) -> _UnderWay:
        running = self._job(job, token)
        following = next_stage(running)
        if self._desk is None or not isinstance(following, Run) or not isinstance(following.stage, Capture):
            raise MayNotSendError
        one = self._under_way.setdefault(job, _UnderWay(following.stage))
        if one.timer is not None:
            one.timer.cancel()
        one.timer = asyncio.get_running_loop().call_later(IDLE, self._give_up, job)
        return one

    def _open(self, job: str, token: Token) -> Capturing:
        capturing = self._may_send(job, token).capturing
        if capturing is None:
            raise NotAnnouncedError
        return capturing

    def _give_up(self, job: str) -> None:
        one = self._under_way.pop(job, None)
        if one is not None and one.capturing is not None:
            log.warning("nothing more came of the capture of job %s for %.0f s", job, IDLE)
            one.capturing.close()

    async def _close(self, one: _UnderWay) -> None:
        if one.capturing is not None:
            capturing, one.capturing = one.capturing, None
            await asyncio.to_thread(capturing.close)
