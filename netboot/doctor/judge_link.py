"""The interface, addresses that collide, and what the switch says of itself (pure)."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address

from netboot.doctor.finding import Finding, Severity
from netboot.doctor.observed import Card, Seen

_FRAME = 1500  # bytes of an IP packet in an Ethernet frame
_GIGABIT = 1000  # Mbit/s


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
    for address, macs in sorted(holders.items()):
        values = {"address": str(address), "mac": ", ".join(sorted(macs))}
        if address in card.own_addresses:
            yield Finding("own-address-taken", Severity.STOPS, values)
        elif address in offered:
            yield Finding("offer-taken", Severity.STOPS, values)
        elif len(macs) > 1:
            yield Finding("two-cards-one-address", Severity.STOPS, values)


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
