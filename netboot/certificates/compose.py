"""From what the record holds of a visit to its paper: what it is, and every field. Pure.

A certificate needs that each disk of the PC is *erased* by its newest erase in this visit, with a proof that is what
the journal has, that no controller hides disks, and that nobody else spoke for the PC. Anything less is a report; an
exception that somebody signed changes nothing of that, and stands on it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, get_args

import msgspec

from netboot.certificates.figure_texts import clock_text
from netboot.certificates.values import (
    BadPart,
    ErasedDisk,
    Event,
    EventMark,
    Figure,
    Machine,
    Missing,
    OtherDisk,
    OtherWhy,
    Paper,
    Said,
    Signed,
    SignedDisk,
    TakenOut,
    Why,
    Workshop,
)
from netboot.jobs.disk_answers import Answer, counts, settled, vouched
from netboot.jobs.erase_methods.levels import counts_as
from netboot.records.paper_values import ExceptionRow, TakeOutRow, VisitPapers
from netboot.records.values import CONTESTED, ErasureRow, JobRow, VisitRow
from netboot.records.values import Event as RecordedEvent
from netboot.shared.cut_words import UNLOCKED, cut_sentence
from netboot.shared.disk_status import DiskStatus
from netboot.shared.drive_format import DriveFormat
from netboot.shared.inventory import Disk
from netboot.shared.language import Language
from netboot.shared.stages.erase import Erasure
from netboot.shared.visible import visible

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is taken for a digit."""
_FRACTIONS: Final = 3
"""Digits that are kept of a second."""
_FIGURES: Final = 128
"""Figures of one disk, at most."""
_LISTED: Final = 16
"""Of what evidence lists, the first so many."""
_NOT_FIGURES: Final = frozenset({"type", "bad", "speeds", "tool"})
"""Fields of a method's evidence that have a place of their own on a paper."""


def compose(source: VisitPapers, workshop: Workshop, *, software: str, donor: str = "") -> Paper | None:
    """The paper about this visit; None when nothing was erased in it, and no exception signed or disk taken out.

    `software` is what issues it, with version.
    """
    visit = source.visit
    tries = [(job, row) for job in reversed(visit.jobs) for row in job.erasures]
    signed, out = source.exceptions, source.told_here
    dates = [row.at for _, row in tries] or [row.at for row in signed] + [row.at for row in out]
    if not dates:
        return None
    newest = _newest([row for _, row in tries])
    answers = [given.answer for job in reversed(visit.jobs) for given in job.answers]
    disks = settled(visit.inventory, answers)
    erased = tuple(
        _erased(row, [other for _, other in tries], disks, source.proofs.get(row.id), source.formats) for row in newest
    )
    others = tuple(_others(newest, disks))
    hidden = tuple(_line(one.controller or one.kind) for one in visit.inventory.hidden if not vouched(one, answers))
    why = tuple(dict.fromkeys(_why(newest, others, hidden, source)))
    workshop_lines = Workshop(**{name: _line(getattr(workshop, name)) for name in Workshop.__struct_fields__})
    machine, names = _machine(source), list(dict.fromkeys(job.chosen_by for job in _jobs_told_of(visit)))
    return Paper(
        kind="report" if why else "certificate",
        number=number_of(source.server, visit.id),
        workshop=workshop_lines,
        donor=_line(donor),
        machine=machine,
        visit=visit.id,
        arrived=_moment(visit.opened),
        date=_moment(max(dates)),
        ordered_by=_line(", ".join(name for name in names if name)),
        server=source.server,
        software=_line(software),
        why=why,
        disks=erased,
        others=others,
        hidden=hidden,
        kit=_line(visit.kit),
        exceptions=tuple(_signed(row) for row in source.exceptions),
        taken_out=tuple(_taken_out(row, visit) for row in source.take_outs),
        said=tuple(Said(kind=answer.kind, about=_line(answer.label)) for answer in _last_words(visit)),
        missing=tuple(_missing(machine, workshop_lines, names, kit=visit.kit)),
        events=tuple(
            EventMark(sequence=event.sequence, kind=event.kind, at=event.at, hash=event.hash) for event in source.events
        ),
    )


def _jobs_told_of(visit: VisitRow) -> Sequence[JobRow]:
    """The jobs that erased something, oldest first; where none did, all of the visit."""
    jobs = visit.jobs[::-1]
    return [job for job in jobs if job.erasures] or jobs


def number_of(server: str, visit: str) -> str:
    """A paper's number: four groups of four signs, from the server's and the visit's ids."""
    value = int.from_bytes(hashlib.sha256(f"netboot-paper {server} {visit}".encode()).digest()[:10])
    signs = "".join(_ALPHABET[value >> shift & 31] for shift in reversed(range(0, 80, 5)))
    return "-".join(signs[at : at + 4] for at in range(0, 16, 4))


