"""One stay in the agent: takes the server's orders, runs one stage at a time, reports, and shows it on the screen.

Ends with what the PC does next: go home to its disk, restart or power off. A stage that runs is never started twice,
whatever the server sends after a reconnection.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from netboot.agent.failures import StageFailed
from netboot.agent.link import Link
from netboot.agent.reports import Reports
from netboot.problems import Problem
from netboot.protocol import (
    EndAction,
    Finish,
    FromServer,
    Leave,
    Plan,
    Result,
    RunStage,
    Stage,
    StageName,
    StageProgress,
    Stay,
    Welcome,
    stage_name,
)

log = logging.getLogger(__name__)

PROGRESS_EVERY: Final = 0.5
"""Seconds between two progress messages."""


class Progress(Protocol):
    """How a stage tells where it is: `done` of `total` bytes; `part` names the disk or the step."""

    def __call__(self, done: int, total: int, part: str = "") -> None: ...


RunOne = Callable[[Stage, Progress], Awaitable[Result | None]]
"""Does one stage and returns its evidence. Raises StageFailed."""


class Display(Protocol):
    """What the visit tells the screen."""

    def waiting(self, seconds: float) -> None: ...
    def welcomed(self, machine: str) -> None: ...
    def planned(self, plan: Plan) -> None: ...
    def started(self, stage: StageName) -> None: ...
    def progressed(self, progress: StageProgress) -> None: ...
    def finished(self, stage: StageName, problem: Problem | None, result: Result | None) -> None: ...
    def stopped(self, problem: Problem) -> None: ...
    def leaving(self, action: EndAction, problem: Problem | None) -> None: ...


class Visit:
    """The state of this stay. `token` and `running` are what the next Hello says."""

    def __init__(self, link: Link, reports: Reports, run_one: RunOne, display: Display) -> None:
        self._link = link
        self._reports = reports
        self._run_one = run_one
        self._display = display
        self._began = time.monotonic()
        self._job = ""
        self._ended_stages: set[tuple[str, StageName]] = set()
        self._home_at: float | None = None
        self._end: asyncio.Future[EndAction] = asyncio.get_running_loop().create_future()
        self.running: StageName | None = None

    async def run(self, tasks: asyncio.TaskGroup) -> EndAction:
        """Serve orders until the end; stages run in `tasks`."""
        while not self._end.done():
            message = await self._next_message()
            if message is None:
                self._display.leaving("disk", None)
                return "disk"
            self._obey(message, tasks)
        return self._end.result()

    async def _next_message(self) -> FromServer | None:
        """The next order; None when nobody chose in time; waits for ever while a job runs."""
        getter = asyncio.ensure_future(self._link.inbox.get())
        try:
            while True:
                seconds = None if self._home_at is None else max(0.0, self._home_at - time.monotonic())
                done, _ = await asyncio.wait({getter, self._end}, timeout=seconds, return_when="FIRST_COMPLETED")
                if getter in done:
                    return getter.result()
                if self._end in done:
                    return Leave(action=self._end.result())
                if self._home_at is not None and time.monotonic() >= self._home_at:
                    return None
        finally:
            getter.cancel()

    def _obey(self, message: FromServer, tasks: asyncio.TaskGroup) -> None:
        match message:
            case Welcome():
                self._display.welcomed(message.machine)
                if not self._job and self._home_at is None:
                    self._home_at = time.monotonic() + message.wait
                    self._display.waiting(message.wait)
            case Plan():
                if message.job != self._job:
                    self._job = message.job
                    self._display.planned(message)
                self._home_at = None
            case RunStage():
                if self.running is None and (message.job, stage_name(message.stage)) not in self._ended_stages:
                    self._home_at = None
                    self.running = stage_name(message.stage)
                    tasks.create_task(self._do(message.job, message.stage))
            case Stay():
                self._home_at = None
                self._display.stopped(message.problem)
            case Leave():
                if not self._end.done():
                    self._display.leaving(message.action, message.problem)
                    self._end.set_result(message.action)
            case _:
                log.warning("unexpected message %s", type(message).__name__)

    async def _do(self, job: str, stage: Stage) -> None:
        name = stage_name(stage)
        self._display.started(name)
        await self._link.send(self._reports.started(job, name, self._now()))
        problem: Problem | None = None
        result: Result | None = None
        meter = Meter(job, name)
        ticker = asyncio.create_task(self._tick(meter))
        try:
            result = await self._run_one(stage, meter.set)
        except StageFailed as failed:
            problem, result = failed.problem, failed.result
        except Exception as error:  # the last line of defence: a defect becomes a sentence, not a dead agent
            log.exception("stage %s", name)
            problem = Problem("agent-error", {"error": f"{type(error).__name__}: {error}"[:300]})
        finally:
            ticker.cancel()
        self._ended_stages.add((job, name))
        self.running = None
        self._display.finished(name, problem, result)
        await self._link.send(self._reports.finished(job, name, self._now(), problem=problem, result=result))
        if isinstance(stage, Finish):
            await self._link.settled.wait()
            if not self._end.done():
                self._display.leaving(stage.action, None)
                self._end.set_result(stage.action)

    async def _tick(self, meter: "Meter") -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY)
            progress = meter.read()
            if progress is not None:
                self._display.progressed(progress)
                await self._link.send(progress)

    def _now(self) -> float:
        return time.monotonic() - self._began


class Meter:
    """Remembers how far a stage is and how fast it goes (an average over the last seconds)."""

    def __init__(self, job: str, stage: StageName) -> None:
        self._job = job
        self._stage = stage
        self._done = 0
        self._total = 0
        self._part = ""
        self._points: list[tuple[float, int]] = []

    def set(self, done: int, total: int, part: str = "") -> None:
        """Tell where the stage is; may be called from another thread."""
        self._done, self._total, self._part = done, total, part

    def read(self) -> StageProgress | None:
        """The newest progress, or None when there is none yet."""
        if not self._total:
            return None
        now, done = time.monotonic(), self._done
        if self._points and done < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, done))
        self._points = [point for point in self._points if now - point[0] <= 10.0]
        (first, begin), (last, end) = self._points[0], self._points[-1]
        rate = (end - begin) / (last - first) if last > first else 0.0
        return StageProgress(
            job=self._job, stage=self._stage, done=done, total=self._total, rate=rate, part=self._part[:256]
        )
