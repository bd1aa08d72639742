"""All that the record tells of a batch: its events, its value for the page, and why a PC or a person is refused."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from netboot.records.choices import CHOICE_LASTS
from netboot.records.record import Record, open_record
from netboot.records.refusals import BatchArmed, NoPlace
from netboot.records.values import Batch, PlaceRow
from tests.records.batch_steps import STARTS, at_work, boots, joins, offered
from tests.records.conftest import Clock, pc
from tests.records.places import Place


def told(record: Record) -> list[tuple[str, dict[str, object], str, str]]:
    """The batches' events, each with its machine and visit."""
    return [
        (event.kind, json.loads(event.body), event.machine_id, event.visit_id)
        for event in record.journal.read(limit=1000)
        if event.kind.startswith("batch")
    ]


def armed_now(record: Record) -> Batch:
    newest = record.batches.newest()
    assert newest is not None
    return newest


def test_each_step_of_a_batch_is_an_event_that_says_what_was_done_where_and_by_whom(record: Record) -> None:
    batch = record.batches.arm("debian", 2, "Anne").id
    first = at_work(record, batch, pc(1), "check")
    again = boots(record, pc(1))
    assert record.jobs.begin(again.id, batch=batch, starts=STARTS) is not None
    second = boots(record, pc(2))
    assert record.jobs.begin(second.id, batch=batch, starts=STARTS) is not None
    assert record.batches.disarm(batch, "Omar")
    events = told(record)
    anne, omar = events[0][1]["by"], events[-1][1]["by"]
    assert len({anne, omar, ""}) == 3
    visit = events[1][3]
    assert record.visits.seen(visit).visit.jobs[0].id == first.id
    place = {"batch": batch, "profile": "debian", "places": 2}
    assert events == [
        ("batch-armed", {**place, "by": anne}, "", ""),
        ("batch-place", {**place, "place": 1}, again.machine_id, visit),
        ("batch-place-again", {**place, "place": 1}, again.machine_id, again.id),
        ("batch-place", {**place, "place": 2}, second.machine_id, second.id),
        ("batch-closed", {"batch": batch, "why": "full", "taken": 2, "by": ""}, "", ""),
        ("batch-closed", {"batch": batch, "why": "disarmed", "taken": 2, "by": omar}, "", ""),
    ]


@pytest.mark.parametrize("why", ["replaced", "expired", "changed"])
def test_an_end_that_nobody_ordered_says_why(record: Record, clock: Clock, why: str) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    match why:
        case "replaced":
            record.batches.arm("look", 2, "Omar", instead=batch.id)
        case "expired":
            clock.pass_by(CHOICE_LASTS)
            assert joins(record, batch.id, pc()) == "batch-over"
        case _:
            record.choices.withdraw_changed([STARTS["look"].profile])
            assert armed_now(record) == batch
            record.choices.withdraw_changed([STARTS["debian"].profile])
            record.choices.withdraw_changed([STARTS["look"].profile])
    closed = [body for kind, body, _, _ in told(record) if kind == "batch-closed"]
    assert [(body["batch"], body["why"], body["taken"]) for body in closed] == [(batch.id, why, 0)]
    assert bool(closed[0]["by"]) == (why == "replaced")


@pytest.mark.parametrize(
    ("before", "ends"),
    [("none", []), ("armed", ["restored"]), ("full", ["full", "restored"]), ("disarmed", ["disarmed"])],
)
def test_in_a_record_that_is_older_than_what_was_done_since_no_batch_goes_on(
    place: Place, tmp_path: Path, before: str, ends: list[str]
) -> None:
    with open_record(place, heads=tmp_path / "one") as record:
        if before != "none":
            batch = record.batches.arm("debian", 1, "Anne").id
        if before == "full":
            at_work(record, batch, pc(), "check")
            assert offered(record, pc())
        if before == "disarmed":
            record.batches.disarm(batch, "Anne")
    with open_record(place, heads=tmp_path / "two") as record:
        assert record.restored == (before != "none"), "an empty record lacks nothing"
        assert not offered(record, pc())
        closed = [body for kind, body, _, _ in told(record) if kind == "batch-closed"]
        assert [body["why"] for body in closed] == ends
        assert not any(body["by"] for body in closed if body["why"] == "restored")


def test_a_batch_is_told_whole(record: Record, clock: Clock) -> None:
    batch = record.batches.arm("debian", 3, "Anne")
    assert (batch.profile, batch.places, batch.taken, batch.who) == ("debian", 3, (), "Anne")
    assert (batch.until, batch.closed, batch.ending) == (batch.at + CHOICE_LASTS, None, "")
    assert batch.at.tzinfo is not None
    assert len(batch.id) == 32, "16 bytes in hexadecimal"
    assert armed_now(record) == batch
    visits = [boots(record, pc(number)) for number in (2, 1)]
    for visit in visits:
        assert record.jobs.begin(visit.id, batch=batch.id, starts=STARTS) is not None
    taken = armed_now(record).taken
    assert taken == tuple(
        PlaceRow(number, visit.machine_id, visit.label, place.at)
        for number, visit, place in zip((1, 2), visits, taken, strict=True)
    )
    assert batch.at < taken[0].at < taken[1].at
    record.batches.disarm(batch.id, "Anne")
    closed = armed_now(record).closed
    assert closed is not None
    assert closed > taken[1].at


def test_whoever_arms_beside_another_batch_is_told_what_to_do(record: Record) -> None:
    record.batches.arm("debian", 2, "Anne")
    with pytest.raises(BatchArmed) as refused:
        record.batches.arm("debian", 2, "Omar", instead="another")
    assert str(refused.value) == "another batch is armed\n  → look at it, then replace it or let it go on"


@pytest.mark.parametrize(("ended", "code"), [(False, "batch-full"), (True, "batch-over")])
def test_a_pc_without_a_place_is_told_how_many_there_were(record: Record, ended: bool, code: str) -> None:
    batch = record.batches.arm("debian", 1, "Anne")
    assert joins(record, batch.id, pc(1)) == "debian"
    if ended:
        record.batches.disarm(batch.id, "Anne")
    with pytest.raises(NoPlace) as refused:
        record.jobs.begin(boots(record, pc(2)).id, batch=batch.id, starts=STARTS)
    assert (refused.value.problem.code, refused.value.problem.values) == (code, {"places": "1"})


def test_a_batch_just_a_bench_day_old_is_over_and_one_a_moment_younger_is_not(record: Record, clock: Clock) -> None:
    batch = record.batches.arm("debian", 2, "Anne")
    look = timedelta(seconds=1)
    clock.now = batch.until - 2 * look
    assert offered(record, pc())
    assert clock.now == batch.until - look
    assert not offered(record, pc())


def test_another_batch_than_the_one_that_was_seen_is_not_disarmed(record: Record) -> None:
    first = record.batches.arm("debian", 2, "Anne")
    second = record.batches.arm("debian", 2, "Anne", instead=first.id)
    assert not record.batches.disarm(first.id, "Anne")
    assert not record.batches.disarm("nobody's", "Anne")
    assert armed_now(record) == second
