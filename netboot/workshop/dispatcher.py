"""Orders a job's stages one after the other, and handles the agent's reports.

`imaging` decides what comes next, `evidence` what a report proves; here each decision and each piece of evidence goes
on the record before it is acted on, and the live board shows it. Not for: which job a PC gets (`greeting.py`), sockets.
The record is synchronous and every call to it runs in a thread.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from netboot.imaging import Blocked, Ended, Run, next_stage
from netboot.jobs.evidence import judge, judge_late
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.named import Named, named_by
from netboot.jobs.stages.rules import Known
from netboot.records.record import Record
from netboot.records.values import StageState
from netboot.shared.private_files import SealError
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    EraseBegun,
    EraseReached,
    FormatTold,
    Leave,
    Plan,
    QuestionAsked,
    QuestionClosed,
    Received,
    Report,
    RunStage,
    StageFinished,
    StageProgress,
    StageStarted,
    Stay,
)
from netboot.shared.stages import SENDING, WRITING, Stage, StageName, stage_name
from netboot.shared.stages.capture import Capture, CaptureResult
from netboot.shared.stages.customise import Customise
from netboot.workshop import contest
from netboot.workshop.agent_session import Session, row_of
from netboot.workshop.begun_erases import BegunErases
from netboot.workshop.captures import Captures
from netboot.workshop.drive_formats import DriveFormats
from netboot.workshop.live_board import LiveBoard, State
from netboot.workshop.private_settings import PrivateSettings
from netboot.workshop.stage_questions import StageQuestions
from netboot.workshop.whole_masters import WholeMasters

log = logging.getLogger(__name__)


class Dispatcher:
    """Whoever calls holds the session's lock.

    `denied` tells whether a session's PC is kept away now. `on_named` are told of each PC that a job gave a name, or
    took it from, once that is on the record; they must not block.
    """

    def __init__(
        self,
        record: Record,
        live_board: LiveBoard,
        questions: StageQuestions,
        captures: Captures,
        private: PrivateSettings,
        whole_masters: WholeMasters,
        *,
        denied: Callable[[Session], bool],
        on_named: Sequence[Callable[[Named], None]],
    ) -> None:
        self._record = record
        self._live_board = live_board
        self._questions = questions
        self._captures = captures
        self._private = private
        self._whole_masters = whole_masters
        self._begun = BegunErases(record)
        self._formats = DriveFormats(record)
        self._denied = denied
        self._on_named = on_named

    async def go_on(self, session: Session, job: Job) -> None:
        """Tell the agent of this job, and order the stage that is next."""
        session.job = job
        session.questions.clear()
        await session.send(Plan(job=job.id, profile=dict(job.profile.name), stages=job.profile.stages))
        await self._advance(session, job)

    async def heard(self, session: Session, message: Report) -> None:
        """Act on one report. A report about another job, or one that was not ordered, is dropped and logged."""
        match message:
            case StageProgress():
                self._progress(session, message)
            case StageStarted():
                await self._started(session, message)
            case EraseBegun():
                await self._begun.begun(session, session.job, self._now_ordered(session), message)
            case EraseReached():
                await self._begun.reached(session, session.job, self._now_ordered(session), message)
            case FormatTold():
                await self._formats.told(session, message)
            case StageFinished():
                await self._finished(session, message)
            case QuestionAsked():
                await self._questions.asked(session, message)
            case QuestionClosed():
                await self._questions.closed(session, message)

    def _now_ordered(self, session: Session) -> Stage | None:
        return None if session.job is None else _ordered(session, session.job)

    async def stay(self, session: Session, problem: Problem, *, state: State = "failed") -> None:
        """Nothing is done: tell the PC's screen and the live board why."""
        self.show(session, state=state, problem=problem)
        await session.send(Stay(problem=problem))

    def show(self, session: Session, **changes: object) -> None:
        """Let the live board show what is new of this session's PC."""
        self._live_board.put(row_of(session, self._live_board.row(session.row_name), **changes))

    async def _advance(self, session: Session, job: Job) -> None:
        """Order the next stage, or end the job."""
        order = next_stage(job)
        if isinstance(order, Run) and (why := await self._forbids(session, job, order.stage)) is not None:
            order = Blocked(stage_name(order.stage), why)
        match order:
            case Run(stage):
                await self._order(session, job, stage)
            case Blocked(stage, problem):
                record = StageRecord(stage=stage, state="failed", problem=problem)
                session.job = replace(job, stages=tuple(record if r.stage == stage else r for r in job.stages))
                await self._end(session, session.job, problem)
            case Ended(problem):
                await self._end(session, job, problem)

    async def _forbids(self, session: Session, job: Job, stage: Stage) -> Problem | None:
        """What a job itself does not know of (`imaging.py`), and must not be found out after an erase."""
        if _writes_more(job, stage):
            # Denied since the job began; or what it will need of secrets is gone.
            if self._denied(session):
                return Problem("denied")
            if (why := self._withheld(session, job)) is not None:
                return why
        if job.master is None or "deploy" not in job.profile.stages or _destroys(session, job):
            return None
        return await self._whole_masters.forbids(job.master)

    def _withheld(self, session: Session, job: Job) -> Problem | None:
        """Why this PC could not be given the secrets of its job.

        Once it writes, a line with another key stops nothing: it may be a stranger's, and cannot open what it is given.
        """
        begun = any(record.stage in WRITING and record.state != "waiting" for record in job.stages)
        key = session.visit.seal_key
        return self._private.forbids(job, key, told=key if begun else session.hello.seal_key)

    async def _order(self, session: Session, job: Job, stage: Stage) -> None:
        """Order this stage, with what it needs and only this line's agent may know."""
        secret = isinstance(stage, Customise) and bool(stage.settings.wifi)
        if secret and session.contested:
            # Whoever speaks on another line may be the PC: it is ordered once a person has said which one is.
            if _state(job, stage_name(stage)) == "waiting":
                await self.stay(session, contest.problem(session), state="waiting")
            return
        sealed = b""
        if secret:
            try:
                # Not the key of this line's hello: whoever read the visit's token off the LAN would tell his own.
                sealed = self._private.sealed(job, session.visit.seal_key)
            except SealError as error:  # its settings have changed while it was at it: the agent says what it lacks
                log.warning("job %s: nothing is sealed for it: %s", job.id, error, extra={"mac": session.mac})
        session.ordered = stage
        self.show(session, state="working")
        await session.send(RunStage(job=job.id, stage=stage, sealed=sealed))

    async def _end(self, session: Session, job: Job, problem: Problem | None) -> None:
        session.ordered = session.asked = None
        await self._captures.ended(job.id)
        await asyncio.to_thread(self._record.jobs.end, job.id, problem)
        session.left = await asyncio.to_thread(self._record.jobs.left_undone, session.visit.machine_id)
        if problem is not None:
            log.warning("job %s stopped: %s %s", job.id, problem.code, problem.technical, extra={"mac": session.mac})
            await self.stay(session, problem)
        else:
            self.show(session, state="done")
            if named := named_by(job, machine=session.visit.machine_id, mac=session.mac, address=session.address):
                for tell in self._on_named:
                    tell(named)
            await asyncio.to_thread(self._record.visits.end, session.visit.id)
            await session.send(Leave(action=job.profile.end))

    def _progress(self, session: Session, message: StageProgress) -> None:
        row = self._live_board.row(session.row_name)
        if session.job is None or message.job != session.job.id or row is None or row.state != "working":
            return
        self._live_board.put(
            replace(
                row,
                stage=message.stage,
                part=message.part,
                done=message.done,
                total=message.total,
                rate=message.rate,
                stuck=message.stuck,
                disks=message.disks,
            )
        )

    async def _started(self, session: Session, message: StageStarted) -> None:
        """The ordered stage has begun. A repeated report, or one about another stage, changes nothing on the record."""
        job = session.job
        ordered = _ordered(session, job) if job is not None and message.job == job.id else None
        if job is not None and ordered is not None and stage_name(ordered) == message.stage:
            session.stage_began = message.at
            if _state(job, message.stage) == "waiting":
                session.job = await asyncio.to_thread(
                    self._record.jobs.stage_started, job.id, message.stage, message.number
                )
            self.show(session, state="working", stage=message.stage)
        await session.send(Received(number=message.number))

    async def _finished(self, session: Session, message: StageFinished) -> None:
        job = session.job
        if job is None or message.job != job.id or _state(job, message.stage) in (None, "done", "failed"):
            await self._keep_late(session, message)
            log.info("visit %s reports again on stage %s of job %s", session.visit.id, message.stage, message.job)
            await session.send(Received(number=message.number))
            return
        ordered = _ordered(session, job)
        if ordered is None or stage_name(ordered) != message.stage:
            log.warning("visit %s reports on stage %s, which was not ordered", session.visit.id, message.stage)
            return
        captured = None
        if isinstance(ordered, Capture) and isinstance(message.result, CaptureResult):
            captured = await self._captures.captured(job.id, ordered, message.result)
        known = Known(
            disks=job.inventory.disks,
            began=session.stage_began,
            ended=message.at,
            captured=captured,
            proofs=self._private.proofs(job),
        )
        record = judge(ordered, message.outcome, message.problem, message.result, known=known)
        if isinstance(record.result, CaptureResult):
            await self._captures.believed(job, record.result)
        seconds = None if session.stage_began is None else max(0.0, message.at - session.stage_began)
        job = await asyncio.to_thread(self._record.jobs.stage_finished, job.id, record, seconds, message.number)
        session.job = job
        session.ordered = session.stage_began = session.asked = None
        await session.send(Received(number=message.number))
        await self._advance(session, job)

    async def _keep_late(self, session: Session, message: StageFinished) -> None:
        """Evidence about this visit's job that is over is kept on the record; it changes nothing else."""
        job = await asyncio.to_thread(self._record.jobs.ended_job, session.visit.id, message.job)
        if job is None:
            return
        newest = await asyncio.to_thread(self._record.visits.is_newest, session.visit.id)
        proofs = self._private.proofs(job)
        known = Known(disks=job.inventory.disks, ended=message.at, newest=newest, proofs=proofs)
        record = judge_late(job, message.stage, message.outcome, message.problem, message.result, known=known)
        if record is not None:
            await asyncio.to_thread(self._record.jobs.stage_finished, message.job, record, None, message.number)


def _ordered(session: Session, job: Job) -> Stage | None:
    """The stage that was ordered, worked out again after the server was restarted."""
    if session.ordered is not None:
        return session.ordered
    following = next_stage(job)
    return following.stage if isinstance(following, Run) else None


def _state(job: Job, stage: StageName) -> StageState | None:
    """How far this stage of the job is; None when the job has none of this name."""
    return next((record.state for record in job.stages if record.stage == stage), None)


def _writes_more(job: Job, stage: Stage) -> bool:
    """Whether this order would begin to write to a disk, or to send one; a stage that has begun already may finish."""
    name = stage_name(stage)
    return name in WRITING | SENDING and _state(job, name) != "running"


def _destroys(session: Session, job: Job) -> bool:
    """Whether what was on this PC is being destroyed already, or gone: from there on its job is not to be given up.

    An agent that is back on a new line may say so before its reports do.
    """
    begun = any(record.stage in WRITING and record.state != "waiting" for record in job.stages)
    had = session.visit.job
    return begun or (had is not None and had.id == job.id and session.hello.running in WRITING)
