"""Leases on the record: before the answer, in batches, off the event loop, and found again on another clock."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.lease_keeper import QUEUE_LENGTH, LeaseKeeper
from netboot.dhcp.leases import Lease, Leases, State
from netboot.records.aggregates.leases import Leases as KeptLeases
from netboot.records.record import open_record
from netboot.records.values import KeptLease

PLAN = AddressPlan(
    server=IPv4Address("10.0.0.1"),
    network=IPv4Network("10.0.0.0/24"),
    first=IPv4Address("10.0.0.2"),
    last=IPv4Address("10.0.0.9"),
)


def lease(number: int, state: State = State.BOUND) -> Lease:
    address = IPv4Address("10.0.0.0") + number
    return Lease(address, f"02:00:00:00:00:{number % 256:02x}", state, time.monotonic() + 600, "pc")


class Slow(KeptLeases):
    """A record whose disk takes its time, and may be full."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.full = False

    def keep(self, leases: Sequence[KeptLease]) -> None:
        time.sleep(0.02)
        if self.full:
            raise OSError(28, "No space left on device")
        self.batches.append(len(leases))


async def run_for(keeper: LeaseKeeper, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(keeper.run(), seconds)


async def test_what_was_kept_is_found_again_with_the_time_it_has_left(tmp_path: Path) -> None:
    with open_record(tmp_path / "record.sqlite") as record:
        keeper = LeaseKeeper(record.leases)
        done = []
        keeper.keep([lease(1)], lambda: done.append(len(record.leases.all())))
        keeper.keep([lease(2, State.PAST)], lambda: done.append(len(record.leases.all())))
        await run_for(keeper, 0.5)
        assert done == [2, 2]  # on the record before the answer
    with open_record(tmp_path / "record.sqlite") as record:
        found = await LeaseKeeper(record.leases).load()
    assert [(one.address, one.state, one.name) for one in found] == [
        (lease(1).address, State.BOUND, "pc"),
        (lease(2).address, State.PAST, "pc"),
    ]
    assert all(595 < one.until - time.monotonic() <= 600 for one in found)


@pytest.mark.parametrize("known", [True, False], ids=["it was its PC's until now", "it is in no plan, or ended"])
async def test_a_pc_that_took_another_address_has_that_one_after_a_restart(tmp_path: Path, known: bool) -> None:
    """Also when what it left was lent for longer: `dhcp.full.lease` was 30 days then, or the clock was ahead."""
    mac, left, taken = "02:00:00:00:00:09", IPv4Address("10.0.0.3"), IPv4Address("10.0.0.4")
    with open_record(tmp_path / "record.sqlite") as record:
        until = datetime.now(UTC) + timedelta(days=30)
        record.leases.keep([KeptLease(str(left), mac, "", bound=True, until=until)])
        keeper = LeaseKeeper(record.leases)
        leases = Leases(PLAN, await keeper.load() if known else (), now=time.monotonic())
        now_bound = leases.bind(mac, taken, now=time.monotonic())
        assert now_bound is not None
        keeper.keep((*now_bound.let_go, now_bound.lease), lambda: None)
        await run_for(keeper, 0.3)
        again = Leases(PLAN, await LeaseKeeper(record.leases).load(), now=time.monotonic())
    assert [one.address for one in again if one.state is State.BOUND] == [taken]
    assert again.bind("02:00:00:00:00:08", taken, now=time.monotonic()) is None


async def test_a_pc_that_took_two_addresses_within_one_write_has_the_later_one(tmp_path: Path) -> None:
    with open_record(tmp_path / "record.sqlite") as record:
        keeper, leases = LeaseKeeper(record.leases), Leases(PLAN, now=time.monotonic())
        for address in (IPv4Address("10.0.0.3"), IPv4Address("10.0.0.4"), IPv4Address("10.0.0.3")):
            taken = leases.bind("02:00:00:00:00:09", address, now=time.monotonic())
            assert taken is not None
            keeper.keep((*taken.let_go, taken.lease), lambda: None)
        await run_for(keeper, 0.3)
        assert {(row.address, row.bound) for row in record.leases.all()} == {("10.0.0.3", True), ("10.0.0.4", False)}


async def test_what_comes_while_a_write_is_under_way_goes_into_the_next() -> None:
    record = Slow()
    keeper = LeaseKeeper(record)
    answered: list[int] = []

    async def ask() -> None:
        for number in range(50):
            keeper.keep([lease(number)], partial(answered.append, number))
            await asyncio.sleep(0.001)

    began = time.monotonic()
    await asyncio.gather(run_for(keeper, 0.5), ask())
    assert time.monotonic() - began < 1
    assert answered == list(range(50))
    assert len(record.batches) < 10


async def test_a_full_disk_answers_nobody_and_ends_nothing() -> None:
    record = Slow()
    keeper = LeaseKeeper(record)
    answered: list[int] = []
    record.full = True
    keeper.keep([lease(1)], lambda: answered.append(1))
    await run_for(keeper, 0.1)
    assert answered == []
    record.full = False
    keeper.keep([lease(2)], lambda: answered.append(2))
    await run_for(keeper, 0.1)
    assert answered == [2]


async def test_only_so_many_may_wait() -> None:
    record = Slow()
    keeper = LeaseKeeper(record)
    answered: list[int] = []
    for number in range(QUEUE_LENGTH + 5):
        keeper.keep([lease(number)], partial(answered.append, number))
    await run_for(keeper, 0.3)
    assert len(answered) == QUEUE_LENGTH


@pytest.mark.parametrize("moved", [timedelta(days=-9000), timedelta(hours=3)])
async def test_a_clock_that_was_set_leaves_no_lease_for_ever(tmp_path: Path, moved: timedelta) -> None:
    """A spare PC without a battery begins in 1970 and jumps when it hears the time."""
    with open_record(tmp_path / "record.sqlite") as record:
        until = datetime.now(UTC) - moved + timedelta(seconds=600)
        record.leases.keep([KeptLease("10.0.0.9", "02:00:00:00:00:09", "", bound=True, until=until)])
        (found,) = Leases(PLAN, await LeaseKeeper(record.leases).load(), now=time.monotonic())
        assert found.mac == "02:00:00:00:00:09"
        assert found.until - time.monotonic() <= PLAN.lease
