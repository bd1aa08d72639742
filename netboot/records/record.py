"""The record as the rest of the server sees it: every method is one transaction, on disk when it returns.

Safe to call from several threads; it blocks (disk, locks), so the server calls it in a worker thread. What a method
raises beyond its own words is SQLAlchemy's: a full or broken disk.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from netboot.jobs.disk_answers import Answer
from netboot.jobs.identity import Key
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.named import Named
from netboot.jobs.policy import Policy
from netboot.jobs.profile import Profile
from netboot.records import (
    agreed,
    batches,
    choices,
    disk_answers,
    events,
    inventories,
    jobs,
    machines,
    merging,
    naming,
    overview,
    people,
    policies,
    proofs,
    restored,
    standing,
    starting,
    unfinished,
    visits,
)
from netboot.records import leases as kept_leases
from netboot.records.arrivals import Arrivals
from netboot.records.bench_day import BenchDay
from netboot.records.chain_head import ChainHeads, Link, compare
from netboot.records.database import READING, open_database, told_of_damage
from netboot.records.refusals import NoPlace, NotAsSeen, UnknownProfile
from netboot.records.values import (
    AnswerRow,
    Batch,
    ChainCheck,
    Choice,
    ErasureRow,
    Event,
    KeptLease,
    LeftAt,
    MachineDetail,
    MachineRow,
    MachinesFound,
    MasterRow,
    Operator,
    Outcome,
    PendingChoice,
    PolicyRow,
    SeenVisit,
    Standing,
    Start,
    Unfinished,
    Visit,
)
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem
from netboot.shared.protocol import Hello
from netboot.shared.stages import StageName

Clock = Callable[[], datetime]

NOWHERE: Final = ChainHeads(None)
LEFT_SHOWN: Final = timedelta(days=7)
"""How long a PC in which work was left stands among the PCs of today after a restart; in the list it does for ever."""
LEFT_MOST: Final = 128
VISITS_READ: Final = 50
"""Visits of one machine that its page shows."""


def utc_now() -> datetime:
    """The clock of a record that is given none."""
    return datetime.now(UTC)


def open_record(
    place: str | os.PathLike[str],
    *,
    heads: Path | None = None,
    clock: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> "Record":
    """Open the record at a path or a database URL; it is made, or brought up to this version, first.

    `heads` is a folder, apart from the record's, where its last event is kept: a record that is older than that has all
    withdrawn that waits in it (`Record.restored`). None asks nothing and keeps nothing.
    `monotonic` gives seconds that nobody sets: with it a PC of this morning is known as such when `clock` is put ahead.

    Raises NetbootError when it cannot be, when it is damaged, or when a newer netboot wrote it.
    """
    record = Record(open_database(place), clock, monotonic, ChainHeads(heads))
    try:
        record.compare_with_head()
        record.take_up_day()
    except BaseException:
        record.close()
        raise
    return record


class Record:
    """Everything the workshop remembers."""

    def __init__(
        self, engine: Engine, clock: Clock, monotonic: Callable[[], float], heads: ChainHeads = NOWHERE
    ) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**READING)
        self._now = clock
        self._day = BenchDay(monotonic)
        self._arrivals = Arrivals(monotonic)
        self._heads = heads
        self._newest: Link | None = None
        self.restored = False
        """Whether this record was found to be older than the last one that was written, when it was opened."""

    def compare_with_head(self) -> None:
        """Withdraw all that waits when this record is older than what was written, or nobody knows."""
        if not self._heads:
            return
        with self._writing() as session:
            own = events.head(session)
            known = self._heads.read(own.server)
            there = None if known is None else events.hash_of(session, known)
            if compare(known, own, there) != "same":
                restored.withdraw_all(session, known, now=self._now())
                self.restored = True

    def take_up_day(self) -> None:
        """Count what each address added within the last day, before this process."""
        with self._read() as session:
            self._arrivals.take_up(visits.lately(session, began=self._day.began(session), now=self._now()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # Visits

    def greet(
        self,
        hello: Hello,
        mac: str,
        *,
        address: str = "",
        adapter: str = "",
        on_line: machines.OnLine = lambda visit_id: False,
    ) -> Visit:
        """Find or make the machine and its visit. An earlier visit of it is closed, and its unfinished job ended.

        `address` is where its line comes from, "" when not known: each has a share of what a minute and a day bring.
        `adapter` is whose address that is as the kernel knows it.
        `on_line` tells whether a visit's agent is on the line; it is called while the record is locked: it must be
        quick and not ask the record. What a known machine is called and known by changes with its first report only.

        While an agent of the machine is on the line, no visit is closed: the caller is to `contest` both.

        Raises WrongToken when this boot's visit belongs to another agent, or is over; OtherOnLine when this very boot's
        agent is on the line, and this one has not its token; HelloRefused when more PCs come than a workshop has.
        Nothing is changed then.
        """
        with self._writing() as session:
            came = visits.Arrival(mac, address, adapter)
            return visits.greet(session, hello, came, arrivals=self._arrivals, on_line=on_line, now=self._now())

    def end_visit(self, visit_id: str) -> None:
        """The agent has left for good."""
        with self._writing() as session:
            visits.end(session, visit_id, now=self._now())

    def is_newest_visit(self, visit_id: str) -> bool:
        """Whether its machine has not been started again since."""
        with self._read() as session:
            return visits.is_newest(session, visit_id)

    def visit(self, visit_id: str) -> Visit:
        """The visit as it is now. Raises NotOnRecord."""
        with self._read() as session:
            return visits.again(session, visit_id)

    def contest(self, visit_ids: Collection[str], why: Standing, *, address: str, adapter: str) -> None:
        """Let nothing begin in these visits until a person says which one is the PC (`standing.py`)."""
        with self._writing() as session:
            standing.contest(session, visit_ids, why, address=address, adapter=adapter, now=self._now())

    def uncontest(self, visit_id: str, *, on_line: machines.OnLine) -> Visit:
        """The other line was dead: this visit succeeds the machine's earlier ones, which end as at another boot."""
        with self._writing() as session:
            return visits.succeed(session, visit_id, on_line=on_line, now=self._now())

    def require_seen(self, machine_id: str, visit_id: str) -> None:
        """Raises NotThatVisit when the PC has another visit since than the one that a person saw; Contested."""
        with self._read() as session:
            standing.require_seen(session, machine_id, visit_id)

    def vouch(self, visit_id: str, who: str) -> tuple[str, ...]:
        """A person says that this contested visit is the PC; gives the visits that are not, which are over.

        Raises NotThatVisit when it is not contested, or over.
        """
        with self._writing() as session:
            return standing.vouch(session, visit_id, who=who, now=self._now())

    def keep_out(self, visit_id: str, who: str) -> None:
        """A person says that this contested visit is not the PC: it is over. Raises NotThatVisit as `vouch`."""
        with self._writing() as session:
            standing.keep_out(session, visit_id, who=who, now=self._now())

    # Choices

    def choose(
        self,
        machine_id: str,
        profile: str,
        who: str,
        target: DiskId | None = None,
        *,
        seen: str = "",
        shown: str = "",
    ) -> Choice:
        """A signed-in person's choice for this machine's visit, or its next one; it takes the place of an earlier.

        It waits for CHOICE_LASTS (`choices.py`), then it is withdrawn. `seen` is the visit that the person saw, `shown`
        the digest of what it showed them (`seen.py`).

        Raises AtWork while the machine has a job that is not over, NotOnRecord when the machine is unknown; where a
        visit was seen, NotThatVisit when the PC has another since, or shows something else in it, Contested while
        nobody knows which line is the PC.
        """
        with self._writing() as session:
            if seen:
                standing.require_seen(session, machine_id, seen)
            visit = seen or standing.newest_of(session, machine_id)
            return choices.choose(
                session, machine_id, profile, who=who, target=target, visit_id=visit, shown=shown, now=self._now()
            )

    def cancel_choice(self, machine_id: str, who: str, *, choice: str = "") -> bool:
        """Withdraw what waits for this machine, if it is this `choice`, where one is named; False when nothing did."""
        with self._writing() as session:
            return choices.cancel(session, machine_id, who=who, only=choice, now=self._now())

    def waiting_choice(self, *, mac: str, uuid: str) -> Choice | None:
        """The choice that waits for the PC in whose boot menu this address and UUID stand; not used up.

        A hint for the menu, no permission to write: a loader knows less of a PC than its agent, whose hello decides.
        """
        with self._read() as session:
            return choices.waiting_at_boot(session, mac=mac, uuid=uuid, now=self._now())

    def withdraw_changed(self, profiles: Sequence[Profile]) -> tuple[str, ...]:
        """At the server's start: withdraw what waits for a profile that is not what it was at the last start.

        Gives the ids of the profiles whose choices or batch were withdrawn.
        """
        with self._writing() as session:
            return agreed.withdraw_changed(session, profiles, now=self._now())

    # Batches and policies

    def arm_batch(self, profile: str, places: int, who: str, *, instead: str = "") -> Batch:
        """Arm a profile for the next `places` PCs; `instead` is the id of the armed batch that it replaces, if any.

        It lasts as long as a choice. Raises BatchArmed when another batch is armed than `instead`.
        """
        with self._writing() as session:
            return batches.arm(session, profile, places, who=who, instead=instead, now=self._now())

    def disarm_batch(self, batch_id: str, who: str) -> bool:
        """Let no further PC into this batch; False when it was over already."""
        with self._writing() as session:
            return batches.disarm(session, batch_id, who=who, now=self._now())

    def newest_batch(self) -> Batch | None:
        """The armed batch, or else the last one of this bench day."""
        with self._read() as session:
            return batches.newest(session, now=self._now())

    def batch_for(self, *, mac: str, uuid: str) -> Batch | None:
        """The armed batch, if the PC in whose boot menu these names stand may take a place; no place is taken."""
        with self._read() as session:
            began = self._day.began(session)
            return batches.offered(session, mac=mac, uuid=uuid, began=began, now=self._now())

    def set_policy(self, keys: Collection[Key], policy: Policy, who: str, *, note: str = "") -> None:
        """What holds from now on for the PC with these names; `Policy()` and no note: nothing is set any more."""
        with self._writing() as session:
            policies.set_for(session, keys, policy, who=who, note=note, now=self._now())

    def names_of_others(self, machine_id: str, keys: Collection[Key]) -> frozenset[Key]:
        """Those of these names that another machine is known by as well."""
        with self._read() as session:
            return machines.names_of_others(session, machine_id, keys)

    def machine_at(self, mac: str) -> str:
        """The id of the machine that this adapter belongs to, "" when there is none, or more than one."""
        with self._read() as session:
            machine = machines.at_boot(session, mac=mac, uuid="")
            return "" if machine is None else machine.id

    def policies(self) -> tuple[PolicyRow, ...]:
        """Everything that people set for single PCs, the newest first."""
        with self._read() as session:
            return policies.read(session)

    # Answers about disks

    def answer_about_disks(self, machine_id: str, visit_id: str, answers: Sequence[Answer], who: str) -> None:
        """A signed-in person's answers about what this visit showed: they count for the machine's next job.

        Raises AtWork while the machine has a job that is not over, NotOnRecord when the visit is not the machine's, or
        is over where a disk is named by its place.
        """
        with self._writing() as session:
            disk_answers.give(session, machine_id, visit_id, answers, who=who, now=self._now())

    def disk_answers(self, machine_id: str, visit_id: str) -> tuple[AnswerRow, ...]:
        """What was said of this machine's disks that counts in this visit, in order. Raises NotOnRecord."""
        with self._read() as session:
            return disk_answers.of_visit(session, machine_id, visit_id)

    # Jobs

    def begin(
        self, visit_id: str, *, menu: str = "", batch: str = "", prepare: Callable[[str], Start | None]
    ) -> Job | None:
        """Use up what this visit is to follow and start its job: both are on disk, or neither.

        That is the boot menu's pick (`Hello.profile`), once a visit, else what waits for the machine, else a place in
        the batch that its menu had armed (`Hello.batch`); each choice and each place is given out once.

        `prepare` makes of a profile's id what its job needs, or None when there is no such profile. It is called while
        the record is locked: it must be quick and not ask the record. None when nothing was chosen.

        Raises UnknownProfile, or NotAsSeen, once the choice is withdrawn for good: the first when its profile is gone,
        the second when the PC or its disks are not what the person saw; NoPlace when the batch has none for this PC;
        NotOnRecord when the visit is unknown or has a job that is not over, Contested while nobody knows whether its
        line is the PC, NotThatVisit when it is over: the choice then waits on.
        """
        with self._writing() as session:
            begun = starting.begin(
                session,
                visit_id,
                menu=menu,
                batch=batch,
                prepare=prepare,
                began=self._day.began(session),
                now=self._now(),
            )
        if isinstance(begun, UnknownProfile | NotAsSeen | NoPlace):
            raise begun
        return begun

    def refuse(self, visit_id: str, *, menu: str = "", batch: str = "") -> None:
        """Withdraw what this visit was to follow (see `begin`): it counts no more, also when it is told again."""
        with self._writing() as session:
            starting.refuse(session, visit_id, menu=menu, batch=batch, now=self._now())

    def job_of_visit(self, visit_id: str) -> Job | None:
        """The visit's job that is not over."""
        with self._read() as session:
            return jobs.running(session, visit_id)

    def job_over(self, visit_id: str, job_id: str) -> Job | None:
        """The visit's job of this id if it has one, and it is over."""
        with self._read() as session:
            return jobs.over(session, visit_id, job_id)

    def outcome_of_visit(self, visit_id: str) -> Outcome | None:
        """How the visit's newest job ended, if it has."""
        with self._read() as session:
            return jobs.outcome(session, visit_id)

    def stage_started(self, job_id: str, stage: StageName, report_number: int) -> Job:
        """A report that a stage began; one that is on the record already changes nothing. Gives the job as it is."""
        with self._writing() as session:
            return jobs.stage_started(session, job_id, stage, report_number, now=self._now())

    def stage_finished(self, job_id: str, record: StageRecord, seconds: float | None, report_number: int) -> Job:
        """A judged report that a stage ended; one that is on the record already changes nothing. Gives the job.

        With its last stage the job is done and its visit over: the PC leaves as soon as it hears that this is kept.
        """
        with self._writing() as session:
            visit_id = jobs.visit_of(session, job_id)
            job = jobs.stage_finished(
                session, job_id, record, seconds, report_number, arrivals=self._arrivals, now=self._now()
            )
            if all(stage.state == "done" for stage in job.stages):
                jobs.end(session, job_id, None, now=self._now())
                visits.end(session, visit_id, now=self._now())
        return job

    def end_job(self, job_id: str, problem: Problem | None) -> None:
        """The job is over: done (None), interrupted or failed, as the problem's code says.

        Once it is done, nothing that was chosen waits for its machine any more.
        """
        with self._writing() as session:
            jobs.end(session, job_id, problem, now=self._now())

    def left_undone(self, machine_id: str) -> Unfinished | None:
        """The work in this machine that stopped early and was not done anew since."""
        with self._read() as session:
            return unfinished.unfinished(session, [machine_id]).get(machine_id)

    def left_undone_at_boot(self, *, mac: str, uuid: str) -> Unfinished | None:
        """The same for the PC in whose boot menu these names stand: for people to read, no permission to write."""
        with self._read() as session:
            machine = machines.at_boot(session, mac=mac, uuid=uuid)
            return None if machine is None else unfinished.unfinished(session, [machine.id]).get(machine.id)

    def left_lately(self) -> tuple[LeftAt, ...]:
        """The machines in which work was left within the last LEFT_SHOWN, the newest LEFT_MOST of them."""
        with self._read() as session:
            return unfinished.left_since(session, self._now() - LEFT_SHOWN, limit=LEFT_MOST)

    def named(self) -> tuple[Named, ...]:
        """The PCs that bear the name of their newest installation, oldest first; without addresses."""
        with self._read() as session:
            return naming.named(session)

    # Machines that an operator says are one

    def look_alikes(self, machine_id: str) -> tuple[MachineRow, ...]:
        """The machines that have something in common with this one, and might be the same PC; by number."""
        with self._read() as session:
            return overview.of_ids(session, merging.look_alikes(session, machine_id), now=self._now())

    def merge_machines(
        self, machine_id: str, into: str, who: str, *, on_line: machines.OnLine = lambda visit_id: False
    ) -> None:
        """An operator says that this machine is the PC `into`: what waits for either is withdrawn.

        `on_line` as in `greet`. Raises CannotMerge when one was merged before, or this one's agent is on the line;
        NotOnRecord when one is unknown.
        """
        with self._writing() as session:
            merging.merge(session, machine_id, into, who=who, on_line=on_line, now=self._now())

    def separate_machine(self, machine_id: str, who: str) -> bool:
        """Undo a merge from now on; False when this machine is merged into none. Raises NotOnRecord."""
        with self._writing() as session:
            return merging.separate(session, machine_id, who=who, now=self._now())

    # What the page reads

    def machines_overview(self, limit: int = 500) -> tuple[MachineRow, ...]:
        """The `limit` machines whose newest visits are the newest of all, each with that visit; by number."""
        with self._read() as session:
            return overview.machines(session, limit=limit, now=self._now())

    def search_machines(self, text: str, *, after: int = 0, limit: int = 100) -> MachinesFound:
        """The first `limit` machines with a greater number than `after` that this text stands in; "" is in all.

        It is looked for in labels, addresses, UUIDs, serial numbers and disks, whatever the case of a-z.
        """
        with self._read() as session:
            return overview.search(session, text, after=after, limit=limit, now=self._now())

    def pending_choices(self) -> tuple[PendingChoice, ...]:
        """Every choice that still waits for its machine."""
        with self._read() as session:
            return overview.pending_choices(session, now=self._now())

    def machine_detail(self, machine_id: str) -> MachineDetail:
        """One machine with its newest visits, VISITS_READ of them, and those that erased. Raises NotOnRecord."""
        with self._read() as session:
            return overview.machine(session, machine_id, newest=VISITS_READ, proven=VISITS_READ, now=self._now())

    def seen_visit(self, visit_id: str) -> SeenVisit:
        """The visit that a person saw, as it is on the record now. Raises NotOnRecord."""
        with self._read() as session:
            return overview.visit(session, visit_id)

    def machine_now(self, machine_id: str) -> MachineDetail:
        """One machine with its newest visit only: enough to decide about it. Raises NotOnRecord."""
        with self._read() as session:
            return overview.machine(session, machine_id, newest=1, proven=0, now=self._now())

    def erasures_of(self, machine_id: str) -> tuple[ErasureRow, ...]:
        """Every erasure done in this machine, oldest first."""
        with self._read() as session:
            return overview.erasures(session, machine_id)

    def history_of_disk(self, disk: DiskId) -> tuple[ErasureRow, ...]:
        """Every erasure of this disk in whichever machine, oldest first."""
        with self._read() as session:
            return overview.history_of_disk(session, disk)

    # Events

    def events(self, after: int = 0, limit: int = 100, *, machine: str = "") -> tuple[Event, ...]:
        """This server's events with a greater sequence number, in order; of one machine when it is named."""
        with self._read() as session:
            return events.read(session, after=after, limit=limit, machine=machine)

    def last_event(self) -> int:
        """The number of this server's newest event; 0 before the first one."""
        with self._writing() as session:
            return events.head(session).sequence

    def verify_chain(self) -> ChainCheck:
        """Read and hash every event again, and compare each proof of erasure and each inventory with what it says.

        Some seconds for 50,000.
        """
        with self._read() as session:
            check = events.verify(session)
            if check.broken is not None:
                return check
            if other := proofs.differing(session):
                why = "the proof that is kept of it says otherwise"
            elif other := inventories.differing(session):
                why = "the inventory that is kept of it is not what was hashed"
            else:
                return check
            return replace(check, broken=(other.server, other.sequence), why=why)

    # People, settings, masters

    def set_operator(self, name: str, password_hash: str) -> None:
        """Add an operator, or give one a new password (argon2's text, made by the page)."""
        with self._writing() as session:
            people.set_operator(session, name, password_hash, now=self._now())

    def add_first_operator(self, name: str, password_hash: str, *, after: int) -> bool:
        """Add the first operator, if nobody is one now nor was since the event of number `after`; whether that was
        so."""
        with self._writing() as session:
            return people.add_first_operator(session, name, password_hash, after=after, now=self._now())

    def operator(self, name: str) -> Operator | None:
        """One operator, or None."""
        with self._read() as session:
            return people.operator(session, name)

    def operators(self) -> tuple[Operator, ...]:
        """Every operator, by name."""
        with self._read() as session:
            return people.operators(session)

    def forget_person(self, name: str) -> None:
        """Take a person off the record without touching an event."""
        with self._writing() as session:
            people.forget(session, name, now=self._now())

    def setting(self, key: str) -> str | None:
        """What was set under this key, or None."""
        with self._read() as session:
            return people.setting(session, key)

    def set_setting(self, key: str, value: str) -> None:
        """Remember a value under a key."""
        with self._writing() as session:
            people.set_setting(session, key, value)

    def remember_master(self, digest: str, *, name: str, version: str, licence: str) -> MasterRow:
        """A master came into the store; told twice, it is remembered once."""
        with self._writing() as session:
            return people.remember_master(session, digest, name=name, version=version, licence=licence, now=self._now())

    def masters(self) -> tuple[MasterRow, ...]:
        """Every master this server has had, newest first."""
        with self._read() as session:
            return people.masters(session)

    # Leases

    def keep_leases(self, leases: Sequence[KeptLease]) -> None:
        """Addresses that were given or given back; no event, and no wait for the chain's lock."""
        with Session(self._engine) as session, session.begin():
            kept_leases.keep(session, leases)

    def leases(self) -> tuple[KeptLease, ...]:
        """Every address that was ever given, by the end of its time."""
        with self._read() as session:
            return kept_leases.read(session)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with told_of_damage(), Session(self._engine) as session:
            with session.begin():
                chain = events.lock_chain(session)
                self._day.note(session)
                yield session
                newest = Link(chain.server, chain.sequence, chain.hash)
            if newest != self._newest:
                self._heads.write(newest)
                self._newest = newest

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with told_of_damage(), Session(self._reading) as session, session.begin():
            yield session
