"""The table of leases: one example a rule, then whatever order of events and restarts hypothesis thinks of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from netboot.dhcp.address_plan import AddressPlan, Reservation
from netboot.dhcp.leases import HOLD, QUARANTINE, Lease, Leases, State
from netboot.records import leases as kept_leases
from netboot.records import tables
from netboot.records.values import KeptLease

SERVER = IPv4Address("10.0.0.1")
KEPT = IPv4Address("10.0.0.4")
RESERVED_MAC = "02:00:00:00:00:aa"
PLAN = AddressPlan(
    server=SERVER,
    network=IPv4Network("10.0.0.0/28"),
    first=IPv4Address("10.0.0.1"),
    last=IPv4Address("10.0.0.6"),
    lease=600,
    reservations={RESERVED_MAC: Reservation(KEPT, "kept")},
)
POOL = tuple(map(IPv4Address, ("10.0.0.2", "10.0.0.3", "10.0.0.5", "10.0.0.6")))


def mac(number: int) -> str:
    return f"02:00:00:00:00:{number:02x}"


def offered(leases: Leases, number: int, now: float = 0.0, wanted: IPv4Address | None = None) -> IPv4Address:
    lease = leases.offer(mac(number), wanted, now=now)
    assert lease is not None
    return lease.address


def bound(leases: Leases, number: int, now: float = 0.0) -> IPv4Address:
    address = offered(leases, number, now)
    assert leases.bind(mac(number), address, now=now) is not None
    return address


def current(leases: Leases, who: str) -> Lease | None:
    """What this PC is offered, else what it has."""
    held = {lease.state: lease for lease in leases if lease.mac == who}
    return held.get(State.OFFERED) or held.get(State.BOUND)


def test_our_own_and_reserved_addresses_are_not_in_the_pool() -> None:
    assert tuple(PLAN.pool()) == POOL


def test_four_pcs_get_the_four_addresses_and_a_fifth_none() -> None:
    leases = Leases(PLAN)
    assert {bound(leases, number) for number in range(4)} == set(POOL)
    assert leases.offer(mac(4), None, now=1) is None


def test_a_pc_gets_the_same_address_while_bound_after_release_and_after_expiry() -> None:
    leases = Leases(PLAN)
    address = bound(leases, 1)
    assert offered(leases, 1, now=10) == address
    assert leases.release(mac(1), address, now=20) is not None
    assert [offered(leases, number, now=21) for number in (2, 3)].count(address) == 0
    assert offered(leases, 1, now=22) == address
    leases.bind(mac(1), address, now=23)
    assert offered(leases, 1, now=23 + 600 + 1) == address


def test_a_server_that_forgot_everything_gives_the_same_address_again() -> None:
    assert offered(Leases(PLAN), 7) == offered(Leases(PLAN), 7)


def test_an_address_that_is_asked_for_is_given_when_it_is_free() -> None:
    leases = Leases(PLAN)
    assert offered(leases, 1, wanted=POOL[3]) == POOL[3]
    assert offered(leases, 2, wanted=POOL[3]) != POOL[3]
    assert offered(leases, 3, wanted=IPv4Address("192.0.2.9")) in POOL
    assert offered(leases, 4, wanted=KEPT) != KEPT


def test_a_reservation_is_kept_for_its_pc_and_names_it() -> None:
    leases = Leases(PLAN)
    for number in range(4):
        bound(leases, number)
    held = leases.offer(RESERVED_MAC, POOL[0], now=0)
    assert held is not None
    assert held.address == KEPT
    assert leases.bind(RESERVED_MAC, POOL[0], now=0) is None
    taken = leases.bind(RESERVED_MAC, KEPT, "said-by-itself", now=0)
    assert taken is not None
    assert taken.lease.name == "kept"
    assert leases.bind(mac(1), KEPT, now=0) is None


def test_a_pc_whose_reserved_address_is_in_use_gets_one_of_the_pool() -> None:
    leases = Leases(PLAN)
    leases.quarantine(KEPT, "02:00:00:00:00:ee", now=0)
    lease = leases.offer(RESERVED_MAC, None, now=1)
    assert lease is not None
    assert lease.address in POOL
    assert leases.bind(RESERVED_MAC, lease.address, now=1) is not None
    after = leases.offer(RESERVED_MAC, None, now=1 + QUARANTINE)
    assert after is not None
    assert after.address == KEPT


def test_the_longest_unused_address_is_taken_first() -> None:
    leases = Leases(PLAN)
    addresses = {number: bound(leases, number) for number in range(4)}
    for at, number in enumerate((2, 0, 3, 1)):
        leases.release(mac(number), addresses[number], now=10 + at)
    assert [offered(leases, 10 + number, now=20) for number in range(4)] == [addresses[n] for n in (2, 0, 3, 1)]


def test_a_flood_of_offers_does_not_keep_an_honest_pc_away() -> None:
    leases = Leases(PLAN)
    known = bound(leases, 1)
    honest = offered(leases, 2)
    for number in range(3, 200):
        assert offered(leases, number, now=1) != known
    # Its hold is long gone, but nobody has been given the address: who asks for it has it.
    assert leases.bind(mac(2), honest, now=2) is not None
    assert leases.bind(mac(1), known, now=2) is not None


def test_a_hold_ends_by_itself() -> None:
    leases = Leases(PLAN)
    for number in range(4):
        offered(leases, number)
    lease = current(leases, mac(0))
    assert lease is not None
    assert lease.state is State.OFFERED
    offered(leases, 9, now=HOLD)
    assert sum(lease.state is State.OFFERED for lease in leases) == 1


def test_a_pc_that_is_bound_anew_gives_back_what_it_had() -> None:
    leases = Leases(PLAN)
    first = bound(leases, 1)
    other = next(address for address in POOL if address != first)
    taken = leases.bind(mac(1), other, now=1)
    assert taken is not None
    assert taken.let_go == (Lease(first, mac(1), State.PAST, 1.0),)
    assert [lease.address for lease in leases if lease.state is State.BOUND] == [other]


def test_an_address_in_quarantine_is_given_to_nobody_until_it_ends() -> None:
    leases = Leases(PLAN)
    address = bound(leases, 1)
    assert leases.quarantine(address, "", now=1) is not None
    assert offered(leases, 1, now=2) != address
    assert leases.bind(mac(2), address, now=2) is None
    assert leases.bind(mac(2), address, now=1 + QUARANTINE) is not None


def test_pcs_that_decline_everything_do_not_empty_the_pool() -> None:
    leases = Leases(PLAN)
    for number in range(40):
        leases.quarantine(offered(leases, number), "", now=1)
        assert sum(lease.state is State.QUARANTINED for lease in leases) == 1
    assert leases.quarantine(IPv4Address("192.0.2.1"), "", now=1) is None


def test_leases_of_before_a_restart_are_kept_and_none_lasts_longer_than_the_plan_gives() -> None:
    known = [
        Lease(POOL[0], mac(1), State.BOUND, until=90_000.0, name="one"),
        Lease(POOL[1], mac(2), State.PAST, until=-5.0),
        Lease(POOL[2], RESERVED_MAC, State.BOUND, until=300.0),
        Lease(IPv4Address("10.9.9.9"), mac(3), State.BOUND, until=300.0),
    ]
    leases = Leases(PLAN, known, now=100.0)
    assert {(lease.address, lease.state, lease.until) for lease in leases} == {
        (POOL[0], State.BOUND, 700.0),
        (POOL[1], State.PAST, -5.0),
        (POOL[2], State.BOUND, 300.0),  # it may be in use, whatever was reserved for that PC meanwhile
    }
    assert leases.offer(RESERVED_MAC, None, now=101) == Lease(KEPT, RESERVED_MAC, State.OFFERED, 101 + HOLD)
    assert offered(leases, 2, now=101) == POOL[1]
    assert leases.may_keep(mac(1), POOL[0], now=101)
    assert leases.may_keep(mac(1), POOL[0], now=701)  # over, and nobody else has it


@pytest.mark.parametrize("other", [mac(9), ""])
def test_nobody_releases_or_keeps_what_is_anothers(other: str) -> None:
    leases = Leases(PLAN)
    address = bound(leases, 1)
    assert leases.release(other, address, now=1) is None
    assert not leases.may_keep(other, address, now=1)
    assert leases.may_keep(mac(1), address, now=1)


def test_a_pc_that_is_offered_its_reservation_again_loses_what_it_uses_only_once_it_takes_it() -> None:
    leases = Leases(PLAN)
    leases.quarantine(KEPT, mac(9), now=0)
    used = leases.offer(RESERVED_MAC, None, now=1)
    assert used is not None
    assert used.address in POOL
    assert leases.bind(RESERVED_MAC, used.address, now=1) is not None
    leases.quarantine(next(address for address in POOL if address != used.address), mac(9), now=2)  # the oldest ends
    again = leases.offer(RESERVED_MAC, None, now=3)
    assert again is not None
    assert again.address == KEPT
    assert leases.bind(mac(1), used.address, now=4) is None
    leases.withdraw(RESERVED_MAC, now=5)
    assert leases.bind(mac(1), used.address, now=5) is None
    assert leases.bind(RESERVED_MAC, KEPT, now=6) is not None
    assert leases.bind(mac(1), used.address, now=7) is not None


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: the promises hold after each step, and after a start from what was kept.

    What changes is kept as full.py has it, in the record's own table. The disk may be full; the clock of the day may be
    set at any time, and another length of leases be chosen for the next start.
    """

    macs = st.sampled_from([mac(number) for number in range(7)] + [RESERVED_MAC])
    addresses = st.sampled_from([*POOL, KEPT, SERVER, IPv4Address("10.0.0.9"), IPv4Address("192.0.2.1")])

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.midnight = datetime(2026, 11, 22, tzinfo=UTC)  # the day's time when `now` was 0, as its clock has it
        self.disk_is_full = False
        self.leases = Leases(PLAN)
        self.promised: dict[IPv4Address, tuple[str, float]] = {}
        self.engine = create_engine("sqlite://")
        tables.Base.metadata.create_all(self.engine, [tables.Base.metadata.tables["leases"]])

    def teardown(self) -> None:
        self.engine.dispose()

    def keep(self, *changed: Lease) -> bool:
        """Onto the record, False when that cannot be."""
        if not self.disk_is_full:
            with Session(self.engine) as session, session.begin():
                kept_leases.keep(session, [self.for_record(lease) for lease in changed])
        return not self.disk_is_full

    def kept(self) -> list[Lease]:
        with Session(self.engine) as session:
            return [self.from_record(row) for row in kept_leases.read(session)]

    def for_record(self, lease: Lease) -> KeptLease:
        until = self.midnight + timedelta(seconds=lease.until)
        return KeptLease(str(lease.address), lease.mac, lease.name, lease.state is State.BOUND, until)

    def from_record(self, kept: KeptLease) -> Lease:
        state = State.BOUND if kept.bound else State.PAST
        until = (kept.until - self.midnight).total_seconds()
        return Lease(IPv4Address(kept.address), kept.mac, state, until, kept.name)

    @initialize(known=st.lists(st.tuples(addresses, macs, st.floats(-100, 2000)), max_size=4))
    def begin(self, known: list[tuple[IPv4Address, str, float]]) -> None:
        states = {True: State.BOUND, False: State.PAST}
        self.leases = Leases(PLAN, [Lease(a, m, states[until > 0], until) for a, m, until in known])
        self.promised = self.bound()
        self.keep(*self.leases)

    def bound(self) -> dict[IPv4Address, tuple[str, float]]:
        return {lease.address: (lease.mac, lease.until) for lease in self.leases if lease.state is State.BOUND}

    @rule(seconds=st.sampled_from([0.1, 1, HOLD / 2, HOLD, 300, QUARANTINE, 700]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([-1_000_000, -300, 300, 1_000_000]))
    def the_clock_is_set(self, seconds: int) -> None:
        self.midnight += timedelta(seconds=seconds)

    @rule(lease=st.sampled_from([120, 600, 86_400]))
    def the_server_starts_again(self, lease: int) -> None:
        known = self.kept()
        self.leases = Leases(replace(PLAN, lease=lease), known, now=self.now)
        lasting = {one.address for one in known if one.until > self.now}  # to the clock, which may be ahead
        after = self.bound()
        for address, (who, until) in self.promised.items():
            if until > self.now and address in lasting:
                assert after[address][0] == who
        self.promised = after

    @rule(who=macs, wanted=st.none() | addresses)
    def asks(self, who: str, wanted: IPv4Address | None) -> None:
        lease = self.leases.offer(who, wanted, now=self.now)
        if lease is None:
            return
        assert lease.mac == who
        holder, until = self.promised.get(lease.address, (who, 0.0))
        assert holder == who or until <= self.now
        assert lease.address in POOL or (lease.address, who) == (KEPT, RESERVED_MAC)

    @rule(who=macs, address=addresses)
    def takes(self, who: str, address: IPv4Address) -> None:
        taken = self.leases.bind(who, address, now=self.now)
        if taken is None:
            return
        holder, until = self.promised.get(address, (who, 0.0))
        assert holder == who or until <= self.now, "two PCs have one address"
        assert (address, who) == (KEPT, RESERVED_MAC) or address in POOL
        # What was promised of this address is over by now, also when the new promise cannot be made.
        self.promised = {one: held for one, held in self.promised.items() if one != address and held[0] != who}
        if self.keep(*taken.let_go, taken.lease):
            self.promised[address] = (who, taken.lease.until)

    @rule(who=macs)
    def takes_what_it_was_offered(self, who: str) -> None:
        lease = current(self.leases, who)
        if lease is not None:
            self.takes(who, lease.address)

    @rule(who=st.sampled_from([mac(0), mac(1)]), address=st.sampled_from(POOL), written=st.booleans())
    def moves(self, who: str, address: IPv4Address, written: bool) -> None:
        self.disk_is_full = not written
        self.takes(who, address)
        self.disk_is_full = False

    @rule(who=macs, address=addresses)
    def gives_back(self, who: str, address: IPv4Address) -> None:
        past = self.leases.release(who, address, now=self.now)
        if past is not None:
            assert self.promised.pop(address, (who, 0.0))[0] == who
            self.keep(past)

    @rule(address=addresses, who=macs)
    def somebody_sits_there(self, address: IPv4Address, who: str) -> None:
        before = self.leases.at(address)
        lease = self.leases.quarantine(address, who, now=self.now)
        if lease is not None:
            self.promised.pop(address, None)
            if before is not None and before.state is State.BOUND:  # declined, else found by a probe
                self.keep(lease)

    @rule(who=macs)
    def takes_another_servers_offer(self, who: str) -> None:
        self.leases.withdraw(who, now=self.now)

    @invariant()
    def no_address_is_lost_or_in_two_states(self) -> None:
        leases = self.leases
        queues = [set(queue) for queue in leases._queues.values()]
        free = set(leases._free)
        assert sum(map(len, queues)) + len(free) == len(free.union(*queues))
        assert set(POOL) <= free.union(*queues) <= {*POOL, KEPT}
        assert KEPT not in free

    @invariant()
    def queues_are_in_the_order_of_their_ends(self) -> None:
        for state, queue in self.leases._queues.items():
            found = [self.leases.at(address) for address in queue]
            ends = [lease.until for lease in found if lease is not None and lease.state is state]
            assert len(ends) == len(queue)
            assert ends == sorted(ends)

    @invariant()
    def no_pc_has_two_addresses(self) -> None:
        for state in (State.OFFERED, State.BOUND):
            holders = [lease.mac for lease in self.leases if lease.state is state]
            assert len(holders) == len(set(holders))

    @invariant()
    def what_is_promised_is_on_the_record_and_no_pc_is_bound_twice_there(self) -> None:
        holders = {lease.address: lease.mac for lease in self.kept() if lease.state is State.BOUND}
        assert len(holders) == len(set(holders.values()))
        for address, (who, until) in self.promised.items():
            if until > self.now:
                assert holders[address] == who

    @invariant()
    def every_pc_may_still_be_served_once_all_is_over(self) -> None:
        later = self.now + 100_000
        copy = Leases(replace(PLAN), list(self.leases), now=self.now)
        assert copy.offer("02:00:00:00:00:99", None, now=later) is not None


TestAnyOrder = pytest.mark.timeout(600)(AnyOrder.TestCase)  # hypothesis may take 300 s to make a failure small
TestAnyOrder.settings = hypothesis_settings(max_examples=100, stateful_step_count=40)
