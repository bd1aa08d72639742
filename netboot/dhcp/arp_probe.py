"""Asks the LAN whether somebody uses an address, before it is offered: an ARP probe on a raw socket (packet(7)).

ARP and no ping: every host on the LAN answers it, also those whose firewall drops ICMP, before it has an address of
ours; and the answer names the MAC address, so that a PC which still uses its own old lease is told from a stranger.
RFC 5227 §2.1.1 has a host send three probes, one to two seconds apart; firmware gives up on a server that takes so
long, so two are sent here within half a second, and the client's own check (RFC 2131 §4.4.1) comes after it.
Not for: addresses beyond a router, the packets' bytes (arp_packet.py).
"""

import asyncio
import errno
import logging
import socket
from ipaddress import IPv4Address

from netboot.dhcp.arp_packet import decode, encode_probe
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

WAITS = (0.2, 0.3)
"""Seconds that are waited after each probe."""

_ETH_P_ARP = 0x0806
_EVERYBODY = b"\xff" * 6
_READ_AT_ONCE = 64  # packets, so that a flood leaves the event loop to others
_LONGEST = 128  # bytes; ARP has 28


class ArpProber:
    """Probes on one interface, many at a time: `open` first, `close` at the end."""

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._socket: socket.socket | None = None
        self._index = 0
        self._mac = b""
        self._asked: dict[IPv4Address, set[asyncio.Future[str]]] = {}

    def open(self) -> None:
        """Take the socket. Raises NetbootError."""
        try:
            self._reopen()
        except OSError as error:
            raise NetbootError(
                f"no ARP can be sent on {self._interface}: {error.strerror}",
                hint="start netboot as root; `ip -brief link` lists the interfaces",
            ) from error

    def close(self) -> None:
        """Give the socket back; harmless when there is none."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    async def holder(self, address: IPv4Address) -> str | None:
        """The MAC address of whoever uses this address, None when nobody answered within the sum of WAITS.

        Raises OSError when the LAN cannot be asked: the interface is down or gone.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(address, set()).add(answer)
        try:
            for wait in WAITS:
                self._send(address)
                await asyncio.wait([answer], timeout=wait)
                if answer.done():
                    return answer.result()
            return None
        finally:
            waiting = self._asked[address]
            waiting.discard(answer)
            if not waiting:
                del self._asked[address]

    def _send(self, address: IPv4Address) -> None:
        if self._socket is None or socket.if_nametoindex(self._interface) != self._index:
            self._reopen()  # a USB adapter that was plugged in again has another number
        assert self._socket is not None
        # A link that was down leaves an error behind, which the next call would report of a link that is up again.
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            self._socket.sendto(encode_probe(self._mac, address), (self._interface, _ETH_P_ARP, 0, 0, _EVERYBODY))
        except BlockingIOError:
            log.debug("the probe for %s was not sent: the interface's queue is full", address)

    def _reopen(self) -> None:
        self.close()
        index = socket.if_nametoindex(self._interface)
        opened = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_ARP)
        )
        try:
            opened.bind((self._interface, _ETH_P_ARP))
        except OSError:
            opened.close()
            raise
        self._mac = opened.getsockname()[4]
        self._socket, self._index = opened, index
        asyncio.get_running_loop().add_reader(opened, self._read, opened)

    def _read(self, opened: socket.socket) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                payload = opened.recv(_LONGEST)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # told once; the next probe finds out whether the link is back
                    log.warning("ARP on %s: %s", self._interface, error.strerror)
                return
            arp = decode(payload)
            if arp is None or arp.sender_mac == self._mac.hex(":"):
                continue
            for answer in self._asked.get(arp.claims, ()):
                if not answer.done():
                    answer.set_result(arp.sender_mac)
