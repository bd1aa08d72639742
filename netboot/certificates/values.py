"""A paper about one visit of one PC, as values: what its JSON holds, and all that a page of it is made from.

The fields follow the sample certificate of NIST SP 800-88 revision 2 (2025): maker, model, serial number, the
organisation's own number, media type and source; method, technique, tool and version, verification; who, when and
where. Beside them: figures, times, errors, what was not recorded, and the events that it rests on.
Sizes are bytes, durations seconds, speeds bytes a second; a moment is an ISO 8601 text in UTC, "" for one not known.
Pure. Not for: how it is written (`sealed.py`), its words for people (`layout.py`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.jobs.disk_answers import AnswerKind
from netboot.jobs.disk_take_out import Became
from netboot.jobs.erase_exception import State
from netboot.shared.inventory import Size
from netboot.shared.language import Language
from netboot.shared.stages.erase import Level, Medium, Verdict

FORMAT: Final = "netboot-erasure-1"
"""What the JSON says that it is; another number is another set of fields."""

Line = Annotated[str, Meta(max_length=1024)]
Moment = Annotated[str, Meta(max_length=32)]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Many = Annotated[int, Meta(ge=0, le=2**53)]

Kind = Literal["certificate", "report"]
"""A certificate says that everything in the PC is erased; all else is a report."""

Why = Literal["not-erased", "undetermined", "altered", "untreated", "nothing", "hidden", "contested"]
"""What makes a report of it: a disk's verdict; a proof that is not what the journal has; a disk of the PC's own that
nothing was done to; no disk was erased at all; a controller whose disks nobody sees; a visit of which it is not known
whether it was the PC's."""

OtherWhy = Literal["untreated", "left", "carried"]

Missing = Literal[
    "inventory-number", "serial", "disk-serial", "hidden-area", "smart", "tool-version", "statuses", "speed", "place",
    "operator", "destination", "time",
]  # fmt: skip
"""What the paper does not know, and says so."""


