"""Sends on the LAN: DHCP questions, ARP probes, one ping. The callers limit how many; nothing claims an address.

A DHCP question goes out by a raw IP socket: the kernel puts a broadcast on the wire and hands a copy to the sockets of
this machine, so that a server here and a server elsewhere get the same question (a frame sent below IP reaches only the
wire). No port 68 is taken, so a DHCP client on this machine is left alone.
Not for: what the packets say (questions.py).
"""

import socket
import time
from collections.abc import Iterable
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from scapy.arch.linux import L2Socket
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from netboot.dhcp.packet import DhcpPacket, encode
from netboot.doctor.observed import Card
from netboot.shared.errors import NetbootError

_NOBODY: Final = "0.0.0.0"  # noqa: S104 - a sender, nothing is bound
_EVERYBODY: Final = "ff:ff:ff:ff:ff:ff"
_BETWEEN_FRAMES: Final = 0.02  # seconds: a burst of broadcasts is what a switch's storm control looks for
_MULTICAST_GROUP: Final = "239.255.77.77"  # RFC 2365: administratively scoped


class Injector:
    """Sends on one interface, from entering the `with` to leaving it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._ip = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        try:
            self._ip.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, card.name.encode())
            self._ip.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._frames = L2Socket(iface=card.name, nofilter=1)
        except OSError as error:
            self._ip.close()
            raise NetbootError(f"{card.name} cannot be spoken on: {error.strerror}", hint="is it up?") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ip.close()
        self._frames.close()

    def ask_dhcp(self, packet: DhcpPacket) -> None:
        """Broadcast one DHCP question."""
        # The kernel would fill in the sender, but after the checksum was made.
        head = IP(src=str(self._card.address or _NOBODY), dst="255.255.255.255") / UDP(sport=68, dport=67)
        try:
            self._ip.sendto(bytes(head / Raw(encode(packet))), ("255.255.255.255", 0))
        except OSError as error:
            raise NetbootError(
                f"nothing can be sent on {self._card.name}: {error.strerror}", hint="is it up, with its cable in?"
            ) from error
        time.sleep(_BETWEEN_FRAMES)

    def ask_who_has(self, addresses: Iterable[IPv4Address]) -> None:
        """ARP probes (RFC 5227 §2.1.1): they name no sender, so no neighbour's table changes."""
        for address in addresses:
            probe = ARP(op=1, hwsrc=self._card.mac, psrc=_NOBODY, pdst=str(address))
            self._send(Ether(src=self._card.mac, dst=_EVERYBODY) / probe)

    def ping(self, address: IPv4Address, mac: str, size: int) -> None:
        """One ping, an IP packet of `size` bytes that no router may cut."""
        head = IP(src=str(self._card.address), dst=str(address), flags="DF") / ICMP(id=0x6E62, seq=1)
        self._send(Ether(src=self._card.mac, dst=mac) / head / Raw(bytes(size - len(head))))

    def join_and_leave(self) -> None:
        """Join a multicast group and leave it: a querier then asks who else listens (RFC 2236 §3)."""
        if self._card.address is None:
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
            group = socket.inet_aton(_MULTICAST_GROUP) + self._card.address.packed
            member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            time.sleep(0.2)  # for the kernel to say so before it says the contrary

    def _send(self, frame: Packet) -> None:
        try:
            self._frames.send(frame)
        except OSError:
            return  # an interface with a smaller MTU refuses a whole frame; a link that went down is told elsewhere
        time.sleep(_BETWEEN_FRAMES)
