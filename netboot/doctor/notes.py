"""Collects what is captured while the doctor looks: answers to its questions, others' DHCP, ARP, spanning tree, IGMP.

No I/O. Limited in size, since somebody may flood the LAN.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, TypeVar

from netboot.doctor.capture import Heard, HeardDhcp, HeardEcho, HeardQuery
from netboot.doctor.observed import ArpAnswer, Asker, Bpdu, Offer, Overheard
from netboot.doctor.offers import is_answer, read_offer, server_of

_Kind = TypeVar("_Kind")

_MOST: Final = 64
"""Different things of one kind that are kept."""


@dataclass(slots=True)
class Notes:
    """What was heard so far. `asked` is who asked with which transaction id, and when (time.time(), seconds)."""

    asked: dict[int, tuple[Asker, float]] = field(default_factory=dict)
    offers: dict[tuple[Asker, IPv4Address, bool], Offer] = field(default_factory=dict)
    overheard: dict[Overheard, None] = field(default_factory=dict)
    arp: dict[ArpAnswer, None] = field(default_factory=dict)
    bpdus: dict[Bpdu, None] = field(default_factory=dict)
    queriers: dict[IPv4Address, None] = field(default_factory=dict)
    echoes: dict[tuple[IPv4Address, int], None] = field(default_factory=dict)

    def hear(self, heard: Heard) -> bool:
        """File one thing; True when it is an answer to a question of ours that was not there before."""
        match heard:
            case HeardDhcp():
                return self._hear_dhcp(heard)
            case ArpAnswer():
                _add(self.arp, heard)
            case Bpdu():
                _add(self.bpdus, heard)
            case HeardQuery(source):
                _add(self.queriers, source)
            case HeardEcho(source, size):
                _add(self.echoes, (source, size))
        return False

    def answered(self, asker: Asker) -> bool:
        """Whether anybody has answered this question."""
        return any(key[0] is asker for key in self.offers)

    def _hear_dhcp(self, heard: HeardDhcp) -> bool:
        packet = heard.packet
        if not is_answer(packet):
            return False
        question = self.asked.get(packet.xid)
        if question is None:
            _add(self.overheard, Overheard(server_of(packet, heard.source), heard.source_mac))
            return False
        asker, at = question
        after = max(0.0, heard.at - at)
        offer = read_offer(packet, asker, source=heard.source, source_mac=heard.source_mac, after=after)
        key = (asker, offer.server, offer.is_proxy)
        if key in self.offers or len(self.offers) >= _MOST:
            return False
        self.offers[key] = offer
        return True


def _add(kept: dict[_Kind, None], new: _Kind) -> None:
    if len(kept) < _MOST:
        kept[new] = None