class _Value(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Workshop(_Value, frozen=True, kw_only=True):
    """Who issues it: a name, a place and how to reach them, as the settings have them."""

    name: Line = ""
    place: Line = ""
    contact: Line = ""


class Machine(_Value, frozen=True, kw_only=True):
    """The PC that the disks were in. `number` is the workshop's own, `inventory_number` its former owner's."""

    maker: Line = ""
    model: Line = ""
    serial: Line = ""
    uuid: Line = ""
    number: Many
    label: Line = ""
    inventory_number: Line = ""


class Figure(_Value, frozen=True, kw_only=True):
    """One figure of a method's evidence, by its field's name there."""

    name: Line
    value: bool | int | float | Line


class BadPart(_Value, frozen=True, kw_only=True):
    """A part of a disk that was not erased or could not be read: its first byte, its length, and which of them."""

    start: Size
    length: Size
    what: Line


class Event(_Value, frozen=True, kw_only=True):
    """One event of the journal, as it was hashed (`records/chain.py`)."""

    server: Line
    sequence: Many
    at: Line
    kind: Line
    machine_id: Line
    visit_id: Line
    job_id: Line
    body: Annotated[str, Meta(max_length=1 << 20)]
    previous: Line
    hash: Line


class EventMark(_Value, frozen=True, kw_only=True):
    """An event of the visit by its number and hash, without its content."""

    sequence: Many
    kind: Line
    at: Line
    hash: Line


class ErasedDisk(_Value, frozen=True, kw_only=True):
    """One disk, and the newest erase of it in this visit; `earlier` are the verdicts of those before.

    `technique` is the erase method's name in netboot, `level_source` by which text it counts as this level, and
    `level_condition` on which condition that nobody checked; `wanted` is what the profile asked for. `problem` is what
    went wrong, in French and English; `cut` what became of an erase of before that was cut short. `speeds` is how fast
    equal parts of the disk went, from its first byte to its last.
    """

    model: Line = ""
    serial: Line = ""
    wwn: Line = ""
    size: Size
    medium: Medium
    transport: Line = ""
    by_place: Line = ""
    verdict: Verdict
    technique: Line
    level: Level
    level_source: Line = ""
    level_condition: Line = ""
    wanted: Level
    tool: Line = ""
    problem: dict[Language, Annotated[str, Meta(max_length=4096)]] = {}
    cut: dict[Language, Annotated[str, Meta(max_length=4096)]] = {}
    started: Moment = ""
    finished: Moment = ""
    seconds: float
    figures: Annotated[tuple[Figure, ...], Meta(max_length=128)] = ()
    bad: Annotated[tuple[BadPart, ...], Meta(max_length=1024)] = ()
    before: Annotated[tuple[Figure, ...], Meta(max_length=64)] = ()
    after: Annotated[tuple[Figure, ...], Meta(max_length=64)] = ()
    speeds: Annotated[tuple[Many, ...], Meta(max_length=1024)] = ()
    earlier: Annotated[tuple[Verdict, ...], Meta(max_length=128)] = ()
    missing: Annotated[tuple[Missing, ...], Meta(max_length=16)] = ()
    event: Event | None


class Said(_Value, frozen=True, kw_only=True):
    """What a person said of a disk or a controller (`jobs/disk_answers.py`), and its name for people."""

    kind: AnswerKind
    about: Line


class SignedDisk(_Value, frozen=True, kw_only=True):
    """A disk as a person saw it who signed: its name for people, and how it stood in this visit."""

    label: Line
    state: State


class Signed(_Value, frozen=True, kw_only=True):
    """An exception: who signed it, when, why, and for which disks. `followed`: a job went by it. `event` is None where
    the journal does not say the same."""

    by: Line
    at: Moment
    reason: Line
    disks: Annotated[tuple[SignedDisk, ...], Meta(max_length=128)]
    followed: bool
    event: Event | None


class TakenOut(_Value, frozen=True, kw_only=True):
    """A disk that was taken out of the PC, as a person said: by whom, and what became of it. `back`: that was said of
    an earlier visit, and in this one the disk is in the PC again."""

    label: Line
    taken_by: Line
    became: Became
    by: Line
    at: Moment
    back: bool
    event: Event | None


class OtherDisk(_Value, frozen=True, kw_only=True):
    """A disk that nothing was done to. `why`: it belongs to the PC all the same ("untreated"), a person said that it is
    not the PC's ("left"), or it is a stick, a card or the like ("carried")."""

    model: Line = ""
    serial: Line = ""
    size: Size
    why: OtherWhy


class Paper(_Value, frozen=True, kw_only=True):
    """A certificate or a report about one visit. `number` is its own for ever: the same visit has the same.

    `why` is empty for a certificate. `said` is what people said of the PC's disks. `ordered_by` is who chose the erase;
    "" where it was chosen in the PC's boot menu, where nobody signs in. `kit` is the stick from which it was done
    without a server, "" for none: then `arrived` is when the stick was collected, and the moments of its disks are
    by the PC's own clock.
    """

    format: Literal["netboot-erasure-1"] = FORMAT
    kind: Kind
    number: Annotated[str, Meta(pattern=r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\Z")]
    workshop: Workshop
    donor: Line = ""
    machine: Machine
    visit: Line
    arrived: Moment
    date: Moment
    ordered_by: Line
    server: Line
    software: Line
    why: Annotated[tuple[Why, ...], Meta(max_length=16)] = ()
    disks: Annotated[tuple[ErasedDisk, ...], Meta(max_length=128)]
    others: Annotated[tuple[OtherDisk, ...], Meta(max_length=128)] = ()
    hidden: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    said: Annotated[tuple[Said, ...], Meta(max_length=512)] = ()
    kit: Line = ""
    exceptions: Annotated[tuple[Signed, ...], Meta(max_length=64)] = ()
    taken_out: Annotated[tuple[TakenOut, ...], Meta(max_length=512)] = ()
    missing: Annotated[tuple[Missing, ...], Meta(max_length=16)] = ()
    events: Annotated[tuple[EventMark, ...], Meta(max_length=4096)] = ()
