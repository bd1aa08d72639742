"""Two things at one instant, in every order in which the record's calls of the one can fall between those of the other.

A call of the record is atomic, and the loop's own code between two awaits is; so an order is told by which of the two
tasks goes on at each call's begin and end. All orders are played in which each task is held up once at most.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from itertools import combinations, count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.bootmenu.ticket import Picked, issue
from netboot.jobs.actor import operator
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.records.record import open_record
from netboot.records.refusals import HelloRefused
from netboot.records.values import CONTESTED, Choice
from netboot.shared.errors import NetbootError
from netboot.shared.protocol import FromServer, Plan, RunStage, StageFinished, Welcome
from netboot.shared.stages.check import CheckResult
from netboot.workshop import contest
from netboot.workshop.agent_session import Session
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, LOOK, TICKET_KEY, hello, new_workshop, pc


class Turns:
    """Holds two tasks at every call of the record, and lets one go on at a time, as `order` says."""

    def __init__(self, order: Sequence[int]) -> None:
        self._order = order
        self._held: dict[asyncio.Task[Any], asyncio.Future[None]] = {}
        self.turns = 0

    async def to_thread(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """In the place of `asyncio.to_thread`."""
        await self._turn()
        try:
            return call(*args, **named)
        finally:
            await self._turn()

    async def _turn(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._held[task] = asyncio.get_running_loop().create_future()
        await self._held[task]

    async def play(self, *work: Awaitable[object]) -> None:
        """Run both to their ends; `order` names the turns at which the other task goes on."""
        tasks = [asyncio.ensure_future(each) for each in work]
        current = 0
        for _ in range(1000):
            for _ in range(6):
                await asyncio.sleep(0)
            if all(task.done() for task in tasks) and not self._held:
                break
            if self.turns in self._order:
                current = 1 - current
            self.turns += 1
            held = [task for task in (tasks[current], *tasks, *self._held) if task in self._held]
            if held:
                self._held.pop(held[0]).set_result(None)
        for task in tasks:
            error = task.exception()
            assert error is None or isinstance(error, NetbootError), error


class Bench:
    """A server, one PC, and what may happen to it."""

    def __init__(self, workshop: Workshop, number: int) -> None:
        self.workshop = workshop
        self.pc = pc(number)
        self.number = number
        self.record = workshop.record
        self.sessions: list[tuple[Session, list[FromServer]]] = []
        self.cancelled: set[str] = set()
        self.machine = ""
        self.token = ""
        self.batch = ""
        self.look_alike = ""
        self.orders_at_denial: int | None = None

    async def hello(self) -> None:
        """The PC says hello, by the batch that its menu had armed where there is one."""
        await self._greet(f"boot-{self.number}", self.token)

    async def another_hello(self) -> None:
        """Another line says hello as this PC."""
        await self._greet(f"other-{self.number}", "")

    async def third_hello(self) -> None:
        """And one more."""
        await self._greet(f"third-{self.number}", "")

    async def succeed(self) -> None:
        """Its rival's line is given up as dead."""
        await self.workshop._contested._succeed(self.sessions[-1][0])

    async def vouch(self) -> None:
        """A person says that its newest line is the PC."""
        await self.workshop.commands.vouch(operator("anne"), self.sessions[-1][0].visit.id)

    async def vouch_older(self) -> None:
        """A person says that its oldest line is the PC."""
        await self.workshop.commands.vouch(operator("anne"), self.sessions[0][0].visit.id)

    async def keep_out_older(self) -> None:
        """A person says that its oldest line is not the PC."""
        await self.workshop.commands.keep_out(operator("anne"), self.sessions[0][0].visit.id)

    async def merge(self) -> None:
        """A person says that it is another machine."""
        await self.workshop.commands.merge(operator("anne"), self.machine, self.look_alike)

    async def _greet(self, boot: str, token: str) -> None:
        said = hello(self.pc, boot, token=token)
        if self.batch:
            picked = Picked("", said.menu_mac, said.inventory.system.uuid, self.batch)
            said = replace(said, batch=self.batch, ticket=issue(TICKET_KEY, picked, now=self.workshop._clock()))
        sent: list[FromServer] = []

        async def send(message: FromServer) -> None:
            sent.append(message)

        try:
            session = await self.workshop.greet(said, send)
        except HelloRefused:
            return
        self.sessions.append((session, sent))
        self.machine = session.visit.machine_id
        if boot == f"boot-{self.number}":
            self.token = next(message.token for message in sent if isinstance(message, Welcome))

    async def choose(self) -> None:
        """A person chooses an erase for it."""
        await self.workshop.commands.choose(operator("anne"), self.machine, ERASE.id)

    async def cancel(self) -> None:
        """A person takes back what waits for it."""
        waiting = [choice.id for choice in self.pending()]
        if waiting and await self.workshop.commands.cancel(operator("anne"), self.machine, waiting[0]):
            self.cancelled.add(waiting[0])

    async def arm(self) -> None:
        """A person arms a batch; the hello that is to come does not know of it."""
        await asyncio.to_thread(self.record.batches.arm, ERASE.id, 1, "anne", instead=self.batch)

    async def disarm(self) -> None:
        """A person disarms the batch."""
        await asyncio.to_thread(self.record.batches.disarm, self.batch, "anne")

    async def deny(self) -> None:
        """A person denies it."""
        policies = self.workshop.policies
        await asyncio.to_thread(policies.set, self.record, [self.uuid], Policy(denied=True), "anne")
        await self.workshop.tell_denied()
        self.orders_at_denial = len(self.writes())

    async def allow(self) -> None:
        """A person allows it again."""
        await asyncio.to_thread(self.workshop.policies.set, self.record, [self.uuid], Policy(), "anne")
        self.orders_at_denial = None

    async def lose(self) -> None:
        """Its line breaks."""
        for session, _ in list(self.sessions)[:1]:
            self.workshop.left(session)

    async def report(self) -> None:
        """It reports that its check is done."""
        for session, sent in list(self.sessions)[:1]:
            for run in [message for message in sent if isinstance(message, RunStage)][:1]:
                done = StageFinished(
                    number=1, job=run.job, stage="check", at=1.0, outcome="done", result=CheckResult(inventory=self.pc)
                )
                await self.workshop.heard(session, done)

    @property
    def uuid(self) -> Key:
        """The name by which it is denied."""
        return Key("uuid", self.pc.system.uuid)

    def pending(self) -> list[Choice]:
        """What waits for it."""
        waiting = [pending.choice for pending in self.record.choices.pending()]
        return [choice for choice in waiting if choice.machine_id == self.machine]

    def writes(self) -> list[RunStage]:
        """Every order that writes to a disk."""
        sent = [message for _, messages in self.sessions for message in messages]
        return [m for m in sent if isinstance(m, RunStage) and type(m.stage).__name__ in ("Erase", "Deploy")]

    def check(self) -> None:
        """What holds after every two things, whichever came first."""
        events = self.record.journal.read(limit=1000, machine=self.machine)
        used = [event.body for event in events if event.kind == "choice-used"]
        places = [event for event in events if event.kind == "batch-place"]
        jobs = [event.visit_id for event in events if event.kind == "job-started"]
        assert len(used) == len(set(used)), "no choice is used twice"
        assert len(jobs) == len(used) + len(places), "each job has its choice or its place, and each of these its job"
        assert not any(choice in body for choice in self.cancelled for body in used), "what was cancelled is not done"
        pending = self.pending()
        here = [(s, m) for s, m in self.sessions if self.workshop._lines.has(s)]
        denied = self.workshop.policies.of(self.pc).denied
        if denied:
            assert not pending, "nothing waits for a denied PC"
            assert self.orders_at_denial is None or len(self.writes()) == self.orders_at_denial
        for session, sent in here:
            standing = self.record.visits.get(session.visit.id).standing
            assert session.contested == (standing in CONTESTED), "what a person said of a visit holds for its line"
            closed = self.record.visits.seen(session.visit.id).visit.closed
            assert closed is None or session.visit.over, "what is on the line is no visit that is over"
            if session.contested or denied:
                continue
            assert not pending or session.job is not None, "a choice waits, and so does its PC"
            running = self.record.jobs.of_visit(session.visit.id)
            if running is not None:
                assert any(isinstance(m, Plan) and m.job == running.id for m in sent), "its PC was told of the job"
        open_lines = [s for s, _ in here if s.visit.machine_id == self.machine]
        assert sum(not s.contested for s in open_lines) <= 1, "one line a machine that anything is begun on"
        if any(not s.contested for s in open_lines):
            left = {visit.id for visit in self.record.machines.detail(self.machine).visits if visit.closed is None}
            assert left <= {s.visit.id for s in open_lines}, "what is begun on is a PC's only visit that is not over"