def _newest(rows: Sequence[ErasureRow]) -> list[ErasureRow]:
    """The newest erase of each disk, in the order in which the disks were first erased."""
    newest: list[ErasureRow] = []
    for row in rows:
        for place, other in enumerate(newest):
            if other.evidence.disk.same_as(row.evidence.disk):
                newest[place] = row
                break
        else:
            newest.append(row)
    return newest


def _erased(
    row: ErasureRow,
    tries: Sequence[ErasureRow],
    disks: Sequence[Disk],
    proof: RecordedEvent | None,
    formats: Sequence[tuple[int, DriveFormat]],
) -> ErasedDisk:
    told = row.evidence
    known = next((disk for disk in disks if disk.id.same_as(told.disk)), None)
    evidence = msgspec.to_builtins(told.evidence)
    figures = {name: value for name, value in evidence.items() if name not in _NOT_FIGURES} | _around(told)
    transport = known.transport if known else ""
    counts = counts_as(told.method, told.medium, transport) if row.level != "none" else None
    earlier = [other for other in tries if other.evidence.disk.same_as(told.disk) and other.id != row.id]
    return ErasedDisk(
        model=_line(told.model or (known.model if known else "")),
        serial=_line(told.disk.serial),
        wwn=_line(told.disk.wwn),
        size=told.size,
        medium=told.medium,
        transport=_line(transport),
        by_place=_line(told.disk.path if told.disk.by_place else ""),
        verdict=row.verdict,
        technique=told.method,
        level=row.level,
        level_source=counts.source if counts else "",
        level_condition=counts.condition if counts else "",
        wanted=told.wanted,
        tool=_line(told.evidence.tool),
        problem={lang: visible(told.problem.sentence(lang)) for lang in get_args(Language)} if told.problem else {},
        cut={lang: _cut(told, lang) for lang in get_args(Language)} if told.cut or told.unlocked else {},
        started=_at(told.started),
        finished=_at(told.finished),
        seconds=round(told.seconds, _FRACTIONS),
        figures=(*_figures(figures), *_locks(told), *_formatted(told, proof, formats))[:_FIGURES],
        bad=tuple(
            BadPart(start=one.start, length=one.length, what=one.what) for one in getattr(told.evidence, "bad", ())
        ),
        before=_status(told.before),
        after=_status(told.after),
        speeds=told.evidence.speeds,
        earlier=tuple(other.verdict for other in earlier),
        missing=tuple(_disk_missing(told)),
        event=None if proof is None else _event(proof),
    )


def _cut(told: Erasure, language: Language) -> str:
    """What is told of an erase that was cut short, and of a password that it left."""
    cut = cut_sentence(told.cut, language, lambda at: clock_text(_at(at))) if told.cut else ""
    return " ".join(filter(None, (cut, UNLOCKED[language] if told.unlocked else "")))


def _figures(values: dict[str, object], before: str = "") -> Iterator[Figure]:
    """Each plain value of a method's evidence under its name; what is empty says nothing."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{before}{name}.")
        elif isinstance(value, list | tuple):
            listed = {f"{name}.{number}": _in_words(one) for number, one in enumerate(value[:_LISTED], 1)}
            yield from _figures(listed, before)
        elif value not in ("", None):
            figure = value if isinstance(value, int | float) else _line(str(value))
            yield Figure(name=_line(f"{before}{name}"), value=figure)


def _locks(told: Erasure) -> Iterator[Figure]:
    """What was done about freezing, hidden areas and a former owner's locks, each under its name."""
    said: dict[str, object] = {
        "thawing": told.thawing,
        "given_back": told.given_back,
        "reverted": told.reverted or None,
    }
    yield from _figures(msgspec.to_builtins({name: value for name, value in said.items() if value is not None}))


def _formatted(
    told: Erasure, proof: RecordedEvent | None, formats: Sequence[tuple[int, DriveFormat]]
) -> Iterator[Figure]:
    """What is known last of a Format that came after this erase: it gave the drive other sectors, and is no proof."""
    since = 0 if proof is None else proof.sequence
    after = [one for number, one in formats if number > since and one.disk.same_as(told.disk)]
    if after:
        values = msgspec.to_builtins(after[-1])
        figures = ("before", "wanted", "after", "size", "command", "accepted", "said")
        said = {name: values.get(name, "not-told") for name in figures}
        yield from _figures({"formatted": {**said, "said": values.get("said", "")}})


def _in_words(one: object) -> object:
    """One of several things in one line, where it is not one already."""
    return ", ".join(f"{name} {value}" for name, value in one.items()) if isinstance(one, dict) else one


