"""The messages between the agent and the server: JSON texts over one WebSocket, version 5.

    agent                          server
    Hello            ───────────▶            who I am, what was chosen in the boot menu and its ticket
                     ◀───────────  Welcome   your visit, its token; how long to wait for a choice
                     ◀───────────  Plan      the job: its stages, in order
                     ◀───────────  RunStage  do this one now
    StageStarted     ───────────▶
    StageProgress    ───────────▶            live only, never on the record
    EraseBegun       ───────────▶            a disk is about to be erased: on the record before its drive hears it
    EraseReached     ───────────▶            how far an overwrite is, kept for the case of a power cut
    FormatTold       ───────────▶            a drive is about to be formatted for its master, or was: as above
    QuestionAsked    ───────────▶            the stage asks a person; sent again after every Welcome while it is open
                     ◀───────────  QuestionAnswered: what a person on the page answered
    QuestionClosed   ───────────▶            which answer counted, or that none came
    StageFinished    ───────────▶            with its result: the evidence
                     ◀───────────  Received  everything up to this number is on the record
                     ◀───────────  Leave     nothing more to do: disk, reboot or power off

Reports carry a number; the agent keeps each until it is `Received`, and sends it again after a broken connection, so
that nothing is lost when the server is killed. The server orders one stage at a time and judges the result before it
orders the next. Every text and list is bounded; `decode_*` raise `ProtocolError` and nothing else.
A message that names a key twice is refused: two parsers could read it differently.
Offsets and sizes are bytes, times are seconds.

The agent decides which answer to a question was first: answers from keyboard and page both reach it, and the stage
waits there also while the connection is down. The server knows who answered on the page.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from netboot.shared.disk_progress import DISKS, DiskProgress
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.fields import At, Identifier, Moment, Token
from netboot.shared.inventory import Count, DiskId, Inventory, Size, Text
from netboot.shared.language import Language
from netboot.shared.private_files import Sealed, SealKey
from netboot.shared.problems import Problem
from netboot.shared.stage_question import AnswerId, Code, How, StageQuestion
from netboot.shared.stages import Result, Stage, StageName
from netboot.shared.stages.finish import EndAction

VERSION: Final = 5
MESSAGE_LIMIT: Final = 512 * 1024
"""Longest message either side accepts, in bytes."""


class ProtocolError(ValueError):
    """A message that is not of this protocol."""


# ── stages, as the server orders them ───────────────────────────────────────────────────────────────────────────────


# ── what a stage proves ─────────────────────────────────────────────────────────────────────────────────────────────


# ── from the agent ──────────────────────────────────────────────────────────────────────────────────────────────────


class Hello(Struct, frozen=True, kw_only=True, tag="hello"):
    """The first message of every connection.

    `boot` is the kernel's random boot id: one visit a boot. `profile` is what was picked in the boot menu of this
    very boot, `batch` the batch that its menu had armed, `ticket` the menu's proof of both ("" for none), and
    `menu_mac` the address that the loader told the menu; a dock may have another under Linux. `token` is the one an
    earlier Welcome of this visit gave. `running` is the stage at work. `seal_key` is what this agent's secrets are
    sealed to (`private_files.py`); the one of a visit's first hello counts.
    """

    version: int
    boot: Identifier
    profile: Identifier = ""
    batch: Identifier = ""
    ticket: Token = ""
    menu_mac: Annotated[str, Meta(pattern=r"^([0-9a-f]{2}(:[0-9a-f]{2}){5})?\Z")] = ""
    language: Language = "fr"
    token: Token = ""
    running: StageName | None = None
    inventory: Inventory
    seal_key: SealKey = ""


class StageStarted(Struct, frozen=True, kw_only=True, tag="started"):
    """A stage began."""

    number: Count
    job: Identifier
    stage: StageName
    at: At


class Stuck(Struct, frozen=True, kw_only=True):
    """What a stage waits for: it has not come further for `seconds`.

    disk: one of the disks that are erased, which is given up alone. drive: one that erases itself and says that it is
    no further; it is given up in `left` seconds. target: the one that gets the master, and server: what sends it; the
    stage ends with either. format: the one that gets the master is formatted for it, and the stage ends in `left`
    seconds unless it answers. sleep: the PC is about to be suspended, so that this disk thaws, and hidden: the disk is
    giving back what it hides behind its end; neither is a fault. `disk` is the disk's name for people.
    """

    disk: Text = ""
    what: Literal["disk", "drive", "target", "server", "sleep", "hidden", "format"] = "disk"
    seconds: Annotated[float, Meta(ge=0, le=1e10)]
    left: Annotated[float, Meta(ge=0, le=1e10)] = 0


class StageProgress(Struct, frozen=True, kw_only=True, tag="progress"):
    """Where a stage is: `done` of `total` bytes, at `rate` bytes/s; `part` names the disk or the step.

    `stuck` is what holds it up, the longest first. `disks` is where each disk of an erase is: the time left is then
    theirs, and `rate` is of those that are written or read.
    """

    job: Identifier
    stage: StageName
    done: Size
    total: Size
    rate: Annotated[float, Meta(ge=0)] = 0.0
    part: Text = ""
    stuck: Annotated[tuple[Stuck, ...], Meta(max_length=8)] = ()
    disks: Annotated[tuple[DiskProgress, ...], Meta(max_length=DISKS)] = ()


class EraseBegun(Struct, frozen=True, kw_only=True, tag="begun"):
    """A disk of the erase that runs is about to be erased so, or its drive has taken the order (`Begun.taken`)."""

    number: Count
    job: Identifier
    begun: Begun


class EraseReached(Struct, frozen=True, kw_only=True, tag="reached"):
    """An overwrite of this disk has written about so many bytes from its start. Only the newest is kept."""

    job: Identifier
    disk: DiskId
    done: Size


class FormatTold(Struct, frozen=True, kw_only=True, tag="format"):
    """The drive that gets the master is about to be given its sectors, or what became of that."""

    number: Count
    job: Identifier
    format: DriveFormat


class StageFinished(Struct, frozen=True, kw_only=True, tag="finished"):
    """A stage ended. `result` is its evidence, also when it failed and there is some."""

    number: Count
    job: Identifier
    stage: StageName
    at: At
    outcome: Literal["done", "failed"]
    problem: Problem | None = None
    result: Result | None = None


class QuestionAsked(Struct, frozen=True, kw_only=True, tag="question"):
    """A stage waits for a person's answer, for `left` more seconds. One question at a time; live only."""

    job: Identifier
    stage: StageName
    question: StageQuestion
    left: Annotated[float, Meta(ge=0, le=86_400)]