async def away(bench: Bench) -> None:
    """The PC was seen, and is off."""
    await bench.hello()
    bench.workshop.left(bench.sessions[0][0], goodbye=True)


async def away_and_chosen(bench: Bench) -> None:
    """A choice waits for it."""
    await away(bench)
    await bench.choose()


async def away_in_a_batch(bench: Bench) -> None:
    """Its menu has armed the batch."""
    await away(bench)
    bench.sessions.clear()
    bench.batch = bench.record.batches.arm(LOOK.id, 1, "anne").id


async def waiting(bench: Bench) -> None:
    """It waits for a choice."""
    await bench.hello()


async def at_work(bench: Bench) -> None:
    """Its check is ordered."""
    await bench.hello()
    await bench.choose()


async def contested(bench: Bench) -> None:
    """Of two lines that spoke for it one is gone."""
    await bench.hello()
    await bench.another_hello()
    bench.workshop.left(bench.sessions.pop(0)[0], goodbye=True)


async def two_lines(bench: Bench) -> None:
    """Two lines speak for it."""
    await bench.hello()
    await bench.another_hello()


async def away_like_another(bench: Bench) -> None:
    """Another machine may be the same PC."""
    await away(bench)
    bench.look_alike = bench.record.visits.greet(hello(pc(255 - bench.number), f"like-{bench.number}"), "").machine_id


