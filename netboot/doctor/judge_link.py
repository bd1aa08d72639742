"""Findings about the interface, address conflicts, and the switch (pure)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from ipaddress import IPv4Address

from netboot.doctor.finding import Code, Finding, Severity
from netboot.doctor.observed import Card, Seen

_FRAME = 1500  # bytes of an IP packet in an Ethernet frame
_GIGABIT = 1000  # Mbit/s
_FEWEST_DECOYS = 3
"""Addresses that nobody was given, and that one card answers for: fewer may be other machines' by chance."""
_ONE_CAUSE = 5
"""Addresses of others that one card answers for: so many are one fault, not so many machines set up wrongly."""
_SHOWN = 4


def link_findings(seen: Seen) -> Iterator[Finding]:
    """What is to be told of card, addresses and switch; nothing but the cable when that is out."""
    if not seen.card.carrier:
        yield Finding("no-cable", Severity.STOPS, {"interface": seen.card.name})
        return
    yield from _card(seen.card)
    yield from _own_address(seen)
    yield from _collisions(seen)
    yield from _switch(seen)


def _card(card: Card) -> Iterator[Finding]:
    values = {"interface": card.name, "speed": str(card.speed or "?"), "mtu": str(card.mtu)}
    if card.wireless:
        yield Finding("wireless", Severity.KNOW, values)
    elif card.duplex == "half":
        yield Finding("half-duplex", Severity.KNOW, values)
    elif card.speed is not None and card.speed < _GIGABIT:
        yield Finding("slow-link", Severity.KNOW, values)
    elif card.speed is not None:
        yield Finding("link", Severity.FINE, values)
    if card.mtu != _FRAME:
        yield Finding("mtu", Severity.KNOW, values)


def _own_address(seen: Seen) -> Iterator[Finding]:
    card = seen.card
    if card.address is None:
        yield Finding("no-own-address", Severity.KNOW, {"interface": card.name})
    elif card.dynamic and seen.is_here:
        yield Finding("own-address-is-a-lease", Severity.KNOW, {"address": str(card.address), "mac": card.mac})


def _collisions(seen: Seen) -> Iterator[Finding]:
    card = seen.card
    holders: defaultdict[IPv4Address, set[str]] = defaultdict(set)
    for answer in seen.arp:
        if answer.mac not in card.own_macs:
            holders[answer.address].add(answer.mac)
    offered = {offer.address for offer in seen.offers if not offer.is_proxy}
    faults = [fault for address, macs in sorted(holders.items()) if (fault := _fault(address, macs, card, offered))]
    for mac in sorted({mac for fault in faults for mac in fault.macs}):
        taken = [fault.address for fault in faults if mac in fault.macs]
        for_all = len(seen.decoys) >= _FEWEST_DECOYS and all(mac in holders.get(decoy, ()) for decoy in seen.decoys)
        if for_all or len(taken) >= _ONE_CAUSE:
            values = {"mac": mac, "count": str(len(taken)), "addresses": _first_few(taken)}
            yield Finding("answers-for-everybody", Severity.STOPS, values)
            left = ((fault.address, fault.macs - {mac}) for fault in faults)
            faults = [fault for address, macs in left if (fault := _fault(address, macs, card, offered))]
    for fault in faults:
        yield Finding(fault.code, Severity.STOPS, {"address": str(fault.address), "mac": ", ".join(sorted(fault.macs))})


@dataclass(frozen=True, slots=True)
class _Fault:
    """An address that should not be where it is, and who answers for it."""

    code: Code
    address: IPv4Address
    macs: frozenset[str]


def _fault(address: IPv4Address, macs: Set[str], card: Card, offered: Set[IPv4Address]) -> _Fault | None:
    if not macs:
        return None
    if address in card.own_addresses:
        return _Fault("own-address-taken", address, frozenset(macs))
    if address in offered:
        return _Fault("offer-taken", address, frozenset(macs))
    return _Fault("two-cards-one-address", address, frozenset(macs)) if len(macs) > 1 else None


def _first_few(addresses: Sequence[IPv4Address]) -> str:
    shown = ", ".join(map(str, addresses[:_SHOWN]))
    return f"{shown}, …" if len(addresses) > _SHOWN else shown


def _switch(seen: Seen) -> Iterator[Finding]:
    if seen.whole_frames is False:
        yield Finding("frames-lost", Severity.STOPS, {"server": str(seen.netboot)})
    if seen.bpdus:
        slowest = max(seen.bpdus, key=lambda bpdu: bpdu.forward_delay)
        # IEEE 802.1D §8.5: a port listens, then learns, one forward delay each, before it passes frames.
        seconds = round(2 * slowest.forward_delay)
        if seconds:
            yield Finding("spanning-tree", Severity.KNOW, {"bridge": slowest.bridge, "seconds": str(seconds)})
    if seen.queriers:
        yield Finding("querier", Severity.FINE, {"address": ", ".join(map(str, seen.queriers))})
    else:
        yield Finding("no-querier", Severity.FINE, {})
