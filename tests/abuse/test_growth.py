"""How many bytes one address makes the record grow by in a day, whatever it says: the figures of docs/security.md.

A day of hellos, each three minutes after the other, on a record in a file; its write-ahead log is put into it at the
end, so that the file's size is all that was added.
"""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.jobs.profile import Profile
from netboot.records.arrivals import DAY_BYTES, DAY_SHARE
from netboot.records.record import open_record
from netboot.records.refusals import HelloRefused
from netboot.records.values import Start
from netboot.shared.inventory import Dimm, Disk, DiskId, Inventory
from netboot.shared.protocol import MESSAGE_LIMIT
from netboot.shared.stages.check import CheckResult
from tests.records.conftest import MAC, Clock, hello, pc

pytestmark = pytest.mark.timeout(600)
"""Of thousands of writes that the disk must have: on a busy machine a day took more than two minutes."""

LOOK = Profile(id="look", name={"fr": "Voir", "en": "Look"}, stages=("check", "finish"))


def large(number: int) -> Inventory:
    """A PC of 128 memory modules that tell as much as they may: 164 KB."""
    text = f"{number:06d}" * 42
    slot = Dimm(locator=text, kind=text, manufacturer=text, serial=text, part=text)
    return replace(pc(), dimms=(slot,) * 128)


def full_of_disks(number: int) -> Inventory:
    """A PC of 128 disks whose names, which the search keeps as well, are as long as they may be: 135 KB."""
    disks = tuple(
        Disk(
            name=f"sd{place}",
            id=DiskId(serial=f"{number:06d}{place:04d}" * 25, wwn=f"{place:04d}{number:06d}" * 25, size=10**9),
            model=f"{number:06d}" * 42,
        )
        for place in range(128)
    )
    return replace(pc(), disks=disks)


@dataclasses.dataclass(frozen=True)
class Day:
    """What came of one."""

    visits: int
    grown: int


def pours(place: Path, made: Callable[[int], Inventory]) -> Day:
    """One address says hello all day, and reports a check each time; every hour the server is started again."""
    clock, begun = Clock(), 0
    open_record(place, clock=clock, monotonic=clock.monotonic).close()
    empty = place.stat().st_size
    for hour in range(24):
        with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
            for boot in range(20):
                clock.pass_by(timedelta(minutes=3) - timedelta(seconds=10))
                told = made(hour * 20 + boot)
                try:
                    visit = record.visits.greet(
                        hello(told, f"boot-{hour}-{boot}", profile="look"), MAC, address="10.0.0.66"
                    )
                except HelloRefused:
                    continue
                begun += 1
                job = record.jobs.begin(visit.id, menu="look", starts={LOOK.id: Start(LOOK, None, "pc-1")})
                assert job is not None
                checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=told))
                record.jobs.stage_finished(job.id, checked, 1.0, 1)
            assert record.journal.verify().broken is None
    return Day(begun, place.stat().st_size - empty)


def test_ever_other_inventories_of_one_address_come_to_no_more_than_its_day(tmp_path: Path) -> None:
    day = pours(tmp_path / "record.db", large)
    size = len(msgspec.json.encode(large(1)))
    print(f"ever other inventories of {size} bytes: {day.visits} visits, {day.grown / 1e6:.1f} MB")
    assert 150_000 < size < MESSAGE_LIMIT
    assert DAY_BYTES * 0.8 < day.grown < DAY_BYTES * 1.3


def test_one_inventory_said_all_day_is_kept_once(tmp_path: Path) -> None:
    """It was kept twice a visit."""
    day = pours(tmp_path / "record.db", lambda _: large(1))
    print(f"one inventory: {day.visits} visits, {day.grown / 1e6:.1f} MB, {day.grown // day.visits} bytes a visit")
    assert day.visits == DAY_SHARE
    assert day.grown < 4 << 20


@pytest.mark.matrix
def test_inventories_that_fill_the_searchs_indexes_as_well_come_to_no_more_than_is_said(tmp_path: Path) -> None:
    day = pours(tmp_path / "record.db", full_of_disks)
    print(f"ever other disks: {day.visits} visits, {day.grown / 1e6:.1f} MB")
    assert DAY_BYTES * 2 < day.grown < 44_000_000
