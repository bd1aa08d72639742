"""Greets each PC's agent, recognises the PC, and turns a person's choice into a job.

It writes every decision to the record before it acts on it, and shows the live board what happens. Not for: what people
order (`commands.py`), the stages of a job that has begun (`dispatcher.py`), sockets, HTTP, HTML. The record is
synchronous and every call to it runs in a thread.
"""

import asyncio
import dataclasses
import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from netboot.bootmenu import ticket
from netboot.bootmenu.offered import BatchOffer, MenuOffer, offer_for
from netboot.bootmenu.pick import pick_problem
from netboot.jobs.identity import real_uuid
from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.named import Named
from netboot.jobs.profile import Profile
from netboot.jobs.target import master_forbids
from netboot.lan import neighbours
from netboot.masters.capturing import CaptureDesk
from netboot.records.interruption import after_another_boot
from netboot.records.record import Record
from netboot.records.refusals import (
    Contested,
    HelloRefused,
    NoPlace,
    NotAsSeen,
    NotThatVisit,
    UnknownProfile,
)
from netboot.records.values import Batch, Outcome, Visit
from netboot.shared.inventory import judged_clock
from netboot.shared.problems import Problem
from netboot.shared.protocol import VERSION, Hello, Leave, Report, Welcome
from netboot.workshop import contest
from netboot.workshop.agent_lines import AgentLines
from netboot.workshop.agent_session import HangUp, Send, Session, boot_mac, stay_on_line
from netboot.workshop.captures import Captures
from netboot.workshop.commands import Commands
from netboot.workshop.contested_lines import ContestedLines
from netboot.workshop.damaged_masters import DamagedMasters, FindMaster
from netboot.workshop.dispatcher import Dispatcher
from netboot.workshop.given_starts import WITHIN
from netboot.workshop.held_masters import HoldMasters, begun_while_held
from netboot.workshop.job_starts import starts_of
from netboot.workshop.left_out import LeftOut
from netboot.workshop.live_board import LiveBoard, Row
from netboot.workshop.policies import Policies
from netboot.workshop.private_settings import PrivateSettings
from netboot.workshop.stage_questions import StageQuestions
from netboot.workshop.start_watch import StartWatch
from netboot.workshop.whole_masters import WholeMasters

log = logging.getLogger(__name__)


