"""What a server owes to agents and people once it has answered them, compared with what its record holds. Pure.

The agents and the operator note what they said and heard, each in a journal of its own; `broken` reads those beside the
record's events, however often the server was killed in between.
"""

import functools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from netboot.records.values import Event

Kind = Literal["received", "ordered", "did", "chose", "armed", "home", "stuck"]


class Note(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a journal.

    `received`: the report `what` of this stage is on the record, the server says. `ordered`: it ordered the stage.
    `did`: the stage was begun in the PC. `chose`: the page took a choice for `machine`. `armed`: it armed a batch.
    `home`: a PC left as it was told. `stuck`: a PC that had a job was told nothing more.
    """

    kind: Kind
    job: str = ""
    stage: str = ""
    what: Literal["", "started", "finished"] = ""
    machine: str = ""


def broken(notes: Sequence[Note], events: Sequence[Event]) -> list[str]:
    """Every promise that was not kept, in words."""
    return [*_lost(notes, events), *_twice(notes), *_used_twice(events), *_begun_for_nothing(events)]


def _lost(notes: Iterable[Note], events: Sequence[Event]) -> Iterator[str]:
    """What was acknowledged and is not on the record."""
    there = Counter((event.kind, event.job_id, _body(event).get("stage", "")) for event in events)
    for note in notes:
        if note.kind == "received":
            kind = {"started": "stage-started", "finished": "stage-ended"}[note.what]
            if there[kind, note.job, note.stage] != 1:
                yield f"{kind} of {note.stage} was received, and is {there[kind, note.job, note.stage]} times on record"
            if (note.stage, note.what) == ("finish", "finished") and not there["job-ended", note.job, ""]:
                yield f"the PC of the job {note.job} may leave, and the job goes on without end"
    by_page = [event for event in events if event.kind == "choice-made" and _body(event)["source"] == "page"]
    made = Counter(event.machine_id for event in by_page)
    for machine, count in Counter(note.machine for note in notes if note.kind == "chose").items():
        if made[machine] < count:
            yield f"{count} choices were taken for {machine}, {made[machine]} are on record"
    armed, answered = sum(event.kind == "batch-armed" for event in events), sum(note.kind == "armed" for note in notes)
    if armed < answered:
        yield f"{answered} batches were armed, {armed} are on record"


def _twice(notes: Iterable[Note]) -> Iterator[str]:
    """What was ordered again after its end was acknowledged, or done twice. Each PC's notes stand in their order."""
    over, did = set(), Counter[tuple[str, str]]()
    for note in notes:
        if note.kind == "received" and note.what == "finished":
            over.add((note.job, note.stage))
        elif note.kind == "ordered" and (note.job, note.stage) in over:
            yield f"{note.stage} of {note.job} was ordered after its end was acknowledged"
        elif note.kind == "did":
            did[note.job, note.stage] += 1
    yield from (f"{stage} of {job} was done {count} times" for (job, stage), count in did.items() if count > 1)


def _used_twice(events: Sequence[Event]) -> Iterator[str]:
    """A choice that was used twice, or used and withdrawn; a place in a batch that two PCs had; a PC with two."""
    ended = Counter(
        _body(event)["choice"]
        for event in events
        if event.kind in ("choice-used", "choice-withdrawn", "choice-expired")
    )
    yield from (f"the choice {choice} ended {count} times" for choice, count in ended.items() if count > 1)
    places = [(_body(event), event.machine_id) for event in events if event.kind == "batch-place"]
    for what, had in (
        ("place", Counter((body["batch"], body["place"]) for body, _ in places)),
        ("PC", Counter((body["batch"], machine) for body, machine in places)),
    ):
        yield from (f"the {what} {name} of a batch was used {count} times" for name, count in had.items() if count > 1)
    beyond = [body for body, _ in places if int(str(body["place"])) > int(str(body["places"]))]
    yield from (f"place {body['place']} of {body['places']} was used" for body in beyond)


def _begun_for_nothing(events: Sequence[Event]) -> Iterator[str]:
    """Jobs of a visit beyond what was chosen for it, or less; a stage that began or ended twice in the journal."""
    began, chosen = Counter[str](), Counter[str]()
    for event in events:
        began[event.visit_id] += event.kind == "job-started"
        chosen[event.visit_id] += event.kind in ("choice-used", "batch-place", "batch-place-again")
    for visit in began.keys() | chosen.keys():
        if began[visit] != chosen[visit]:
            yield f"{began[visit]} jobs began in the visit {visit} by {chosen[visit]} choices"
    stages = Counter(
        (event.kind, event.job_id, _body(event)["stage"])
        for event in events
        if event.kind in ("stage-started", "stage-ended")
    )
    yield from (f"{kind} of {stage} {count} times" for (kind, _, stage), count in stages.items() if count > 1)
    jobs = Counter(event.job_id for event in events if event.kind == "job-ended")
    yield from (f"the job {job} ended {count} times" for job, count in jobs.items() if count > 1)


@functools.cache
def _body(event: Event) -> dict[str, object]:
    body = json.loads(event.body)
    assert isinstance(body, dict)
    return body
