"""The sockets of DHCP, UDP 67 and 4011 on one interface, for any `DhcpCore` (core.py).

Bound to 0.0.0.0 or 255.255.255.255, since a socket bound to the interface's own address never sees broadcasts;
IP_PKTINFO (ip(7)) tells the interface of what arrives and sets that of what leaves. An interface that goes down, comes
back or is plugged in again needs no restart.
A packet is answered where it is read: a core never waits, and what is not yet read waits in the kernel.
Not for: what is answered.
"""

import asyncio
import errno
import logging
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from uuid import UUID

from netboot.dhcp.boot_client import BootMethod, Firmware, Ignored, Reason
from netboot.dhcp.core import BOOT_SERVER_PORT, BROADCAST, SERVER_PORT, Answer, Arrival, DhcpCore, Handled, Remark
from netboot.dhcp.log import DhcpLog, log_ignored
from netboot.dhcp.packet import MAX_PACKET, encode
from netboot.lan.packet_info import IP_PKTINFO, PKTINFO, AncillaryData, ServedInterface, arrival_index
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

_DROPS_REPORTED_EVERY = 60.0  # seconds
_UNSENT_TOLD_EVERY = 60.0  # seconds
_TICK = 1.0  # seconds
_READ_AT_ONCE = 16  # datagrams, about 2 ms, so that a flood leaves the event loop to others
_RECEIVE_BUFFER = 1 << 20  # bytes; a client whose packet finds it full asks again by itself

_DROPPED = struct.Struct("=I")  # packets since the socket was opened
_SO_RXQ_OVFL = 40  # socket(7); Python's socket module does not name it
_ANCILLARY = socket.CMSG_SPACE(PKTINFO.size) + socket.CMSG_SPACE(_DROPPED.size)

REASONS_TOLD = frozenset(
    {
        Reason.FIRMWARE_ARM,
        Reason.FIRMWARE_UNKNOWN,
        Reason.LOOP,
        Reason.DENIED,
        Reason.NO_ADDRESS_LEFT,
        Reason.ADDRESSES_IN_USE,
        Reason.RIVAL_SERVER,
    }
)
"""Why a boot client gets no answer, where people are told on the page."""


@dataclass(frozen=True, slots=True)
class BootSighting:
    """A PC that was seen booting: what it is, and what it was sent, or why it was sent nothing.

    `remark` is what a person may want to know of how it was answered.
    """

    mac: str
    uuid: UUID | None
    firmware: Firmware
    method: BootMethod
    by_ipxe: bool
    boot_file: str | None
    refused: Reason | None
    remark: Remark | None = None


