"""The values that the record returns: frozen structs, so that no caller holds a row of the database.

Times are UTC datetimes, sizes bytes, durations seconds. Not for: the tables themselves (`tables.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from netboot.jobs.disk_answers import Answer
from netboot.jobs.erase_exception import EraseException
from netboot.jobs.identity import Key
from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.policy import Policy
from netboot.jobs.profile import Profile
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.capture import CaptureOptions
from netboot.shared.stages.erase import Erasure, Level, Verdict

JobState = Literal["running", "done", "failed", "interrupted"]
StageState = Literal["waiting", "running", "done", "failed"]
ChoiceSource = Literal["page", "menu"]
BatchEnd = Literal["", "full", "disarmed", "replaced", "expired", "changed", "restored"]
"""How a batch ended; "" while it is armed."""
Standing = Literal["", "two-lines", "other-adapter", "vouched", "refused"]
"""What stands against a visit: "" for nothing; another line speaks for its PC; its line comes from an adapter that its
hello does not tell; a person said since that it is the PC, or that it is not."""
CONTESTED: Final[tuple[Standing, ...]] = ("two-lines", "other-adapter")
"""What keeps a visit from beginning anything."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a chosen profile comes to on one PC: all that a job needs beside the choice itself."""

    profile: Profile
    master: MasterNeeds | None
    hostname: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the newest job of a visit ended, for an agent that missed the message."""

    job_id: str
    profile: Profile
    state: JobState
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that was begun in a machine, stopped at `stage`, and was not done anew since; `problem` says why.

    `running`: on the record it is at work. A PC that starts anew was cut in it all the same.
    """

    job_id: str
    profile: Profile
    stage: StageName
    problem: Problem
    running: bool


@dataclass(frozen=True, slots=True)
class LeftAt:
    """A machine in which work was left, and the adapter that it came by last."""

    machine_id: str
    mac: str
    label: str
    unfinished: Unfinished


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of a machine in the agent.

    `token` is plain only when it was just made (else ""); `last_report` is the number of the newest report on the
    record; `job` is the unfinished job, `outcome` the last one that ended; `left` what is left undone in the machine.
    A visit that is `over` is told its outcome and nothing else. One that is `beside` came by another adapter while the
    machine's job goes on in a visit whose line is broken. `seal_key` is what its secrets are sealed to, for good.
    """

    id: str
    machine_id: str
    machine_number: int
    label: str
    token: str
    new: bool
    last_report: int
    job: Job | None
    outcome: Outcome | None
    left: Unfinished | None = None
    standing: Standing = ""
    over: bool = False
    beside: bool = False
    seal_key: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's pick of a profile for a machine. `who` is "" for a pick in the boot menu; it serves one visit.

    `capture`: what the person called the master to be captured, where they were asked.
    """

    id: str
    machine_id: str
    profile: str
    who: str
    source: ChoiceSource
    at: datetime
    target: DiskId | None
    capture: CaptureOptions | None = None


