"""Captures DHCP, ARP, spanning tree and IGMP frames on the LAN, and parses each into a plain value.

The kernel drops everything else (a libpcap filter), and the socket buffers what arrives while nobody reads. Frames that
leave this machine are captured too, so that a DHCP server on this machine is seen.
Not for: DHCP's own meaning (offers.py).
"""

import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from types import TracebackType
from typing import Final, Self

from scapy.arch.linux import L2ListenSocket
from scapy.error import Scapy_Exception
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, STP
from scapy.packet import Packet

from netboot.dhcp.packet import DhcpPacket, MalformedPacket, decode
from netboot.doctor.observed import ArpAnswer, Bpdu
from netboot.shared.errors import NetbootError

_FILTER: Final = "(udp and (port 67 or port 68)) or arp or igmp or (icmp[icmptype] = icmp-echoreply) or stp"
_MOST_FRAMES: Final = 4000
"""Frames that are read in one run: beyond them somebody floods the LAN."""
_IGMP, _IGMP_QUERY = 2, b"\x11"  # RFC 2236 §2.1


@dataclass(frozen=True, slots=True)
class HeardDhcp:
    """A DHCP packet of anybody's; `at` is on time.time()'s clock, in seconds, as the kernel stamped it."""

    packet: DhcpPacket
    source: IPv4Address
    source_mac: str
    at: float


@dataclass(frozen=True, slots=True)
class HeardQuery:
    """A router or switch asks who listens to multicast."""

    source: IPv4Address


@dataclass(frozen=True, slots=True)
class HeardEcho:
    """An answer to a ping; `size` is that of its IP packet, in bytes."""

    source: IPv4Address
    size: int


Heard = HeardDhcp | ArpAnswer | Bpdu | HeardQuery | HeardEcho


class Capture:
    """Listens on one interface, in promiscuous mode, from entering the `with` to leaving it."""

    def __init__(self, interface: str) -> None:
        try:
            self._socket = L2ListenSocket(iface=interface, filter=_FILTER, promisc=True)
        except (OSError, Scapy_Exception, ImportError) as error:
            raise NetbootError(
                f"{interface} cannot be listened on: {error}",
                hint="is it up, and is libpcap there? apt-get install tcpdump brings it",
            ) from error
        self._left = _MOST_FRAMES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def listen(self, until: float) -> Iterator[Heard]:
        """What is heard until then (time.monotonic()); ends sooner when too much was heard."""
        while self._left > 0:
            ready, _, _ = select.select([self._socket], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return
            self._left -= 1
            try:
                frame = self._socket.recv()
            except OSError:  # the interface went down
                return
            heard = parse_frame(frame) if frame is not None else None
            if heard is not None:
                yield heard


def parse_frame(frame: Packet) -> Heard | None:
    """A frame as a plain value, None for one that says nothing here or is not what it claims to be."""
    if STP in frame:
        tree = frame[STP]
        return Bpdu(bridge=str(tree.bridgemac), version=int(tree.version), forward_delay=float(tree.fwddelay))
    if ARP in frame:
        return _arp(frame[ARP])
    if IP not in frame:
        return None
    packet = frame[IP]
    source = IPv4Address(str(packet.src))
    if packet.proto == _IGMP:
        return HeardQuery(source) if bytes(packet.payload)[:1] == _IGMP_QUERY else None
    if ICMP in packet:
        return HeardEcho(source, int(packet.len or 0))
    if UDP in packet:
        try:
            dhcp = decode(bytes(packet[UDP].payload)[:1500])
        except MalformedPacket:
            return None
        return HeardDhcp(dhcp, source, str(frame.src), float(frame.time))
    return None


def _arp(answer: Packet) -> ArpAnswer | None:
    # Of other lengths scapy reads the fields as other things than addresses (RFC 826 leaves them open).
    if answer.op not in (1, 2) or (answer.ptype, answer.plen, answer.hwlen) != (0x0800, 4, 6):
        return None
    try:
        sender = IPv4Address(str(answer.psrc))
    except AddressValueError:  # a frame that ends too soon
        return None
    # A question from 0.0.0.0 is a probe: its sender has no address yet (RFC 5227 §1.1).
    return None if sender.is_unspecified else ArpAnswer(sender, str(answer.hwsrc))