SITUATIONS: dict[Callable[[Bench], Awaitable[None]], tuple[str, ...]] = {
    away: ("hello", "another_hello", "choose", "deny"),
    away_and_chosen: ("hello", "another_hello", "cancel", "deny", "choose"),
    away_in_a_batch: ("hello", "disarm", "choose", "deny"),
    waiting: ("choose", "cancel", "deny", "lose", "hello", "another_hello"),
    at_work: ("report", "lose", "deny", "hello", "another_hello"),
    contested: ("succeed", "third_hello", "lose", "choose"),
    away_like_another: ("merge", "hello", "another_hello"),
}
PAIRS = [
    *((situation, *pair) for situation, acts in SITUATIONS.items() for pair in combinations(acts, 2)),
    (waiting, "choose", "choose"),
    (away, "another_hello", "another_hello"),
    (away, "arm", "arm"),
    (away_and_chosen, "deny", "allow"),
    (contested, "third_hello", "vouch"),
    (two_lines, "hello", "vouch"),
    (two_lines, "hello", "keep_out_older"),
    (two_lines, "hello", "vouch_older"),
    (two_lines, "third_hello", "vouch_older"),
    (two_lines, "vouch", "vouch_older"),
]


@pytest.mark.parametrize(
    ("situation", "one", "other"), PAIRS, ids=[f"{first.__name__}: {one}, {other}" for first, one, other in PAIRS]
)
def test_of_two_things_at_one_instant_nothing_is_lost_done_twice_or_done_after_all(
    empty_record: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    situation: Callable[[Bench], Awaitable[None]],
    one: str,
    other: str,
) -> None:
    path = Path(shutil.copy(empty_record, tmp_path / "record.sqlite"))
    numbers = count(1)
    with open_record(path) as record:
        for pair in sorted({(one, other), (other, one)}):
            last, held_at = 0, -1
            while held_at <= last:
                order = (held_at,) if held_at >= 0 else ()
                bench = Bench(new_workshop(record), next(numbers))
                last = asyncio.run(_play(bench, monkeypatch, situation, pair, order))
                held_at += 1
        assert record.journal.verify().broken is None


async def _play(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    situation: Callable[[Bench], Awaitable[None]],
    pair: tuple[str, str],
    order: tuple[int, ...],
) -> int:
    """Play both, the other one going on for once at the turn of `order`; gives how many turns there were."""
    await situation(bench)
    turns = Turns(order)
    with monkeypatch.context() as held:
        held.setattr(asyncio, "to_thread", turns.to_thread)
        held.setattr(contest, "BACK_WITHIN", 0.0)
        await turns.play(*(getattr(bench, act)() for act in pair))
    try:
        bench.check()
    except AssertionError as error:
        raise AssertionError(f"{pair}, order {order}: {error}") from error
    armed = bench.record.batches.newest()
    if armed is not None and not armed.ending:
        bench.record.batches.disarm(armed.id, "anne")
    return turns.turns