@dataclass(frozen=True, slots=True)
class PendingChoice:
    """A choice that waits for its machine, with the machine's label."""

    label: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of a batch that was taken, counted from 1, with the machine's label."""

    number: int
    machine_id: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """A profile armed for the next PCs that boot from the network. `ending` is "" and `closed` None while it is.

    `until`: it takes nobody from then on.
    """

    id: str
    profile: str
    places: int
    taken: tuple[PlaceRow, ...]
    who: str
    at: datetime
    until: datetime
    closed: datetime | None
    ending: BatchEnd

    @property
    def left(self) -> int:
        """How many places PCs can still take."""
        return 0 if self.ending else self.places - len(self.taken)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What a person set for the PC of this name. `note` is for people; `machine_id` and `label` "" while unknown."""

    key: Key
    machine_id: str
    label: str
    policy: Policy
    note: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a job, for the page. `seconds` is 0 until it ended; `result` is what it found, of stages of which
    the page says it."""

    stage: StageName
    state: StageState
    seconds: float
    problem: Problem | None
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """One erasure, with the whole evidence, as the chain holds it.

    `in_chain`: its event stands whole in the chain and says what the table says; else it proves nothing, and is
    *undetermined*.
    """

    id: int
    machine_id: str
    job_id: str
    at: datetime
    verdict: Verdict
    level: Level
    evidence: Erasure
    in_chain: bool = True


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a person said of a machine's disks."""

    id: int
    answer: Answer
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job, for the page; `answers` and `exception`, with who signed it, are those it went by.

    `chosen_by` is who signed in and chose it, or armed its batch; "" for a choice in the boot menu. `erased_by` is the
    job by whose erase it went on after a power cut, "" for none, and `erased_at` when that ended.
    """

    id: str
    visit_id: str
    profile: Profile
    master_name: str
    master_digest: str
    hostname: str
    chosen_by: str
    state: JobState
    problem: Problem | None
    started: datetime
    ended: datetime | None
    stages: tuple[StageRow, ...]
    erasures: tuple[ErasureRow, ...]
    answers: tuple[AnswerRow, ...] = ()
    exception: EraseException | None = None
    signed_by: str = ""
    erased_by: str = ""
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit, for the page; `jobs` newest first. `kit` is whose stick brought it back, "" for one on the LAN."""

    id: str
    boot: str
    mac: str
    mode: Literal["bios", "uefi"]
    secure_boot: str
    opened: datetime
    closed: datetime | None
    inventory: Inventory
    jobs: tuple[JobRow, ...]
    adapter: str = ""
    standing: Standing = ""
    kit: str = ""


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit as a person saw it, with its machine's id and label."""

    machine_id: str
    label: str
    visit: VisitRow


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One line of the workshop's list: a machine with its newest visit (its newest job first) and a waiting choice.

    `job` is the newest job of all its visits, `written` the newest that writes to its disks, if that is another one;
    `left` is what is left undone in it.
    `merged_into` is the id of the machine that an operator said it is, "" for none.
    """

    id: str
    number: int
    label: str
    visit: VisitRow
    choice: Choice | None
    job: JobRow | None = None
    written: JobRow | None = None
    left: Unfinished | None = None
    merged_into: str = ""

    @property
    def mac(self) -> str:
        """The adapter it last came by."""
        return self.visit.mac


@dataclass(frozen=True, slots=True)
class MachinesFound:
    """A part of what a search found, by number: `count` is how many in all, `more` whether some follow these rows."""

    rows: tuple[MachineRow, ...]
    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class MachineDetail:
    """What is known of one machine; visits newest first, of which `unread` more are on the record.

    `merged_into` is the machine that an operator said it is, `merged` are those that were merged into this one.
    """

    id: str
    number: int
    label: str
    added: datetime
    keys: tuple[Key, ...]
    visits: tuple[VisitRow, ...]
    unread: int
    choice: Choice | None
    left: Unfinished | None = None
    merged_into: MachineRow | None = None
    merged: tuple[MachineRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One link of a server's chain, as it was hashed. `body` is canonical JSON; a subject that is none is ""."""

    server: str
    sequence: int
    at: str
    kind: str
    machine_id: str
    visit_id: str
    job_id: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What reading every event again showed. `broken` is the first (server, sequence) that is wrong, `why` says how."""

    events: int
    broken: tuple[str, int] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class HeldMaster:
    """A manifest (its digest) that a job of this machine was ordered, `started` then, and which is not over.

    `folders`: the digests of the listings of its profile's folders.
    """

    digest: str
    machine_number: int
    label: str
    started: datetime
    folders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MasterRow:
    """One master that this server has had."""

    digest: str
    name: str
    version: str
    licence: str
    added: datetime


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in. `password_hash` is argon2's own text, made and checked by the page."""

    name: str
    password_hash: str
    added: datetime


@dataclass(frozen=True, slots=True)
class KeptLease:
    """An address that a PC has (`bound`) or had until then."""

    address: str
    mac: str
    name: str
    bound: bool
    until: datetime