class QuestionClosed(Struct, frozen=True, kw_only=True, tag="question-closed"):
    """A stage waits no more for an answer to this. `choice` is what counted, "" when nobody answered."""

    number: Count
    job: Identifier
    stage: StageName
    question: StageQuestion
    how: How
    choice: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}\Z")] = ""


Report = (
    StageStarted
    | StageProgress
    | EraseBegun
    | EraseReached
    | FormatTold
    | StageFinished
    | QuestionAsked
    | QuestionClosed
)
"""What an agent says after its hello."""
FromAgent = Hello | Report

# ── from the server ─────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """Your visit. Without a plan, wait `wait` seconds for one, then go home to your disk. `number`: last received.

    `left`: what is left undone in this PC from an earlier visit, for the screen; None when nothing is.
    `now` is the server's clock, to which the agent sets the PC's: many a used PC's is years off. 0: it is not told.
    """

    version: int
    visit: Identifier
    token: Token
    machine: Text
    wait: Annotated[float, Meta(ge=0, le=7 * 86400)]
    number: Count = 0
    left: Problem | None = None
    now: Moment = 0.0


class Plan(Struct, frozen=True, kw_only=True, tag="plan"):
    """The job of this visit, for the screen: its profile in both languages and its stages in order."""

    job: Identifier
    profile: Annotated[dict[Language, Text], Meta(max_length=2)]
    stages: Annotated[tuple[StageName, ...], Meta(max_length=16)]


class RunStage(Struct, frozen=True, kw_only=True, tag="run"):
    """Do this stage now. Sent again after a reconnection; a stage that is already running is not started twice.

    `sealed` is what the stage needs and nobody else may know, for the `seal_key` of the visit's first hello.
    """

    job: Identifier
    stage: Stage
    sealed: Sealed = b""


class Received(Struct, frozen=True, kw_only=True, tag="received"):
    """Every report up to `number` is on the record."""

    number: Count


class Leave(Struct, frozen=True, kw_only=True, tag="leave"):
    """Nothing more to do: go home to the disk, restart, or power off. `problem` says why a job ended early."""

    action: EndAction
    problem: Problem | None = None


class Stay(Struct, frozen=True, kw_only=True, tag="stay"):
    """The job ended early: show `problem` and wait for a person; a new choice may come, nothing else is done."""

    problem: Problem


class QuestionAnswered(Struct, frozen=True, kw_only=True, tag="question-answered", omit_defaults=True):
    """A person on the page answered this question. It counts if it is the first answer that comes to the agent.

    `code` is what was typed with it, where the question asks for a code.
    """

    question: Token
    choice: AnswerId
    code: Code = ""


FromServer = Welcome | Plan | RunStage | Received | QuestionAnswered | Leave | Stay

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_from_agent: msgspec.json.Decoder[FromAgent] = msgspec.json.Decoder(FromAgent)
_from_server: msgspec.json.Decoder[FromServer] = msgspec.json.Decoder(FromServer)


def encode(message: FromAgent | FromServer) -> str:
    """The message as one JSON text."""
    return _encoder.encode(message).decode()


def decode_from_agent(text: str | bytes) -> FromAgent:
    """Parse what an agent sent. Raises ProtocolError."""
    message = _decode(_from_agent, text)
    require_once(text)
    return message


def decode_from_server(text: str | bytes) -> FromServer:
    """Parse what the server sent. Raises ProtocolError."""
    return _decode(_from_server, text)


def _decode(decoder: msgspec.json.Decoder[T], text: str | bytes) -> T:
    if len(text) > MESSAGE_LIMIT:
        raise ProtocolError(f"a message of {len(text)} bytes; at most {MESSAGE_LIMIT} are read")
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ProtocolError(str(error)[:300]) from error


def require_once(text: str | bytes) -> None:
    """Raises ProtocolError when an object of this JSON text, which was read before, names a key twice."""
    try:
        json.loads(text, object_pairs_hook=_once, parse_int=_nothing, parse_float=_nothing)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(str(error)[:300]) from error


def _once(pairs: Sequence[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        names = [key for key, _ in pairs]
        raise ProtocolError(f"the key {next(key for key in names if names.count(key) > 1)[:60]!r} twice")


def _nothing(_: str) -> None:
    """In place of a number: only the names count here."""
