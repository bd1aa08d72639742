"""What may begin in a minute and be added in a day: from one address, and from all."""

import contextlib
from datetime import timedelta

import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records import arrivals
from netboot.records.arrivals import DAY_BYTES, DAY_BYTES_IN_ALL, DAY_SHARE, SHARE, SPARED, VISIT_ROWS, Added, Arrivals
from netboot.records.record import Record, open_record
from netboot.records.refusals import HelloRefused
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from tests.records.conftest import MAC, Clock, hello, pc, ssd, start
from tests.records.places import Place

DEVICE = "10.0.0.66"
LONGEST = 512 * 1024
"""Bytes of the longest message that is read (`protocol.MESSAGE_LIMIT`)."""


class Day:
    """Visits from here and there, each a while after the other; counts those that began."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.arrivals = Arrivals(lambda: self.seconds)
        self.begun = 0

    def comes(self, address: str, size: int, *, after: float = 4.0) -> arrivals.Bound | None:
        self.seconds += after
        bound = self.arrivals.recently_added(address).exceeded_by(size)
        if bound is None:
            self.begun += 1
            self.arrivals.count(Added(address, size, begins=True))
        return bound


def test_a_workshop_behind_one_router_never_meets_a_bound() -> None:
    day = Day()
    for _ in range(3 * 200):  # three days of 200 boots
        assert day.comes("10.0.0.1", 20_000, after=86400 / 200) is None
        day.arrivals.count(Added("10.0.0.1", 20_000))


def test_one_address_begins_no_more_than_its_share_of_a_day() -> None:
    day = Day()
    assert [day.comes(DEVICE, 1000) for _ in range(DAY_SHARE)] == [None] * DAY_SHARE
    assert day.comes(DEVICE, 1000) == "day"
    assert day.comes("10.0.0.5", 1000) is None
    assert day.comes(DEVICE, 1000, after=86400 + 3600) is None


def test_one_address_adds_no_more_than_its_bytes_of_a_day() -> None:
    day = Day()
    while day.comes(DEVICE, LONGEST) is None:
        pass
    assert day.begun * LONGEST == DAY_BYTES
    assert day.comes("10.0.0.5", 20_000) is None


def test_what_a_visit_reports_later_counts_as_well() -> None:
    day = Day()
    assert day.comes(DEVICE, 1000) is None
    day.arrivals.count(Added(DEVICE, DAY_BYTES))
    assert day.comes(DEVICE, 1000) == "day"


def test_all_together_add_no_more_than_their_bytes_and_shut_nobody_out_who_hardly_came() -> None:
    day = Day()
    addresses = [f"10.0.1.{host}" for host in range(200)]
    for address in addresses:
        while day.comes(address, LONGEST) is None:
            pass
    assert day.begun * LONGEST == DAY_BYTES_IN_ALL
    assert day.comes(addresses[-1], LONGEST) == "all"
    honest = [day.comes("10.0.0.5", 20_000) for _ in range(SPARED + 1)]
    assert honest == [None] * SPARED + ["all"]
    day.seconds += 86400 + 3600
    assert day.comes(addresses[-1], LONGEST) is None


def test_the_minute_s_share_is_told_apart_from_the_day_s() -> None:
    day = Day()
    assert {day.comes(DEVICE, 1000, after=0) for _ in range(SHARE)} == {None}
    assert day.comes(DEVICE, 1000, after=0) == "minute"
    assert day.comes(DEVICE, 1000, after=60) is None


def test_a_stranger_s_inventories_are_refused_on_a_real_record_once_they_are_too_many(
    record: Record, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 230_000)
    for number in range(1, 5):
        clock.pass_by(timedelta(minutes=1))
        record.visits.greet(hello(large(number), f"made-up-{number}"), MAC, address=DEVICE)
    before = record.journal.read(limit=1000)
    with pytest.raises(HelloRefused, match=DEVICE) as refused:
        record.visits.greet(hello(large(5), "made-up-5"), MAC, address=DEVICE)
    assert refused.value.problem == Problem("crowded")
    assert refused.value.hint
    assert record.journal.read(limit=1000) == before
    assert record.visits.greet(hello(pc(6), "boot-6"), MAC, address="10.0.0.5").new


def test_what_a_stage_found_counts_and_is_kept_whatever_it_comes_to(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 10_000)
    job = start(record, record.visits.greet(hello(pc(), "boot-1"), MAC, address=DEVICE))
    found = StageRecord(stage="check", state="done", result=CheckResult(inventory=large(1)))
    assert record.jobs.stage_finished(job.id, found, 1.0, 1).stages[0] == found
    with pytest.raises(HelloRefused, match="within a day"):
        record.visits.greet(hello(pc(2), "boot-2"), MAC, address=DEVICE)


def test_what_a_check_found_again_adds_nothing(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 60_000 + 3 * VISIT_ROWS)
    for boot in ("boot-1", "boot-2", "boot-3"):
        job = start(record, record.visits.greet(hello(large(1), boot), MAC, address=DEVICE))
        found = StageRecord(stage="check", state="done", result=CheckResult(inventory=large(1)))
        record.jobs.stage_finished(job.id, found, 1.0, 1)


def test_a_known_visit_tells_ever_other_inventories_until_its_address_has_used_up_its_day(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 200_000)
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC, address=DEVICE)
    told = [replace(large(number), system=pc().system) for number in range(1, 9)]
    for inventory in told:
        again = record.visits.greet(hello(inventory, "boot-1", token=visit.token), MAC, address=DEVICE)
        assert (again.id, again.new) == (visit.id, False)
    assert record.machines.summary(visit.machine_id).visits[0].inventory == told[3]
    assert record.visits.greet(hello(pc(6), "boot-6"), MAC, address="10.0.0.5").new


def began_a_day(place: Place, clock: Clock, *, visits: int) -> None:
    """A server that ran for over a day; in its last hour one address began so many visits."""
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        record.visits.greet(hello(pc(1), "long-ago"), MAC, address=DEVICE)
        for _ in range(27):
            clock.pass_by(timedelta(hours=1))
            record.people.set_setting("hour", str(clock.now))
        for number in range(visits):
            clock.pass_by(timedelta(minutes=1))
            record.visits.greet(hello(pc(2), f"boot-{number}"), MAC, address=DEVICE)


def test_a_restart_does_not_begin_the_day_anew(place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "DAY_SHARE", 5)
    began_a_day(place, clock, visits=4)
    for _ in range(3):
        with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
            clock.pass_by(timedelta(minutes=1))
            with contextlib.suppress(HelloRefused):
                record.visits.greet(hello(pc(2), f"boot-{clock.now}"), MAC, address=DEVICE)
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        with pytest.raises(HelloRefused, match="within a day"):
            record.visits.greet(hello(pc(2), "one-more"), MAC, address=DEVICE)
        assert record.visits.greet(hello(pc(3), "another"), MAC, address="10.0.0.5").new
        clock.pass_by(timedelta(hours=26))
        assert record.visits.greet(hello(pc(2), "next-day"), MAC, address=DEVICE).new


def test_the_bytes_of_the_day_outlive_a_restart_with_what_checks_found(
    place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 40_000)
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        job = start(record, record.visits.greet(hello(pc(), "boot-1"), MAC, address=DEVICE))
        found = StageRecord(stage="check", state="done", result=CheckResult(inventory=large(1)))
        record.jobs.stage_finished(job.id, found, 1.0, 1)
    with (
        open_record(place, clock=clock, monotonic=clock.monotonic) as record,
        pytest.raises(HelloRefused, match="within a day"),
    ):
        record.visits.greet(hello(pc(), "boot-2"), MAC, address=DEVICE)


@pytest.mark.parametrize("put", [timedelta(days=-9000), timedelta(days=9000)])
def test_a_clock_that_was_put_over_a_restart_counts_nothing_of_long_ago(
    place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch, put: timedelta
) -> None:
    monkeypatch.setattr(arrivals, "DAY_SHARE", 5)
    began_a_day(place, clock, visits=4)
    clock.now += put
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        assert record.visits.greet(hello(pc(2), "again"), MAC, address=DEVICE).new


def large(number: int) -> Inventory:
    """A server with 120 disks: 43 KB."""
    return replace(pc(number), disks=tuple(ssd(number * 1000 + disk) for disk in range(120)))
