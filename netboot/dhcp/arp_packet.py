"""The ARP codec, as much of it as asking for an address needs: RFC 826, and the probe of RFC 5227 §2.1.1.

The 28 bytes after the Ethernet header; IPv4 over Ethernet only. Not for: sockets and waiting (arp_probe.py).
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET, _IPV4 = 1, 0x0800
_REQUEST = 1
_NOBODY = bytes(6)


@dataclass(frozen=True, slots=True)
class Arp:
    """Who speaks (MAC in lower case), by which address, and whose address is asked for or answered."""

    request: bool
    sender_mac: str
    sender: IPv4Address
    target: IPv4Address

    @property
    def claims(self) -> IPv4Address:
        """The address that the sender uses or is about to use: a probe's sender says it as its target only."""
        return self.target if self.sender == IPv4Address(0) else self.sender


def encode_probe(mac: bytes, address: IPv4Address) -> bytes:
    """Does anybody use this address? `mac` is our adapter's; our own IP address stays 0, so that no cache changes."""
    return _ARP.pack(_ETHERNET, _IPV4, 6, 4, _REQUEST, mac, bytes(4), _NOBODY, address.packed)


def decode(payload: bytes) -> Arp | None:
    """Read what follows an Ethernet header; None for whatever is not ARP for IPv4 over Ethernet."""
    if len(payload) < _ARP.size:
        return None
    hardware, protocol, mac_length, address_length, kind, sender_mac, sender, _, target = _ARP.unpack_from(payload)
    if (hardware, protocol, mac_length, address_length) != (_ETHERNET, _IPV4, 6, 4) or kind not in (1, 2):
        return None
    return Arp(kind == _REQUEST, sender_mac.hex(":"), IPv4Address(sender), IPv4Address(target))
