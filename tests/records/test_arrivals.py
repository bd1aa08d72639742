"""What may begin in a minute and be added in a day: from one address, and from all."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from netboot.imaging import StageRecord
from netboot.inventory import Inventory
from netboot.problems import Problem
from netboot.protocol import CheckResult
from netboot.records import arrivals
from netboot.records.arrivals import DAY_BYTES, DAY_BYTES_IN_ALL, DAY_SHARE, SHARE, SPARED, Arrivals
from netboot.records.record import Record
from netboot.records.values import HelloRefused
from tests.records.conftest import MAC, Clock, hello, pc, ssd, start

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
        bound = self.arrivals.bound(address, size)
        if bound is None:
            self.begun += 1
            self.arrivals.count(address, f"visit-{self.begun}", size)
        return bound


def test_a_workshop_behind_one_router_never_meets_a_bound() -> None:
    day = Day()
    for _ in range(3 * 200):  # three days of 200 boots
        assert day.comes("10.0.0.1", 20_000, after=86400 / 200) is None
        day.arrivals.add(f"visit-{day.begun}", 20_000)


def test_one_address_begins_no_more_than_its_share_of_a_day() -> None:
    day = Day()
    assert [day.comes(DEVICE, 1000) for _ in range(DAY_SHARE)] == [None] * DAY_SHARE
    assert day.comes(DEVICE, 1000) == "day"
    assert day.comes("10.0.0.5", 1000) is None
    assert day.comes(DEVICE, 1000, after=86400) is None


def test_one_address_adds_no_more_than_its_bytes_of_a_day() -> None:
    day = Day()
    while day.comes(DEVICE, LONGEST) is None:
        pass
    assert day.begun * LONGEST == DAY_BYTES
    assert day.comes("10.0.0.5", 20_000) is None


def test_what_a_visit_reports_later_counts_as_well() -> None:
    day = Day()
    assert day.comes(DEVICE, 1000) is None
    day.arrivals.add("visit-1", DAY_BYTES)
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
    day.seconds += 86400
    assert day.comes(addresses[-1], LONGEST) is None


def test_the_minute_s_share_is_told_apart_from_the_day_s() -> None:
    day = Day()
    assert {day.comes(DEVICE, 1000, after=0) for _ in range(SHARE)} == {None}
    assert day.comes(DEVICE, 1000, after=0) == "minute"
    assert day.comes(DEVICE, 1000, after=60) is None


def test_a_stranger_s_inventories_are_refused_on_a_real_record_once_they_are_too_many(
    record: Record, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 200_000)
    for number in range(1, 5):
        clock.pass_by(timedelta(minutes=1))
        record.greet(hello(large(number), f"made-up-{number}"), MAC, address=DEVICE)
    before = record.events(limit=1000)
    with pytest.raises(HelloRefused, match=DEVICE) as refused:
        record.greet(hello(large(5), "made-up-5"), MAC, address=DEVICE)
    assert refused.value.problem == Problem("crowded")
    assert refused.value.hint
    assert record.events(limit=1000) == before
    assert record.greet(hello(pc(6), "boot-6"), MAC, address="10.0.0.5").new


def test_what_a_stage_found_counts_and_is_kept_whatever_it_comes_to(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "DAY_BYTES", 10_000)
    job = start(record, record.greet(hello(pc(), "boot-1"), MAC, address=DEVICE))
    found = StageRecord(stage="check", state="done", result=CheckResult(inventory=large(1)))
    assert record.stage_finished(job.id, found, 1.0, 1).stages[0] == found
    with pytest.raises(HelloRefused, match="within a day"):
        record.greet(hello(pc(2), "boot-2"), MAC, address=DEVICE)


def large(number: int) -> Inventory:
    """A server with 120 disks: 43 KB."""
    return replace(pc(number), disks=tuple(ssd(number * 1000 + disk) for disk in range(120)))
