"""What counts as done within the bench day, at the moment and at the event where it ends: asked of the same record by
other clocks, and from another event on.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.orm import Session

from netboot.records import batches, tables
from netboot.records.choices import CHOICE_LASTS
from netboot.records.record import Record
from netboot.records.refusals import NoPlace, NotOnRecord
from netboot.records.values import Event
from netboot.shared.inventory import Board, Inventory, System
from netboot.shared.problems import Problem
from tests.records.batch_steps import STARTS, at_work, boots, joins
from tests.records.conftest import hello, pc
from tests.records.places import Place, by_hand, engine_at
from tests.records.test_jobs import erased

DOCK = replace(pc().nics[0], mac="00:e0:4c:68:00:01", driver="r8152")
NAMELESS = replace(pc(9), system=System(), board=Board(), nics=(DOCK,))
MOMENT = timedelta(microseconds=1)
A_YEAR = timedelta(days=365)


@pytest.fixture
def session(record: Record, place: Place) -> Iterator[Session]:
    """A look at the record."""
    with Session(engine_at(place)) as opened:
        yield opened


def takes(session: Session, inventory: Inventory, *, began: int, now: datetime) -> bool:
    """Whether a batch that was armed an hour before `now` would have this PC, the day having begun after that event."""
    session.execute(update(tables.Batch).values(at=now - timedelta(hours=1)))
    mac, uuid = inventory.nics[0].mac, inventory.system.uuid
    found = batches.offered(session, mac=mac, uuid=uuid, began=began, now=now)
    session.rollback()
    return found is not None


def number(record: Record, kind: str) -> int:
    """The last event of this kind."""
    return [event for event in record.journal.read(limit=1000) if event.kind == kind][-1].sequence


def newest(record: Record) -> Event:
    return record.journal.read(limit=1000)[-1]


def done(record: Record, inventory: Inventory) -> None:
    """This PC has done a job that was asked for at its menu."""
    job = record.jobs.begin(boots(record, inventory).id, menu="debian", starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, None)


def opened(record: Record) -> datetime:
    return record.machines.overview()[0].visit.opened


@pytest.mark.parametrize(("later", "taken"), [(CHOICE_LASTS - MOMENT, False), (CHOICE_LASTS, True)])
def test_by_the_clock_a_job_counts_for_a_day(record: Record, session: Session, later: timedelta, taken: bool) -> None:
    done(record, pc())
    record.batches.arm("debian", 5, "Anne")
    started = record.machines.overview()[0].visit.jobs[0].started
    assert takes(session, pc(), began=newest(record).sequence, now=started + later) == taken


@pytest.mark.parametrize(("later", "taken"), [(CHOICE_LASTS - MOMENT, False), (CHOICE_LASTS, True)])
def test_by_the_clock_a_place_counts_for_a_day_whatever_was_done_in_it(
    record: Record, session: Session, later: timedelta, taken: bool
) -> None:
    batch = record.batches.arm("look", 5, "Anne")
    record.jobs.end(at_work(record, batch.id, pc()).id, None)
    shown = record.batches.newest()
    assert shown is not None
    assert record.batches.disarm(batch.id, "Anne")
    record.batches.arm("debian", 5, "Anne")
    assert takes(session, pc(), began=newest(record).sequence, now=shown.taken[0].at + later) == taken


@pytest.mark.parametrize(("later", "taken"), [(CHOICE_LASTS - MOMENT, False), (CHOICE_LASTS, True)])
def test_by_the_clock_an_adapter_counts_for_a_day(
    record: Record, session: Session, later: timedelta, taken: bool
) -> None:
    boots(record, pc(1), DOCK.mac)
    came = opened(record)
    done(record, pc(1))
    record.batches.arm("debian", 5, "Anne")
    at_end = number(record, "job-ended")
    assert takes(session, pc(1), began=at_end, now=came + later) is False
    assert takes(session, NAMELESS, began=at_end, now=came + later) == taken


def test_by_the_record_a_place_counts_from_the_event_that_tells_of_it(record: Record, session: Session) -> None:
    batch = record.batches.arm("look", 5, "Anne")
    record.jobs.end(at_work(record, batch.id, pc()).id, None)
    assert record.batches.disarm(batch.id, "Anne")
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    place = number(record, "batch-place")
    assert not takes(session, pc(), began=place - 1, now=now)
    assert takes(session, pc(), began=place, now=now)


@pytest.mark.parametrize("kind", ["job-started", "stage-started", "erasure", "job-ended"])
def test_by_the_record_a_job_counts_until_the_last_event_of_what_its_pc_did(
    record: Record, session: Session, kind: str
) -> None:
    """A job that its PC left ends as interrupted, which may be told long after: that counts for nothing."""
    visit = boots(record, pc())
    job = record.jobs.begin(visit.id, menu="debian", starts=STARTS)
    assert job is not None
    if kind in ("stage-started", "erasure"):
        record.jobs.stage_started(job.id, "erase", 1)
    if kind == "erasure":
        record.jobs.stage_finished(job.id, erased(), 90.0, 2)
    record.jobs.end(job.id, None if kind == "job-ended" else Problem("interrupted"))
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    last = number(record, kind)
    assert not takes(session, pc(), began=last - 1, now=now)
    assert takes(session, pc(), began=last, now=now)


def test_by_the_record_what_another_pc_did_since_counts_for_that_one_only(record: Record, session: Session) -> None:
    done(record, pc(1))
    last = newest(record).sequence
    done(record, pc(2))
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    assert [takes(session, pc(each), began=last, now=now) for each in (1, 2)] == [True, False]


def test_by_the_record_an_adapter_counts_until_the_last_event_of_a_visit_by_it(
    record: Record, session: Session
) -> None:
    record.visits.end(boots(record, pc(1), DOCK.mac).id)
    by_dock = newest(record).sequence
    done(record, pc(1))
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    assert not takes(session, NAMELESS, began=by_dock - 1, now=now)
    assert takes(session, NAMELESS, began=by_dock, now=now)


def test_by_the_record_an_adapter_counts_for_a_visit_that_goes_on_as_another_machines(
    record: Record, session: Session
) -> None:
    other = boots(record, pc(2)).machine_id
    visit = boots(record, NAMELESS)
    job = record.jobs.begin(visit.id, menu="debian", starts=STARTS)
    assert job is not None
    record.jobs.end(job.id, None)
    record.machines.merge(visit.machine_id, other, "Anne")
    again = hello(NAMELESS, record.visits.seen(visit.id).visit.boot, token=visit.token)
    assert record.visits.greet(again, DOCK.mac).machine_id != visit.machine_id
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    assert not takes(session, NAMELESS, began=0, now=now)


@pytest.mark.parametrize("inventory", [pc(), NAMELESS])
def test_what_another_servers_chain_tells_is_not_of_this_servers_day(
    record: Record, session: Session, place: Place, inventory: Inventory
) -> None:
    """Each server numbers its own events."""
    batch = record.batches.arm("look", 5, "Anne")
    record.jobs.end(at_work(record, batch.id, inventory).id, None)
    done(record, inventory)
    by_hand(place, "DELETE FROM settings WHERE key = 'server.id'")
    now = record.batches.arm("debian", 5, "Anne", instead=batch.id).at + A_YEAR
    assert takes(session, inventory, began=0, now=now)


def test_an_adapter_of_another_servers_day_says_nothing_of_a_pc_of_this_day(
    record: Record, session: Session, place: Place
) -> None:
    record.visits.end(boots(record, pc(1), DOCK.mac).id)
    by_hand(place, "DELETE FROM settings WHERE key = 'server.id'")
    done(record, pc(1))
    now = record.batches.arm("debian", 5, "Anne").at + A_YEAR
    assert not takes(session, pc(1), began=0, now=now)
    assert takes(session, NAMELESS, began=0, now=now)


def test_a_pc_without_names_that_was_merged_has_had_the_turns_of_the_pc_it_is(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, pc(1)) == "debian"
    first = record.machines.overview()[0].id
    visit = boots(record, NAMELESS)
    record.machines.merge(first, visit.machine_id, "Anne")
    with pytest.raises(NoPlace):
        record.jobs.begin(visit.id, batch=batch.id, starts=STARTS)


def test_a_pc_whose_loader_tells_no_uuid_is_known_by_its_adapter_though_it_came_by_another(record: Record) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    assert joins(record, batch.id, pc(1), DOCK.mac) == "debian"
    assert record.batches.offered(mac=pc(1).nics[0].mac, uuid="") is None


def test_a_batch_of_no_places_gives_none_away(record: Record) -> None:
    assert joins(record, record.batches.arm("debian", 0, "Anne").id, pc()) == "batch-over"


def test_a_visit_that_never_was_takes_no_place(record: Record, session: Session) -> None:
    batch = record.batches.arm("debian", 5, "Anne")
    row = session.get_one(tables.Batch, batch.id)
    with pytest.raises(NotOnRecord, match="this visit is not on the record"):
        batches.take_place(session, row, "made-up", began=0, now=batch.at)


def test_a_batch_that_seems_to_be_of_tomorrow_is_over_when_that_is_more_than_a_day_off(
    record: Record, session: Session
) -> None:
    at = record.batches.arm("debian", 5, "Anne").at
    assert batches.newest(session, now=at - CHOICE_LASTS) is not None
    assert batches.newest(session, now=at - CHOICE_LASTS - MOMENT) is None
