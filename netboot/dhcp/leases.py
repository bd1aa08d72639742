"""The table of leases (pure): which PC has which address, and for how long. RFC 2131 §3.1, §4.3.1 and §4.3.4.

A PC is known by its MAC address, not by its client identifier (option 61): its firmware, its loader, the agent and the
system that is installed each send another identifier, or none, and each would take an address of its own; a pool for
twenty PCs would be empty after five. RFC 2131 §2 lets a server key its table by chaddr where no identifier is sent.

An address that may be given is at any time one of these, so that none is ever lost:

    offered      held for a PC that asked, for HOLD seconds; a request by any PC takes it, since the hold only says
                 what was offered last, and a flood of made-up PCs must not keep honest ones away
    bound        a PC's until its lease ends, it gives it back or it is bound elsewhere. Nobody else gets it before,
                 also when the PC cannot renew it (another is reserved for it now) or is offered another one
    quarantined  somebody was found to use it without a lease; left alone for QUARANTINE seconds
    free         the rest, the longest unused first; each remembers the PC that had it last, which gets it again

Every state lasts as long for everybody, so each is a queue in the order of its ends, and every step takes the same time
however many leases there are. Times are seconds on one steady clock that the caller reads.
Not for: DHCP packets (full.py), keeping leases on disk (lease_keeper.py).
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address
from zlib import crc32

from netboot.dhcp.address_plan import AddressPlan

HOLD = 30.0
"""Seconds. A PXE ROM collects offers for up to 4 s, asks again after 8 and 16 s (PXE 2.1 §2.2.4.1)."""

QUARANTINE = 600.0
"""Seconds; RFC 2131 names no figure."""


class State(Enum):
    """What an address is to the PC that its lease names."""

    OFFERED = "offered"
    BOUND = "bound"
    QUARANTINED = "quarantined"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Lease:
    """An address, whose it is or was, and when that ends or ended. A quarantined one names who was found there."""

    address: IPv4Address
    mac: str
    state: State
    until: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """The lease that a PC took, and the one it let go of for that, if any: both have changed."""

    lease: Lease
    let_go: tuple[Lease, ...] = ()


class Leases:
    """Every address of the plan and what became of it; bounded by the plan's size.

    `known` are the leases of before a restart, bound or past; a PC is bound once there. None lasts longer than the plan
    gives: the settings may have changed, or the machine's clock.
    """

    def __init__(self, plan: AddressPlan, known: Iterable[Lease] = (), *, now: float = 0.0) -> None:
        self._plan = plan
        self._pool = tuple(plan.pool())
        self._free: OrderedDict[IPv4Address, None] = OrderedDict.fromkeys(self._pool)
        reserved = {one.address: mac for mac, one in plan.reservations.items() if one.address is not None}
        self._reserved_for: dict[IPv4Address, str] = reserved
        self._in_pool = frozenset(self._pool)
        self._leases: dict[IPv4Address, Lease] = {}
        self._offered_to: dict[str, IPv4Address] = {}
        self._had_by: dict[str, IPv4Address] = {}  # bound, else had last
        self._queues: dict[State, OrderedDict[IPv4Address, None]] = {
            state: OrderedDict() for state in (State.OFFERED, State.BOUND, State.QUARANTINED)
        }
        # At most a quarter of the pool: PCs that decline what they get, for fun or by a fault, cannot empty it.
        self._most_quarantined = max(1, len(self._pool) // 4)
        for lease in sorted(known, key=lambda lease: lease.until):
            if self._is_for(lease.mac, lease.address) and lease.state in (State.BOUND, State.PAST):
                if lease.state is State.BOUND:
                    self._let_go_of_other(lease.mac, lease.address, now)
                self._set(replace(lease, until=min(lease.until, now + plan.lease)))

    def __iter__(self) -> Iterator[Lease]:
        """Every lease that there is or was, one an address."""
        return iter(self._leases.values())

    def at(self, address: IPv4Address) -> Lease | None:
        """The lease of this address, None when nobody ever had it."""
        return self._leases.get(address)

    def offer(self, mac: str, wanted: IPv4Address | None, *, now: float) -> Lease | None:
        """The address that this PC is to be offered, held for it from now on; None when there is none left.

        In the order of RFC 2131 §4.3.1: what it has or had, what it asks for, else a number made of its MAC (so that a
        server that forgot everything gives the same ones again), else the longest unused.
        """
        self._end_what_is_over(now)
        address = self._own(mac) or self._asked_for(mac, wanted) or self._by_mac(mac) or next(iter(self._free), None)
        if address is None:
            address = self._recycled()
        if address is None:
            return None
        lease = self._leases.get(address)
        if lease is not None and lease.state is State.BOUND:
            return lease  # its own: the lease goes on as it was until it is asked for
        self._end_offer_of_other(mac, address, now)
        return self._set(Lease(address, mac, State.OFFERED, now + HOLD))

    def bind(self, mac: str, address: IPv4Address, name: str = "", *, now: float) -> Bound | None:
        """This PC's own for the plan's lease from now on; None when it may not have it."""
        self._end_what_is_over(now)
        lease = self._leases.get(address)
        taken = lease is not None and (
            lease.state is State.QUARANTINED or (lease.state is State.BOUND and lease.mac != mac)
        )
        if taken or not self._may_have(mac, address):
            return None
        self._end_offer_of_other(mac, address, now)
        let_go = self._let_go_of_other(mac, address, now)
        reservation = self._plan.reservations.get(mac)
        name = reservation.name if reservation and reservation.name else name
        return Bound(self._set(Lease(address, mac, State.BOUND, now + self._plan.lease, name)), let_go)

    def may_keep(self, mac: str, address: IPv4Address, *, now: float) -> bool:
        """Did this PC have the address last, and has nobody else got it since?"""
        self._end_what_is_over(now)
        lease = self._leases.get(address)
        return (
            lease is not None
            and lease.mac == mac
            and lease.state is not State.QUARANTINED
            and self._may_have(mac, address)
        )

    def held_for(self, mac: str) -> IPv4Address | None:
        """The address that this PC was offered last, or has."""
        return self._offered_to.get(mac) or (self._had_by[mac] if self._is_bound(mac) else None)

    def release(self, mac: str, address: IPv4Address, *, now: float) -> Lease | None:
        """The PC gives the address back (RFC 2131 §4.3.4); None when it was not its own."""
        lease = self._leases.get(address)
        if lease is None or lease.mac != mac or lease.state is not State.BOUND:
            return None
        return self._set(replace(lease, state=State.PAST, until=now))

    def withdraw(self, mac: str, *, now: float) -> None:
        """The PC took another server's offer: what was held for it is free."""
        if (address := self._offered_to.get(mac)) is not None:
            self._set(replace(self._leases[address], state=State.PAST, until=now))

    def quarantine(self, address: IPv4Address, mac: str, *, now: float) -> Lease | None:
        """Somebody (`mac`, "" when it is not known) uses this address without a lease; None when it is not ours."""
        if address not in self._in_pool and address not in self._reserved_for:
            return None
        queue = self._queues[State.QUARANTINED]
        if address not in queue and len(queue) >= self._most_quarantined:
            self._end(next(iter(queue)))
        return self._set(Lease(address, mac, State.QUARANTINED, now + QUARANTINE))

    def _own(self, mac: str) -> IPv4Address | None:
        reserved = self._plan.reserved(mac)
        if reserved is not None and self._is_open_to(mac, reserved):
            return reserved
        for address in (self._offered_to.get(mac), self._had_by.get(mac)):
            if address is not None and self._is_open_to(mac, address):
                return address
        return None

    def _asked_for(self, mac: str, wanted: IPv4Address | None) -> IPv4Address | None:
        return wanted if wanted is not None and wanted in self._free else None

    def _by_mac(self, mac: str) -> IPv4Address | None:
        if not self._pool:
            return None
        address = self._pool[crc32(mac.encode()) % len(self._pool)]
        return address if address in self._free and address not in self._leases else None

    def _recycled(self) -> IPv4Address | None:
        """The oldest hold, else the oldest quarantine: whoever is still there is found by the next probe."""
        for state in (State.OFFERED, State.QUARANTINED):
            address = next((address for address in self._queues[state] if address in self._in_pool), None)
            if address is not None:
                return address
        return None

    def _is_open_to(self, mac: str, address: IPv4Address) -> bool:
        """May this PC be offered the address, now?"""
        if not self._may_have(mac, address):
            return False
        lease = self._leases.get(address)
        return lease is None or lease.state is State.PAST or (lease.mac == mac and lease.state is not State.QUARANTINED)

    def _may_have(self, mac: str, address: IPv4Address) -> bool:
        """Does the plan allow it? A PC with a reservation gets nothing else, unless somebody sits on its address."""
        reserved = self._plan.reserved(mac)
        if reserved is not None and reserved != address:
            lease = self._leases.get(reserved)
            return address in self._in_pool and lease is not None and lease.state is State.QUARANTINED
        return self._is_for(mac, address)

    def _is_for(self, mac: str, address: IPv4Address) -> bool:
        return address in self._in_pool or self._reserved_for.get(address) == mac

    def _let_go_of_other(self, mac: str, address: IPv4Address, now: float) -> tuple[Lease, ...]:
        """One PC, one lease: what it had besides this one is free."""
        had = self._had_by.get(mac)
        if had is None or had == address or not self._is_bound(mac):
            return ()
        return (self._set(replace(self._leases[had], state=State.PAST, until=now)),)

    def _end_offer_of_other(self, mac: str, address: IPv4Address, now: float) -> None:
        if self._offered_to.get(mac) != address:
            self.withdraw(mac, now=now)

    def _end_what_is_over(self, now: float) -> None:
        for queue in self._queues.values():
            while queue and self._leases[first := next(iter(queue))].until <= now:
                self._end(first)

    def _end(self, address: IPv4Address) -> None:
        lease = self._leases[address]
        # Whoever sat on a quarantined address has, perhaps, a lease elsewhere: this is not what it had last.
        mac = "" if lease.state is State.QUARANTINED else lease.mac
        self._set(replace(lease, mac=mac, state=State.PAST))

    def _set(self, lease: Lease) -> Lease:
        before = self._leases.get(lease.address)
        if before is not None:
            if before.state is not State.PAST:
                del self._queues[before.state][lease.address]
            for addresses in (self._offered_to, self._had_by):
                if addresses.get(before.mac) == lease.address:
                    del addresses[before.mac]
        self._free.pop(lease.address, None)
        if lease.state is not State.PAST:
            self._queues[lease.state][lease.address] = None
        elif lease.address in self._in_pool:
            self._free[lease.address] = None
        self._leases[lease.address] = lease
        match lease.state:
            case State.OFFERED:
                self._offered_to[lease.mac] = lease.address
            case State.BOUND:
                self._had_by[lease.mac] = lease.address
            case State.PAST if lease.mac and not self._is_bound(lease.mac):
                self._had_by[lease.mac] = lease.address
        return lease

    def _is_bound(self, mac: str) -> bool:
        had = self._had_by.get(mac)
        return had is not None and self._leases[had].state is State.BOUND