class DhcpService:
    """A DHCP core on its ports: `start` takes the ports, `run` answers until it is cancelled, `close` gives them back.

    `on_boot_client` is called in the event loop for each PC that was answered or refused; it must not block.
    """

    def __init__(
        self,
        core: DhcpCore,
        *,
        interface: str,
        address: IPv4Address,
        on_boot_client: Callable[[BootSighting], None] | None = None,
    ) -> None:
        self._core = core
        self._address = address
        self._on_boot_client = on_boot_client
        self._interface = ServedInterface(interface)
        self._sockets: dict[int, socket.socket] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dropped = dict.fromkeys((SERVER_PORT, BOOT_SERVER_PORT), 0)
        self._drops_told = 0
        self._shares_port = False
        self._log = DhcpLog()
        self._told_unsent = -_UNSENT_TOLD_EVERY

    @property
    def shares_port(self) -> bool:
        """Port 67 is another DHCP server's too, on this machine: only broadcasts reach us there."""
        return self._shares_port

    def use_address(self, address: IPv4Address) -> None:
        """Our address on the interface is this one from now on; nothing is forgotten when it was already."""
        if address == self._address:
            return
        self._address = address
        self._core.use_address(address)

    async def start(self) -> None:
        """Take both ports; from here on packets wait for `run`. Raises NetbootError."""
        self._interface.look_up()
        try:
            for port in (SERVER_PORT, BOOT_SERVER_PORT):
                self._sockets[port] = _open(port)
            self._shares_port = self._sockets[SERVER_PORT].getsockname()[0] == str(BROADCAST)
        except BaseException:
            self.close()
            raise

    async def run(self) -> None:
        """Answer until cancelled."""
        loop = self._loop = asyncio.get_running_loop()
        for port, opened in self._sockets.items():
            loop.add_reader(opened, self._read, port, opened)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tick())
                tasks.create_task(self._report_drops())
        finally:
            self._stop_reading()

    def close(self) -> None:
        """Give both ports back; harmless when they were not taken."""
        self._stop_reading()
        for opened in self._sockets.values():
            opened.close()
        self._sockets.clear()

    def _stop_reading(self) -> None:
        if self._loop is not None:
            for opened in self._sockets.values():
                self._loop.remove_reader(opened)

    def deliver(self, handled: Handled) -> None:
        """Carry out what a core could not decide at once."""
        self._carry_out(handled, None)

    def _read(self, port: int, opened: socket.socket) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                payload, ancillary, flags, (address, source_port) = opened.recvmsg(MAX_PACKET + 1, _ANCILLARY)
            except BlockingIOError:
                return
            except OSError as error:
                # The kernel reports a link that went away once; the socket stays good.
                log.warning("port %d: %s", port, error.strerror)
                return
            arrival = Arrival(port, IPv4Address(address), source_port)
            index = arrival_index(ancillary)
            self._dropped[port] = _drops(ancillary) or self._dropped[port]
            if not self._interface.has_index(index):
                log_ignored(Ignored(Reason.OTHER_INTERFACE, f"number {index}"), arrival)
            elif flags & socket.MSG_TRUNC:
                log_ignored(Ignored(Reason.TOO_LONG), arrival)
            else:
                self._carry_out(self._core.receive(payload, arrival, now=time.monotonic()), arrival)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for handled in self._core.tick(time.monotonic()):
                self._carry_out(handled, None)

    def _carry_out(self, handled: Handled, arrival: Arrival | None) -> None:
        for answer in handled.answers:
            self._send(answer)
        self._log.handled(handled, arrival, time.monotonic())
        self._tell(handled)

    def _send(self, answer: Answer) -> None:
        pktinfo = PKTINFO.pack(self._interface.index, self._address.packed, bytes(4))
        try:
            self._sockets[answer.from_port].sendmsg(
                [encode(answer.packet)],
                [(socket.IPPROTO_IP, IP_PKTINFO, pktinfo)],
                0,
                (str(answer.destination), answer.destination_port),
            )
        except OSError as error:
            if time.monotonic() - self._told_unsent < _UNSENT_TOLD_EVERY:
                return
            self._told_unsent = time.monotonic()
            log.warning(
                "the answer to %s cannot be sent: %s; is %s up, and does it still have the address %s?",
                answer.packet.chaddr.hex(":"),
                error.strerror,
                self._interface.name,
                self._address,
            )

    def _tell(self, handled: Handled) -> None:
        client, boot_file = handled.client, handled.boot_file
        refused = handled.ignored.reason if handled.ignored else None
        if self._on_boot_client is None or client is None:
            return
        if not boot_file and not handled.remark and refused not in REASONS_TOLD:
            return
        sighting = BootSighting(
            mac=client.mac,
            uuid=client.uuid,
            firmware=client.firmware,
            method=client.method,
            by_ipxe=client.ipxe is not None,
            boot_file=boot_file or None,
            refused=refused,
            remark=handled.remark,
        )
        try:
            self._on_boot_client(sighting)
        except Exception:
            log.exception("the sighting of %s was lost", client.mac)

    async def _report_drops(self) -> None:
        while True:
            await asyncio.sleep(_DROPS_REPORTED_EVERY)
            dropped = sum(self._dropped.values())
            if dropped > self._drops_told:
                log.warning(
                    "%d DHCP packets were dropped in the last minute: more came than could be answered",
                    dropped - self._drops_told,
                )
                self._drops_told = dropped


def _open(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        if port == SERVER_PORT:
            _bind_beside_others(opened)
        else:
            opened.bind(("0.0.0.0", port))  # noqa: S104 - IP_PKTINFO tells our interface's packets from others'
    except OSError as error:
        opened.close()
        raise _cannot_open(port, error) from error
    return opened


def _bind_beside_others(opened: socket.socket) -> None:
    """Take port 67, and share it with a DHCP server on this host that shares it too (dnsmasq with bind-interfaces).

    Its clients renew their leases by unicast, and of two sockets the kernel hands unicast to the one bound last: so
    when somebody was there first, only broadcasts are asked for. A second netboot still finds 4011 taken.
    """
    try:
        opened.bind(("0.0.0.0", SERVER_PORT))  # noqa: S104 - for 255.255.255.255 and for relays
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((str(BROADCAST), SERVER_PORT))
        log.warning("another DHCP server on this machine shares UDP port 67: PCs behind a relay will not be answered")


_USUAL_HOLDERS = {
    SERVER_PORT: "dnsmasq, isc-dhcp-server or kea",
    BOOT_SERVER_PORT: "another netboot, or dnsmasq as a PXE proxy",
}


def _cannot_open(port: int, error: OSError) -> NetbootError:
    if error.errno == errno.EADDRINUSE:
        return NetbootError(
            f"UDP port {port} is taken by another program, usually {_USUAL_HOLDERS[port]}",
            hint=f"`ss --udp --listening --processes sport = :{port}` names it; stop it, or, if it is dnsmasq and must "
            "stay, put `bind-interfaces` into /etc/dnsmasq.conf and restart it; or let it name the boot files itself, "
            "and set `dhcp.mode: off`",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return NetbootError(f"no right to open UDP port {port}", hint="start netboot as root")
    return NetbootError(
        f"UDP port {port} cannot be opened: {error.strerror}", hint="look at the network's settings: ip address"
    )


def _drops(ancillary: AncillaryData) -> int | None:
    """How many packets the socket had dropped, where the kernel says."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) >= _DROPPED.size:
            return int(_DROPPED.unpack_from(data)[0])
    return None