def _around(told: Erasure) -> dict[str, object]:
    """What the disk counted before and after, and what a tool lists for it; what was not told says so."""
    known: dict[str, object] = {"support": "not-told" if told.support is None else list(told.support)}
    for name, counted in (("counts_before", told.counts_before), ("counts_after", told.counts_after)):
        known[name] = msgspec.to_builtins(counted) if counted is not None and counted.tells else "not-told"
    return known


def _status(status: DiskStatus | None) -> tuple[Figure, ...]:
    if status is None:
        return ()
    values = {name: value for name, value in msgspec.to_builtins(status).items() if value not in ("not-asked", 0)}
    return tuple(_figures(values))


def _disk_missing(told: Erasure) -> Iterator[Missing]:
    if not told.disk.serial:
        yield "disk-serial"
    if told.before is None or told.after is None:
        yield "statuses"
    known = [status for status in (told.before, told.after) if status is not None]
    if any("not-told" in status.ends for status in known):
        yield "hidden-area"
    if any(status.smart == "not-told" for status in known):
        yield "smart"
    if not told.evidence.tool:
        yield "tool-version"
    if not told.evidence.speeds:
        yield "speed"


def _others(newest: Sequence[ErasureRow], disks: Sequence[Disk]) -> Iterator[OtherDisk]:
    """The disks that were seen in the PC and not erased."""
    for disk in disks:
        if disk.id.size <= 0 or any(row.evidence.disk.same_as(disk.id) for row in newest):
            continue
        why: OtherWhy = "left" if disk.said == "left" else "carried" if disk.carried else "untreated"
        yield OtherDisk(model=_line(disk.model), serial=_line(disk.id.text), size=disk.id.size, why=why)


def _why(
    newest: Sequence[ErasureRow], others: Sequence[OtherDisk], hidden: Sequence[str], source: VisitPapers
) -> Iterator[Why]:
    visit = source.visit
    if not all([row.in_chain for row in source.exceptions] + [row.in_chain for row in source.take_outs]):
        yield "altered"
    for row in newest:
        if not row.in_chain:
            yield "altered"
        if row.verdict != "erased":
            yield row.verdict
    if any(other.why == "untreated" for other in others):
        yield "untreated"
    elif not newest:
        yield "nothing"
    if hidden:
        yield "hidden"
    if visit.standing in CONTESTED or visit.standing == "refused":
        yield "contested"


def _signed(row: ExceptionRow) -> Signed:
    return Signed(
        by=_line(row.who),
        at=_moment(row.at),
        reason=_line(row.exception.reason),
        disks=tuple(SignedDisk(label=_line(disk.label), state=disk.state) for disk in row.exception.disks),
        followed=bool(row.job_id),
        event=None if row.event is None else _event(row.event),
    )


def _taken_out(row: TakeOutRow, visit: VisitRow) -> TakenOut:
    said = row.take_out
    return TakenOut(
        label=_line(said.label),
        taken_by=_line(said.taken_by),
        became=said.became,
        by=_line(row.who),
        at=_moment(row.at),
        back=row.visit_id != visit.id and any(said.disk.same_as(disk.id) for disk in visit.inventory.disks),
        event=None if row.event is None else _event(row.event),
    )


def _machine(source: VisitPapers) -> Machine:
    system, board = source.visit.inventory.system, source.visit.inventory.board
    return Machine(
        maker=_line(system.manufacturer or board.manufacturer),
        model=_line(system.product or board.product),
        serial=_line(system.serial or board.serial),
        uuid=_line(system.uuid),
        number=source.machine_number,
        label=_line(source.label),
    )


def _last_words(visit: VisitRow) -> list[Answer]:
    """The answers that the erases went by, each once."""
    said: list[Answer] = []
    for job in reversed(visit.jobs):
        followed = [given.answer for given in job.answers]
        said += [answer for answer in followed if counts(answer, followed, visit.inventory) and answer not in said]
    return said


def _missing(machine: Machine, workshop: Workshop, names: Sequence[str], *, kit: str) -> Iterator[Missing]:
    if not machine.serial:
        yield "serial"
    if not machine.inventory_number:
        yield "inventory-number"
    if not (workshop.name and workshop.place and workshop.contact):
        yield "place"
    if "" in names:
        yield "operator"
    if kit:
        yield "time"
    yield "destination"


def _event(event: RecordedEvent) -> Event:
    return Event(**{name: getattr(event, name) for name in Event.__struct_fields__})


def _line(text: str) -> str:
    """One line in which nothing is invisible, as long as a paper takes."""
    return visible(" ".join(text.split()))[:1000]


def _moment(at: datetime) -> str:
    return _written(at.astimezone(UTC))


def _at(seconds: float) -> str:
    """A server's time, "" for none, and for one that no calendar has."""
    try:
        return _written(datetime.fromtimestamp(seconds, UTC)) if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