class Workshop:
    """Everything the server knows and decides about PCs. One instance a server."""

    def __init__(
        self,
        record: Record,
        live_board: LiveBoard,
        profiles: Sequence[Profile],
        find_master: FindMaster,
        *,
        wait: float,
        hold_masters: HoldMasters = nullcontext,
        policies: Policies | None = None,
        ticket_key: bytes | None = None,
        clock: Callable[[], float] = time.time,
        hello_within: float = WITHIN,
        adapter_of: Callable[[str], str] = neighbours.adapter_of,
        capture_desk: CaptureDesk | None = None,
        shipped: Collection[Profile] = (),
        private: PrivateSettings | None = None,
        whole_masters: WholeMasters | None = None,
    ) -> None:
        self.record = record
        self.policies = policies or Policies()
        self.live_board = live_board
        self.profiles: Mapping[str, Profile] = {profile.id: profile for profile in profiles}
        self.find_master = find_master
        self.left_out = LeftOut(
            profiles, shipped=shipped, find_master=lambda name: self.find_master(name), record=record
        )
        self._hold_masters = hold_masters
        self._wait = wait
        self.on_named: list[Callable[[Named], None]] = []
        """Told of each PC that a job gave a name, or took it from, once that is on the record. Must not block."""
        self._ticket_key = ticket_key or secrets.token_bytes(32)
        self._clock = clock
        self.starts = StartWatch(live_board, within=hello_within)
        self._adapter_of = adapter_of
        self._lines = AgentLines()
        self._showing = asyncio.Lock()
        self._damaged = DamagedMasters()
        questions = StageQuestions(record, live_board, clock)
        self.captures = Captures(self._lines, record, capture_desk)
        private = private or PrivateSettings({}, secrets.token_bytes(32))
        self.whole_masters = whole_masters or WholeMasters()
        self._dispatcher = Dispatcher(
            record, live_board, questions, self.captures, private, self.whole_masters,
            denied=self._denied, on_named=self.on_named,
        )  # fmt: skip
        self._contested = ContestedLines(record, live_board, self._lines, self._dispatcher, welcome=self._welcome)
        self.commands = Commands(
            record,
            self.profiles,
            self.policies,
            self._lines,
            self._contested,
            questions,
            self.starts,
            begin=self._begin,
            batch_changed=self.show_batch,
            policy_changed=self.tell_denied,
        )
        """What people may order."""

    # ── the agent's side ────────────────────────────────────────────────────────────────────────────────────────────

    async def greet(self, hello: Hello, send: Send, address: str = "", hang_up: HangUp = stay_on_line) -> Session:
        """Meet an agent: recognise the machine, give it its visit, go on with its job or begin the chosen one.

        `address` is where its line comes from, `hang_up` ends it. Raises HelloRefused when the agent may not be served.
        """
        hello = replace(hello, inventory=judged_clock(hello.inventory, self._clock()))
        mac = boot_mac(hello)
        self.starts.forget({hello.menu_mac, *(nic.mac for nic in hello.inventory.nics)})
        try:
            return await self._greet(hello, mac, send, address, hang_up)
        except HelloRefused as refused:
            self.live_board.tell_problem(mac, refused.problem, uuid=real_uuid(hello.inventory.system.uuid))
            raise

    async def _greet(self, hello: Hello, mac: str, send: Send, address: str, hang_up: HangUp) -> Session:
        if hello.version != VERSION:
            raise HelloRefused(Problem("version", {"agent": str(hello.version), "server": str(VERSION)}))
        # One at a time from the record to the line: of two hellos of one PC, the second must see the first's line.
        async with self._lines.arriving:
            self._lines.require_place(address)
            # The record and the contest judge by the same: who goes in between may be back.
            here = list(self._lines)
            session = await self._meet(hello, mac, send, address, hang_up, self._lines.visits())
            against = await self._contested.note(session, here)
            if not session.visit.over:
                self._lines.add(session)
                self._contested.came(session)
        # No pause between: whoever finds this session on the line stands behind it at its machine's lock.
        try:
            async with session.lock:
                await self._welcome(session)
        except BaseException:
            self.left(session)
            raise
        for other in against:
            await self._contested.tell(other)
        return session

    async def _meet(
        self, hello: Hello, mac: str, send: Send, address: str, hang_up: HangUp, on_line: frozenset[str]
    ) -> Session:
        adapter = self._adapter_of(address)
        visit = await asyncio.to_thread(
            self.record.visits.greet, hello, mac, address=address, adapter=adapter, on_line=on_line
        )
        extra = {"mac": mac, "visit": visit.id, "new": visit.new}
        log.info("%s is in the agent: %s", mac, visit.label or "no name", extra=extra)
        return Session(
            visit,
            mac=mac,
            address=address,
            hello=hello,
            send=send,
            lock=self._lines.lock(visit.machine_id),
            hang_up=hang_up,
            adapter=adapter,
            row_name=self._row_for(visit, mac),
        )

    def _row_for(self, visit: Visit, mac: str) -> str:
        """The row of this address, unless it is another PC's: an agent's that is here, or one that has more to tell."""
        had = self.live_board.of_visit(visit.id)
        if had is not None:
            return had.name
        row = self.live_board.row(mac)
        others = row is not None and row.machine not in ("", visit.machine_id) and row.state != "booting"
        others |= row is not None and row.visit != "" and visit.beside
        return visit.id if others or self._lines.holds_row(mac, visit.id) else mac

    async def _welcome(self, session: Session) -> None:
        if not session.visit.new:
            # What its older line reported while this one came.
            now = await asyncio.to_thread(self.record.visits.get, session.visit.id)
            session.visit = dataclasses.replace(
                session.visit, job=now.job, outcome=now.outcome, last_report=now.last_report
            )
            session.job = session.visit.job
        visit = session.visit
        await session.send(
            Welcome(
                version=VERSION,
                visit=visit.id,
                token=session.token,
                machine=visit.label,
                wait=self._wait,
                number=visit.last_report,
                left=session.left.problem if session.left else None,
                now=self._clock(),
            )
        )
        if visit.over:
            if visit.outcome is not None:
                await self._tell_outcome(session, visit.outcome)
            return
        self._dispatcher.show(session, state="waiting")
        await self._follow(session)

    async def _follow(self, session: Session) -> None:
        """Go on with the job of an agent that was welcomed, or begin what was chosen for it."""
        visit, hello = session.visit, session.hello
        if session.job is not None:
            # Also where it is contested since: else anybody could stop the work of a PC by a hello.
            await self._dispatcher.go_on(session, session.job)
            return
        if session.contested:
            await self._dispatcher.stay(session, contest.problem(session), state="waiting")
            return
        refusal = pick_problem(hello, self.profiles, self._ticket_key, now=self._clock())
        picked, batch = ("", "") if refusal else (hello.profile, hello.batch)
        if self._denied(session):
            # Or it would begin with the first hello after the PC was allowed again.
            await asyncio.to_thread(self.record.jobs.refuse, visit.id, menu=picked, batch=batch)
            await self._dispatcher.stay(session, Problem("denied"))
            return
        if refusal is not None:
            log.warning("%s: its pick does not count: %s", session.mac, refusal.code, extra={"mac": session.mac})
            if refusal.code == "ticket-expired" and hello.profile and visit.new:
                # Our menu's own, too late: picked at the bench since, so what waited must not begin in its place.
                await asyncio.to_thread(self.record.choices.cancel, visit.machine_id, "")
        try:
            if await self._begin(session, menu=picked, batch=batch):
                return
        except Contested:
            return  # at this very moment: its screen says so next
        if visit.outcome is not None:
            await self._tell_outcome(session, visit.outcome)
        elif refusal is not None:
            await self._dispatcher.stay(session, refusal)

    async def heard(self, session: Session, message: Report) -> None:
        """Act on one report. A report about another job, or one that was not ordered, is dropped and logged."""
        async with session.lock:
            if self._lines.has(session):  # else its agent is back on another line, which sends again what is missing
                await self._dispatcher.heard(session, message)

    def left(self, session: Session, *, goodbye: bool = False) -> None:
        """The line broke, or the agent closed it and went home (`goodbye`)."""
        if not self._lines.remove(session):
            return
        row = self.live_board.row(session.row_name)
        # A dock's adapter may have gone on to another PC, whose row this is now.
        if row is not None and row.visit == session.visit.id and row.state == "failed" and row.contested:
            self.live_board.put(replace(row, contested=""))  # nobody is asked about a line that is gone
        if row is not None and row.visit == session.visit.id and row.state in ("waiting", "working"):
            home = goodbye and row.state == "waiting"
            row = self.live_board.put(replace(row, state="home" if home else "silent", rate=0.0, stuck=(), asked=None))
            if session.job is not None and self.starts.is_at_menu(session.mac):
                # Restarted so fast that its menu came before its line was given up.
                _, cut = after_another_boot(session.job.stages)
                self.live_board.at_menu(session.mac, uuid=row.uuid, left=cut or row.left, problem=None)
        self._contested.left(session, goodbye=goodbye)

    # ── people's side ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_line(self) -> frozenset[str]:
        """The machines whose agents are on the line now."""
        return frozenset(session.visit.machine_id for session in self._lines)

    def menu_offer(self, mac: str, uuid: str) -> MenuOffer:
        """What this PC is offered in its boot menu; nothing is used up. It reads the record: call it in a thread.

        A denied PC is not looked up: it stays denied when the record fails.
        """
        policy = self.policies(mac, uuid)
        if policy.denied:
            return MenuOffer(denied=True)
        choice = self.record.choices.waiting(mac=mac, uuid=uuid)
        batch = self.record.batches.offered(mac=mac, uuid=uuid)
        left = self.record.jobs.left_undone_at_boot(mac=mac, uuid=uuid)
        offer = offer_for(
            policy,
            self.profiles,
            chosen=choice.profile if choice is not None else "",
            batch=BatchOffer(batch.id, batch.profile) if batch is not None else None,
        )
        return replace_fields(offer, left=left.problem if left else None, stalled=self.starts.problem(mac, uuid))

    def prove(self, picked: ticket.Picked) -> str:
        """The proof of a choice that this server's boot menu offers now. Whoever asks has checked that it may."""
        return ticket.issue(self._ticket_key, picked, now=self._clock())

    async def show_left(self) -> None:
        """At the server's start: the PCs in which work was left have a row before they come again, if they do."""
        for left in await asyncio.to_thread(self.record.jobs.unfinished_lately):
            undone = left.unfinished
            row = Row(mac=left.mac, state="silent", machine=left.machine_id, label=left.label)
            row = replace(row, profile=undone.profile.id)
            if undone.running:  # its agent may be at work still, and come back
                self.live_board.put(replace(row, stage=undone.stage))
            else:
                self.live_board.put(replace(row, left=undone.problem))

    async def show_batch(self) -> None:
        """Let the live board show the batch as it is on the record; an older look never comes after a newer one."""
        async with self._showing:
            self.live_board.show_batch(*await asyncio.to_thread(self._batch_now))

    async def tell_denied(self) -> None:
        """After something was set for a PC: those that wait in the agent and are denied now say so on their screens."""
        for session in self._lines:
            async with session.lock:
                row = self.live_board.row(session.row_name)
                if not self._lines.has(session) or not self._denied(session):
                    continue
                if row is None or row.state not in ("waiting", "failed") or row.problem == Problem("denied"):
                    continue
                try:
                    await self._dispatcher.stay(session, Problem("denied"))
                except (ConnectionError, TimeoutError) as error:
                    log.info("visit %s: not told that it is denied: %s", session.visit.id, type(error).__name__)

    def _batch_now(self) -> tuple[Batch | None, Problem | None]:
        """The batch, and what each of its PCs would stop at: one that is armed may have lost its master since."""
        batch = self.record.batches.newest()
        profile = self.profiles.get(batch.profile) if batch is not None and not batch.ending else None
        if profile is None:
            return batch, None
        master = self._master(profile.master)
        return batch, master_forbids(profile, master) or self.whole_masters.seen(master)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _tell_outcome(self, session: Session, outcome: Outcome) -> None:
        """For an agent that missed how its job ended."""
        if outcome.problem is not None:
            await self._dispatcher.stay(session, outcome.problem)
        else:
            self._dispatcher.show(session, state="done")
            await session.send(Leave(action=outcome.profile.end))

    async def _begin(self, session: Session, *, menu: str = "", batch: str = "") -> bool:
        """Begin what was chosen for this visit: in its boot menu, on the page, or for a batch; False for nothing."""

        def begin() -> Job | None:
            # Before the record is locked: it reads the store.
            starts = starts_of(self.profiles.values(), session.visit.machine_number, self._master)
            return self.record.jobs.begin(session.visit.id, menu=menu, batch=batch, starts=starts)

        try:
            job = await begun_while_held(self._hold_masters, begin)
        except NotThatVisit:
            return False  # its PC is about to leave: what was chosen waits for its next hello
        except UnknownProfile as error:
            log.warning("visit %s: %s", session.visit.id, error)
            await self._dispatcher.stay(session, Problem("profile-gone", {"profile": error.profile[:60]}))
            return True
        except NotAsSeen as changed:
            log.warning("visit %s: what was chosen is asked again: %s", session.visit.id, changed)
            await self._dispatcher.stay(session, changed.problem, state="waiting")
            return True
        except NoPlace as refused:
            log.info("visit %s: no place in batch %s: %s", session.visit.id, batch, refused.problem.code)
            await self._dispatcher.stay(session, refused.problem, state="waiting")
            return True
        finally:
            if batch:
                await self.show_batch()
        if job is None:
            return False
        await self._dispatcher.go_on(session, job)
        return True

    def _master(self, name: str) -> MasterNeeds | None:
        """The master of this name that a job gets now. It reads the store: call it in a thread."""
        return self._damaged.left_out(self.find_master, name)

    def _denied(self, session: Session) -> bool:
        return self.policies.of(session.inventory).denied
