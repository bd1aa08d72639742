"""The heart of the server: it meets each PC's agent, turns a person's choice into a job, and orders stage after stage.

It asks `imaging` what comes next, writes every decision and every piece of evidence to the record before it acts on
it, and shows the floor what happens. Not for: sockets, HTTP, HTML. The record is synchronous and every call to it runs
in a thread.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from netboot import ticket
from netboot.agent_lines import AgentLines
from netboot.agent_session import Send, Session, boot_mac, row_of
from netboot.boarding import BatchOffer, Boarding, board
from netboot.errors import NetbootError
from netboot.floor import Floor, State
from netboot.imaging import Blocked, Ended, Job, MasterNeeds, Run, StageRecord, judge, next_stage
from netboot.inventory import DiskId
from netboot.menu_pick import doubt
from netboot.named import Named, named_by
from netboot.policies import Policies
from netboot.problems import Problem
from netboot.profile import Profile
from netboot.protocol import (
    VERSION,
    Customise,
    Deploy,
    Erase,
    Hello,
    Leave,
    Plan,
    Received,
    RunStage,
    Stage,
    StageFinished,
    StageProgress,
    StageStarted,
    Stay,
    Welcome,
    stage_name,
)
from netboot.records.record import Record
from netboot.records.values import AtWork, Denied, HelloRefused, NoPlace, Outcome, Start, UnknownProfile

log = logging.getLogger(__name__)

FindMaster = Callable[[str], MasterNeeds | None]
"""The newest master of this name, read from the store; None when there is none."""


class Workshop:
    """Everything the server knows and decides about PCs. One instance a server."""

    def __init__(
        self,
        record: Record,
        floor: Floor,
        profiles: Sequence[Profile],
        find_master: FindMaster,
        *,
        wait: float,
        policies: Policies | None = None,
        ticket_key: bytes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.record = record
        self.policies = policies or Policies()
        self.floor = floor
        self.profiles: Mapping[str, Profile] = {profile.id: profile for profile in profiles}
        self.find_master = find_master
        self._wait = wait
        self.on_named: list[Callable[[Named], None]] = []
        """Told of each PC that a job gave a name, or took it from, once that is on the record. Must not block."""
        self._ticket_key = ticket_key or secrets.token_bytes(32)
        self._clock = clock
        self._lines = AgentLines()

    # ── the agent's side ────────────────────────────────────────────────────────────────────────────────────────────

    async def greet(self, hello: Hello, send: Send, address: str = "") -> Session:
        """Meet an agent: recognise the machine, give it its visit, go on with its job or begin the chosen one.

        `address` is where its line comes from. Raises HelloRefused when the agent may not be served.
        """
        if hello.version != VERSION:
            raise HelloRefused(Problem("version", {"agent": str(hello.version), "server": str(VERSION)}))
        self._lines.require_place(address)
        mac = boot_mac(hello)
        lock = self._lines.lock(hello.boot)
        async with lock:
            visit = await asyncio.to_thread(self.record.greet, hello, mac, on_line=self._lines.__contains__)
            session = Session(visit, mac=mac, address=address, inventory=hello.inventory, send=send, lock=lock)
            self._lines.add(session)
            log.info(
                "%s is in the agent: %s",
                mac,
                visit.label or "no name",
                extra={"mac": mac, "visit": visit.id, "new": visit.new},
            )
            try:
                await self._welcome(session, hello)
            except BaseException:
                self.left(session)
                raise
        return session

    async def _welcome(self, session: Session, hello: Hello) -> None:
        visit = session.visit
        await session.send(
            Welcome(
                version=VERSION,
                visit=visit.id,
                token=visit.token or hello.token,
                machine=visit.label,
                wait=self._wait,
                number=visit.last_report,
            )
        )
        self._show(session, state="waiting")
        if session.job is not None:
            await session.send(_plan_of(session.job))
            await self._advance(session)
            return
        doubted = doubt(hello, self.profiles, self._ticket_key, now=self._clock())
        picked, batch = ("", "") if doubted else (hello.profile, hello.batch)
        if self._denied(session):
            # Or it would begin with the first hello after the PC was allowed again.
            await asyncio.to_thread(self.record.refuse, visit.id, menu=picked, batch=batch)
            await self._stay(session, Problem("denied"))
            return
        if doubted is not None:
            log.warning("%s: its pick does not count: %s", session.mac, doubted.code, extra={"mac": session.mac})
            if doubted.code == "ticket-expired" and hello.profile and visit.new:
                # Our menu's own, too late: picked at the bench since, so what waited must not begin in its place.
                await asyncio.to_thread(self.record.cancel_choice, visit.machine_id, "")
        if await self._begin(session, menu=picked, batch=batch):
            return
        if visit.outcome is not None:
            await self._tell_outcome(session, visit.outcome)
        elif doubted is not None:
            await self._stay(session, doubted)

    async def heard(self, session: Session, message: StageStarted | StageProgress | StageFinished) -> None:
        """Act on one report. A report about another job, or one that was not ordered, is dropped and logged."""
        async with session.lock:
            if not self._lines.has(session):
                return  # its agent is back on another line, which sends again what was not received
            match message:
                case StageProgress():
                    self._progress(session, message)
                case StageStarted():
                    await self._started(session, message)
                case StageFinished():
                    await self._finished(session, message)

    def left(self, session: Session, *, goodbye: bool = False) -> None:
        """The line broke, or the agent closed it and went home (`goodbye`)."""
        if not self._lines.remove(session):
            return
        row = self.floor.row(session.mac)
        # A dock's adapter may have gone on to another PC, whose row this is now.
        if row is not None and row.machine == session.visit.machine_id and row.state in ("waiting", "working"):
            home = goodbye and row.state == "waiting"
            self.floor.put(replace(row, state="home" if home else "silent", rate=0.0))

    # ── people's side ───────────────────────────────────────────────────────────────────────────────────────────────

    async def choose(self, machine: str, profile: str, who: str, target: DiskId | None = None) -> bool:
        """A signed-in person chooses a profile for a machine: True when it begins now, False when its next hello will.

        Raises Denied, AtWork, NetbootError when the profile is not known, NotOnRecord when the machine is not.
        """
        chosen = self._profile(profile)
        session = self._lines.of_machine(machine)
        await self._refuse_denied(machine, session)
        if session is None:
            await asyncio.to_thread(self.record.choose, machine, chosen.id, who, target)
            return False
        async with session.lock:
            if session.job is not None and not isinstance(next_stage(session.job), Ended):
                raise AtWork("this PC is at work already", hint="wait until its job has ended")
            await asyncio.to_thread(self.record.choose, machine, chosen.id, who, target)
            if not self._lines.has(session):
                return False  # it left meanwhile; the choice waits for its next hello
            try:
                return await self._begin(session)
            except (ConnectionError, TimeoutError) as error:
                log.info("visit %s: the line broke at the choice: %s", session.visit.id, type(error).__name__)
                return session.job is not None  # on the record: its next hello goes on with it

    def boarding(self, mac: str, uuid: str) -> Boarding:
        """What this PC is offered in its boot menu; nothing is used up. It reads the record: call it in a thread.

        A denied PC is not looked up: it stays denied when the record fails.
        """
        policy = self.policies(mac, uuid)
        if policy.denied:
            return Boarding(denied=True)
        choice = self.record.waiting_choice(mac=mac, uuid=uuid)
        batch = self.record.batch_for(mac=mac, uuid=uuid)
        return board(
            policy,
            self.profiles,
            chosen=choice.profile if choice is not None else "",
            batch=BatchOffer(batch.id, batch.profile) if batch is not None else None,
        )

    def prove(self, picked: ticket.Picked) -> str:
        """The proof of a choice that this server's boot menu offers now. Whoever asks has checked that it may."""
        return ticket.issue(self._ticket_key, picked, now=self._clock())

    async def show_batch(self) -> None:
        """Let the floor show the batch as it is on the record."""
        self.floor.show_batch(await asyncio.to_thread(self.record.newest_batch))

    async def tell_denied(self) -> None:
        """After something was set for a PC: those that wait in the agent and are denied now say so on their screens."""
        for session in self._lines:
            async with session.lock:
                row = self.floor.row(session.mac)
                if not self._lines.has(session) or not self._denied(session):
                    continue
                if row is None or row.state not in ("waiting", "failed") or row.problem == Problem("denied"):
                    continue
                try:
                    await self._stay(session, Problem("denied"))
                except (ConnectionError, TimeoutError) as error:
                    log.info("visit %s: not told that it is denied: %s", session.visit.id, type(error).__name__)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _profile(self, name: str) -> Profile:
        profile = self.profiles.get(name)
        if profile is None:
            raise NetbootError(
                f"there is no profile {name!r}", hint=f"choose one of: {', '.join(sorted(self.profiles))}"
            )
        return profile

    async def _tell_outcome(self, session: Session, outcome: Outcome) -> None:
        """For an agent that missed how its job ended."""
        if outcome.problem is not None:
            await self._stay(session, outcome.problem)
        else:
            self._show(session, state="done")
            await session.send(Leave(action=outcome.profile.end))

    async def _begin(self, session: Session, *, menu: str = "", batch: str = "") -> bool:
        """Begin what was chosen for this visit: in its boot menu, on the page, or for a batch; False for nothing."""

        def prepare(name: str) -> Start | None:
            profile = self.profiles.get(name)
            if profile is None:
                return None
            hostname = profile.hostname.replace("{number}", str(session.visit.machine_number))
            return Start(profile, self._master_of(profile), hostname)

        try:
            job = await asyncio.to_thread(self.record.begin, session.visit.id, menu=menu, batch=batch, prepare=prepare)
        except UnknownProfile as error:
            log.warning("visit %s: %s", session.visit.id, error)
            await self._stay(session, Problem("profile-gone", {"profile": error.profile[:60]}))
            return True
        except NoPlace as refused:
            log.info("visit %s: no place in batch %s: %s", session.visit.id, batch, refused.problem.code)
            await self._stay(session, refused.problem, state="waiting")
            return True
        finally:
            if batch:
                await self.show_batch()
        if job is None:
            return False
        session.job = job
        await session.send(_plan_of(job))
        await self._advance(session)
        return True

    def _master_of(self, profile: Profile) -> MasterNeeds | None:
        """None also for one that is damaged: the job then says that it is not there."""
        if not profile.master:
            return None
        try:
            return self.find_master(profile.master)
        except NetbootError as error:
            log.error("the master %s cannot be used: %s", profile.master, error)
            return None

    async def _advance(self, session: Session) -> None:
        """Order the next stage, or end the job."""
        job = session.job
        assert job is not None
        order = next_stage(job)
        if isinstance(order, Run) and _writes_more(job, order.stage) and self._denied(session):
            order = Blocked(stage_name(order.stage), Problem("denied"))  # denied since the job began
        match order:
            case Run(stage):
                session.ordered = stage
                self._show(session, state="working")
                await session.send(RunStage(job=job.id, stage=stage))
            case Blocked(stage, problem):
                record = StageRecord(stage=stage, state="failed", problem=problem)
                session.job = replace(job, stages=tuple(record if r.stage == stage else r for r in job.stages))
                await self._end(session, problem)
            case Ended(problem):
                await self._end(session, problem)

    async def _refuse_denied(self, machine: str, session: Session | None) -> None:
        if session is not None:
            inventory = session.inventory
        else:
            inventory = (await asyncio.to_thread(self.record.machine_detail, machine)).visits[0].inventory
        if self.policies.of(inventory).denied:
            raise Denied("this PC is denied", hint="allow it first, on its page or in the settings")

    def _denied(self, session: Session) -> bool:
        return self.policies.of(session.inventory).denied

    async def _stay(self, session: Session, problem: Problem, *, state: State = "failed") -> None:
        """Nothing is done: tell the PC's screen and the floor why."""
        self._show(session, state=state, problem=problem)
        await session.send(Stay(problem=problem))

    async def _end(self, session: Session, problem: Problem | None) -> None:
        job = session.job
        assert job is not None
        session.ordered = None
        await asyncio.to_thread(self.record.end_job, job.id, problem)
        if problem is not None:
            await self._stay(session, problem)
        else:
            self._show(session, state="done")
            if named := named_by(job, machine=session.visit.machine_id, mac=session.mac, address=session.address):
                for tell in self.on_named:
                    tell(named)
            await asyncio.to_thread(self.record.end_visit, session.visit.id)
            await session.send(Leave(action=job.profile.end))

    def _progress(self, session: Session, message: StageProgress) -> None:
        row = self.floor.row(session.mac)
        if session.job is None or message.job != session.job.id or row is None or row.state != "working":
            return
        self.floor.put(
            replace(
                row,
                stage=message.stage,
                part=message.part,
                done=message.done,
                total=message.total,
                rate=message.rate,
            )
        )

    async def _started(self, session: Session, message: StageStarted) -> None:
        if session.job is not None and message.job == session.job.id:
            session.stage_began = message.at
            session.job = await asyncio.to_thread(self.record.stage_started, message.job, message.stage, message.number)
            self._show(session, state="working", stage=message.stage)
        await session.send(Received(number=message.number))

    async def _finished(self, session: Session, message: StageFinished) -> None:
        job = session.job
        state = next((r.state for r in job.stages if r.stage == message.stage), None) if job else None
        if job is None or message.job != job.id or state in (None, "done", "failed"):
            await self._keep_late(session, message)
            log.info("visit %s reports again on stage %s of job %s", session.visit.id, message.stage, message.job)
            await session.send(Received(number=message.number))
            return
        ordered = session.ordered or _ordered_now(job)
        if ordered is None or stage_name(ordered) != message.stage:
            log.warning("visit %s reports on stage %s, which was not ordered", session.visit.id, message.stage)
            return
        record = judge(ordered, message.outcome, message.problem, message.result)
        seconds = None if session.stage_began is None else max(0.0, message.at - session.stage_began)
        session.job = await asyncio.to_thread(self.record.stage_finished, job.id, record, seconds, message.number)
        session.ordered = session.stage_began = None
        await session.send(Received(number=message.number))
        await self._advance(session)

    async def _keep_late(self, session: Session, message: StageFinished) -> None:
        """Evidence about this visit's job that is over is kept on the record; it changes nothing else."""
        outcome = await asyncio.to_thread(self.record.outcome_of_visit, session.visit.id)
        if outcome is not None and outcome.job_id == message.job:
            record = StageRecord(stage=message.stage, state="failed", problem=message.problem, result=message.result)
            await asyncio.to_thread(self.record.stage_finished, message.job, record, None, message.number)

    def _show(self, session: Session, **changes: object) -> None:
        self.floor.put(row_of(session, self.floor.row(session.mac), **changes))


def _ordered_now(job: Job) -> Stage | None:
    """The stage that is at work, worked out again after the server was restarted."""
    following = next_stage(job)
    return following.stage if isinstance(following, Run) else None


def _writes_more(job: Job, stage: Stage) -> bool:
    """Whether this order would begin to write: a stage that is at work already goes on."""
    begun = any(record.stage == stage_name(stage) and record.state == "running" for record in job.stages)
    return isinstance(stage, Erase | Deploy | Customise) and not begun


def _plan_of(job: Job) -> Plan:
    return Plan(job=job.id, profile=dict(job.profile.name), stages=job.profile.stages)
