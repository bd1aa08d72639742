"""One stay in the agent: takes the server's orders, runs one stage at a time, reports, and shows it on the screen.

Ends with what the PC does next: go home to its disk, restart or power off. A stage that runs is never started twice,
whatever the server sends after a reconnection.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Final, Protocol

from netboot.agent.begins import ToldBegins
from netboot.agent.failures import StageFailed
from netboot.agent.meter import Meter
from netboot.agent.progress import StageTold
from netboot.agent.questions import Ask, Listen, Questions
from netboot.agent.questions import Display as QuestionDisplay
from netboot.agent.reports import Reports
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    FromAgent,
    FromServer,
    Leave,
    Plan,
    QuestionAnswered,
    RunStage,
    StageProgress,
    Stay,
    Welcome,
)
from netboot.shared.stages import Result, Stage, StageName, stage_name
from netboot.shared.stages.finish import EndAction, Finish

log = logging.getLogger(__name__)

SERVER_WITHIN: Final = 600.0
"""Seconds a PC tries to reach the server before it goes home."""
PROGRESS_EVERY: Final = 0.5
"""Seconds between two progress messages."""


RunOne = Callable[[Stage, StageTold, Ask, bytes], Awaitable[Result | None]]
"""Does one stage, with what came sealed for it, and returns its evidence. Raises StageFailed."""


class Line(Protocol):
    """What orders come by and reports go by: the line to the server, or whoever plays its part on this PC.

    `settled` is set while nothing that was reported waits to be put on the record.
    """

    inbox: asyncio.Queue[FromServer]
    settled: asyncio.Event

    async def send(self, message: FromAgent) -> None: ...


class Display(QuestionDisplay, Protocol):
    """What the visit tells the screen."""

    def waiting(self, seconds: float) -> None: ...
    def welcomed(self, machine: str, left: Problem | None) -> None: ...
    def planned(self, plan: Plan) -> None: ...
    def started(self, stage: StageName) -> None: ...
    def progressed(self, progress: StageProgress) -> None: ...
    def finished(self, stage: StageName, problem: Problem | None, result: Result | None) -> None: ...
    def stopped(self, problem: Problem) -> None: ...
    def leaving(self, action: EndAction, problem: Problem | None) -> None: ...


class Visit:
    """The state of this stay. `token` and `running` are what the next Hello says.

    `listen` is the keyboard's, on which a stage's question may be answered.
    `set_clock` is told the server's clock at every welcome, in seconds since 1970 (0: not told), `came_after` what is
    left undone from an earlier visit.
    """

    def __init__(
        self,
        link: Line,
        reports: Reports,
        run_one: RunOne,
        display: Display,
        *,
        listen: Listen = lambda _: nullcontext(),
        set_clock: Callable[[float], None] | None = None,
        came_after: Callable[[Problem | None], None] = lambda _: None,
    ) -> None:
        self._link = link
        self._reports = reports
        self._run_one = run_one
        self._display = display
        self._questions = Questions(link.send, reports, display, listen)
        self._set_clock = set_clock
        self._came_after = came_after
        self._job = ""
        self._ended_stages: set[tuple[str, StageName]] = set()
        self._welcomed = False
        self._home_at: float | None = time.monotonic() + SERVER_WITHIN  # on the event loop's clock, which is monotonic
        self.running: StageName | None = None

    async def run(self, tasks: asyncio.TaskGroup) -> EndAction:
        """Serve orders until the end; stages run in `tasks`."""
        while True:
            try:
                async with asyncio.timeout_at(self._home_at):
                    message = await self._link.inbox.get()
            except TimeoutError:
                self._display.leaving("disk", None)
                return "disk"
            action = self._obey(message, tasks)
            if action is not None:
                return action

    def _obey(self, message: FromServer, tasks: asyncio.TaskGroup) -> EndAction | None:
        """Act on one order; the action when it is time to leave."""
        match message:
            case Welcome():
                if self._set_clock is not None:
                    self._set_clock(message.now)
                self._display.welcomed(message.machine, message.left)
                self._came_after(message.left)
                tasks.create_task(self._questions.ask_again())
                if not self._job and not self._welcomed:
                    self._home_at = time.monotonic() + message.wait
                    self._welcomed = True
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
                    tasks.create_task(self._do(message, tasks))
            case QuestionAnswered():
                self._questions.answered(message)
            case Stay():
                self._home_at = None
                self._welcomed = False  # a hello may have been refused: the next welcome starts the wait anew
                self._display.stopped(message.problem)
            case Leave():
                self._display.leaving(message.action, message.problem)
                return message.action
            case _:
                log.warning("unexpected message %s", type(message).__name__)
        return None

    async def _do(self, order: RunStage, tasks: asyncio.TaskGroup) -> None:
        job, stage = order.job, order.stage
        name = stage_name(stage)
        self._display.started(name)
        await self._link.send(self._reports.started(job, name, time.monotonic()))
        problem: Problem | None = None
        result: Result | None = None
        begins = ToldBegins(job, self._reports, self._link)
        meter = Meter(job, name, begins)
        ticker = tasks.create_task(self._tick(meter, begins))
        try:
            result = await self._run_one(stage, meter, self._questions.of(job, name), order.sealed)
        except StageFailed as failed:
            problem, result = failed.problem, failed.result
            log.warning("stage %s: %s; %s", name, problem.code, problem.technical)
        except Exception as error:  # the last line of defence: a defect becomes a sentence, not a dead agent
            log.exception("stage %s", name)
            problem = Problem("agent-error", {"error": f"{type(error).__name__}: {error}"[:300]})
        finally:
            ticker.cancel()
            self._questions.stage_ended(job, name)
        self._ended_stages.add((job, name))
        self.running = None
        self._display.finished(name, problem, result)
        await self._link.send(self._reports.finished(job, name, time.monotonic(), problem=problem, result=result))
        if isinstance(stage, Finish):
            await self._link.settled.wait()
            await self._link.inbox.put(Leave(action=stage.action))

    async def _tick(self, meter: Meter, begins: ToldBegins) -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY)
            await begins.tell(time.monotonic())
            progress = meter.read(time.monotonic())
            if progress is not None:
                self._display.progressed(progress)
                await self._link.send(progress)
