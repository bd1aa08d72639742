"""The chain of events: nothing changes it, everything that tries is found, and it names nobody."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from netboot.records import chain
from netboot.records.record import Record
from netboot.records.values import Event
from netboot.shared.problems import Problem
from tests.records.conftest import MAC, hello, pc, start
from tests.records.places import Place, by_hand, unprotected

UPSERT = (
    "INSERT INTO events SELECT * FROM events WHERE sequence = 3 "
    "ON CONFLICT (server, sequence) DO UPDATE SET body = '{}'"
)


def fill(record: Record, pcs: int = 3) -> None:
    """Some decisions and ends, so that there is a chain."""
    for number in range(1, pcs + 1):
        visit = record.visits.greet(hello(pc(number), f"boot-{number}"), MAC)
        job = start(record, visit, who="Anne Dupont")
        record.jobs.end(job.id, Problem("interrupted"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}' WHERE sequence = 3",
        "DELETE FROM events WHERE sequence = 3",
        "DELETE FROM events",
        "INSERT INTO events SELECT * FROM events WHERE sequence = 3",
        UPSERT,
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(record: Record, place: Place, statement: str) -> None:
    fill(record)
    before = record.journal.read(limit=1000)
    with pytest.raises(IntegrityError, match="append-only"):
        by_hand(place, statement)
    assert record.journal.read(limit=1000) == before


def test_sqlites_replace_changes_no_event_either(record: Record, file: Path) -> None:
    """It deletes without asking triggers that others might have."""
    fill(record)
    with pytest.raises(IntegrityError, match="append-only"):
        by_hand(file, "REPLACE INTO events SELECT * FROM events WHERE sequence = 3")


@pytest.mark.postgresql
def test_postgresqls_truncate_empties_no_journal(record: Record, place: Place) -> None:
    fill(record)
    with pytest.raises(IntegrityError, match="append-only"):
        by_hand(place, "TRUNCATE events")


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE events SET body = '{}' WHERE sequence = 4", 4),
        ("UPDATE events SET at = '2020-01-01' WHERE sequence = 4", 4),
        ("UPDATE events SET job_id = 'x' WHERE sequence = 4", 4),
        ("UPDATE events SET hash = previous WHERE sequence = 4", 4),
        ("UPDATE events SET kind = 'job-ended' WHERE sequence = 1", 1),
        ("DELETE FROM events WHERE sequence = 4", 4),
        ("DELETE FROM events WHERE sequence > 9", 10),
        ("DELETE FROM events", 1),
        ("DELETE FROM chains", 1),
    ],
)
def test_whoever_takes_the_protection_away_is_found(record: Record, place: Place, statement: str, where: int) -> None:
    fill(record)
    server = record.journal.read()[0].server
    taken_away = unprotected(place)
    assert len(taken_away) == 3
    by_hand(place, *taken_away, statement)
    found = record.journal.verify()
    assert found.why
    if "chains" not in statement:
        assert found.broken == (server, where)
    else:
        assert found.broken is not None


def test_an_untouched_chain_holds_from_its_first_event_to_its_last(record: Record) -> None:
    fill(record, pcs=5)
    events = record.journal.read(limit=1000)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    found = record.journal.verify()
    assert (found.events, found.broken) == (len(events), None)
    assert record.journal.read(after=3, limit=2) == events[3:5]
    machine = events[0].machine_id
    assert record.journal.read(limit=1000, machine=machine) == tuple(e for e in events if e.machine_id == machine)


def test_an_event_names_nobody_and_a_person_can_be_forgotten(record: Record, place: Place) -> None:
    record.people.set_operator("Anne Dupont", "$argon2id$…")
    fill(record)
    events = record.journal.read(limit=1000)
    assert not any("Anne" in event.body or "Dupont" in event.body for event in events)
    digests = {json.loads(event.body)["by"] for event in events if event.kind in ("choice-made", "job-started")}
    assert len(digests) == 1
    record.people.forget("Anne Dupont")
    assert record.people.operator("Anne Dupont") is None
    assert record.journal.verify().broken is None
    if isinstance(place, Path):  # PostgreSQL keeps what was deleted until it is vacuumed
        record.close()
        assert b"Dupont" not in b"".join(path.read_bytes() for path in place.parent.iterdir())
    # The same name later is somebody else, as far as the events tell.
    visit = record.visits.greet(hello(pc(9), "boot-9"), MAC)
    record.choices.choose(visit.machine_id, "debian", "Anne Dupont")
    assert json.loads(record.journal.read(limit=1000)[-1].body)["by"] not in digests


bodies = st.dictionaries(st.text(max_size=10), st.one_of(st.none(), st.integers(), st.text(max_size=10)), max_size=4)


@st.composite
def chains(draw: st.DrawFn) -> list[Event]:
    """A sound chain."""
    links: list[Event] = []
    for sequence, body in enumerate(draw(st.lists(bodies, min_size=1, max_size=6)), start=1):
        previous = links[-1].hash if links else chain.START
        text = chain.canonical(body)
        links.append(chain.sealed(Event("s", sequence, "now", "choice-made", "m", "v", "j", text, previous, "")))
    return links


@given(chains(), st.data())
def test_any_change_of_any_field_of_any_event_is_found_there(links: list[Event], data: st.DataObject) -> None:
    last = (links[-1].sequence, links[-1].hash)
    assert chain.check(links, server="s", last=last).broken is None
    place = data.draw(st.integers(0, len(links) - 1))
    field = data.draw(st.sampled_from(["server", "at", "kind", "machine_id", "visit_id", "job_id", "body", "previous"]))
    changed = replace(links[place], **{field: getattr(links[place], field) + "x"})
    found = chain.check([*links[:place], changed, *links[place + 1 :]], server="s", last=last)
    assert found.broken == ("s", place + 1)
    # With a hash that fits again, the next link betrays it; of the last link, the head of the chain.
    resealed = chain.sealed(changed)
    found = chain.check([*links[:place], resealed, *links[place + 1 :]], server="s", last=last)
    assert found.broken is not None
