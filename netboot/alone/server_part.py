"""Plays the server's part for one job on a PC without a server: orders each stage, and puts each report on the stick.

The deciding is the server's own (`netboot/imaging.py`, `netboot/jobs/evidence.py`); here is what carries it. A report
is on the stick before the next stage is ordered, and before a stage that has begun does anything. It is the `Line` of
`agent/visit.py`. Not for: who chose the job (`__main__.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from netboot.agent.reports import Reports
from netboot.alone.kit_visit import KitVisit, heard, job_as_judged, ordered
from netboot.imaging import Run, next_stage
from netboot.shared.problems import Problem
from netboot.shared.protocol import FromAgent, FromServer, Plan, RunStage, StageFinished, StageStarted, Stay

log = logging.getLogger(__name__)

Keep = Callable[[KitVisit], Awaitable[None]]
"""Puts the visit as it is now onto the stick; returns once it is there."""


class ServerPart:
    """One job from its order to its end. `stopped` is set once it ended early; what the PC does then, a person says."""

    def __init__(self, visit: KitVisit, reports: Reports, keep: Keep) -> None:
        self.visit = visit
        self._reports = reports
        self._keep = keep
        self.inbox: asyncio.Queue[FromServer] = asyncio.Queue(64)
        self.settled = asyncio.Event()
        self.settled.set()
        self.stopped = asyncio.Event()

    async def begin(self) -> None:
        """Tell the plan, and order the first stage."""
        profile = self.visit.profile
        await self._keep(self.visit)
        await self.inbox.put(Plan(job=self.visit.job, profile=dict(profile.name), stages=profile.stages))
        await self._advance()

    async def send(self, message: FromAgent) -> None:
        """Hear a report; all else is for a server's page."""
        if not isinstance(message, StageStarted | StageFinished):
            return
        self.visit = heard(self.visit, message)
        await self._keep(self.visit)
        self._reports.received(message.number)
        if isinstance(message, StageFinished):
            await self._advance()

    async def _advance(self) -> None:
        following = next_stage(job_as_judged(self.visit))
        if isinstance(following, Run):
            self.visit = ordered(self.visit, following.stage)
            await self.inbox.put(RunStage(job=self.visit.job, stage=following.stage))
        elif following.problem is not None:
            await self._stop(following.problem)

    async def _stop(self, problem: Problem) -> None:
        log.warning("stopped: %s %s", problem.code, problem.technical)
        await self.inbox.put(Stay(problem=problem))
        self.stopped.set()
