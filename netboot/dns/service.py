"""The sockets of the name server: UDP and TCP 53 on the interface's own address, around the answers of responder.py.

Only the interface's own network is answered, at a bounded rate. RFC 7766 for TCP: several queries on one connection.
Not for: what is answered.
"""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from netboot.dns.forward import Forwarder
from netboot.dns.responder import QUERY_LIMIT, Hosts, PassedOn, Responder
from netboot.lan.query_rate import QueryRate
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

PORT: Final = 53
QUEUE_LENGTH: Final = 512
CONNECTIONS: Final = 64
CONNECTIONS_A_CLIENT: Final = 4
IDLE: Final = 10.0
"""Seconds that a TCP connection may take for its next query, and to take an answer."""
RATE_A_CLIENT: Final = 200
RATE: Final = 4000
"""Queries a second. A PC that opens a full web page asks some dozens."""

_READ_AT_ONCE: Final = 64  # datagrams, so that a flood leaves the event loop to others
_REPORTED_EVERY: Final = 60.0  # seconds


class NameServer:
    """The name service: `start` takes the ports, `run` answers until it is cancelled, `close` gives them back."""

    def __init__(
        self,
        responder: Responder,
        hosts: Callable[[], Hosts],
        *,
        address: IPv4Address,
        network: IPv4Network,
        forwarder: Forwarder | None = None,
        port: int = PORT,
    ) -> None:
        self._responder = responder
        self._hosts = hosts
        self._address = address
        self._network = network
        self._forwarder = forwarder
        self._port = port
        self._queue: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue(QUEUE_LENGTH)
        self._rate = QueryRate(client=RATE_A_CLIENT, everybody=RATE)
        self._lines: dict[asyncio.Task[None], IPv4Address] = {}
        self._udp: socket.socket | None = None
        self._tcp: socket.socket | None = None
        self._dropped = 0

    async def start(self) -> None:
        """Take both ports; from here on queries wait for `run`. Raises NetbootError."""
        try:
            self._udp = _open(socket.SOCK_DGRAM, self._address, self._port)
            self._tcp = _open(socket.SOCK_STREAM, self._address, self._port)
            self._tcp.listen(CONNECTIONS)
        except BaseException:
            self.close()
            raise
        asyncio.get_running_loop().add_reader(self._udp, self._read, self._udp)

    async def run(self) -> None:
        """Answer until cancelled."""
        assert self._udp is not None
        assert self._tcp is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._answer_datagrams(self._udp, tasks))
            tasks.create_task(self._accept(self._tcp, tasks))
            tasks.create_task(self._report())

    def close(self) -> None:
        """Give both ports back; harmless when they were not taken."""
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp)
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        self._udp = self._tcp = None

    def _read(self, opened: socket.socket) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                arrived = opened.recvfrom(QUERY_LIMIT + 1)
            except BlockingIOError:
                return
            except OSError as error:
                # An ICMP error for an answer that nobody waited for; the socket stays good.
                log.debug("port %d: %s", self._port, error.strerror)
                return
            try:
                self._queue.put_nowait(arrived)
            except asyncio.QueueFull:
                self._dropped += 1

    async def _answer_datagrams(self, opened: socket.socket, tasks: asyncio.TaskGroup) -> None:
        while True:
            payload, (host, port) = await self._queue.get()
            client = IPv4Address(host)
            if not self._may_ask(client):
                continue
            answer = self._responder.receive(payload, self._hosts())
            if isinstance(answer, PassedOn):
                tasks.create_task(self._pass_on(opened, answer, client, port))
            elif answer is not None:
                _send(opened, answer, host, port)

    async def _pass_on(self, opened: socket.socket, passed: PassedOn, client: IPv4Address, port: int) -> None:
        _send(opened, await self._ask(passed, client), str(client), port)

    async def _ask(self, passed: PassedOn, client: IPv4Address) -> bytes:
        reply = None if self._forwarder is None else await self._forwarder.ask(passed, client)
        return self._responder.complete(passed, reply)

    async def _accept(self, listening: socket.socket, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line, (host, _) = await loop.sock_accept(listening)
            except OSError as error:
                # Out of descriptors: those that are open end by themselves.
                log.warning("TCP port %d: %s", self._port, error.strerror)
                await asyncio.sleep(1)
                continue
            client = IPv4Address(host)
            of_client = sum(address == client for address in self._lines.values())
            if client not in self._network or len(self._lines) >= CONNECTIONS or of_client >= CONNECTIONS_A_CLIENT:
                line.close()
                continue
            task = tasks.create_task(self._converse(line, client))
            self._lines[task] = client
            task.add_done_callback(self._lines.pop)

    async def _converse(self, line: socket.socket, client: IPv4Address) -> None:
        reader, writer = await asyncio.open_connection(sock=line)
        writer.transport.set_write_buffer_limits(high=0)  # so that drain() waits for the client's machine
        try:
            while True:
                async with asyncio.timeout(IDLE):
                    length = int.from_bytes(await reader.readexactly(2))
                    if length > QUERY_LIMIT:
                        return
                    payload = await reader.readexactly(length)
                if not self._may_ask(client):
                    return
                answer = self._responder.receive(payload, self._hosts(), by_tcp=True)
                if isinstance(answer, PassedOn):
                    answer = await self._ask(answer, client)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2) + answer)
                async with asyncio.timeout(IDLE):
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.transport.abort()

    def _may_ask(self, client: IPv4Address) -> bool:
        return client in self._network and self._rate.allows(client, time.monotonic())

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_REPORTED_EVERY)
            if lost := self._dropped + self._rate.refused:
                log.warning("%d name queries were not answered in the last minute: more came than may be asked", lost)
                self._dropped = self._rate.refused = 0


def _send(opened: socket.socket, answer: bytes, host: str, port: int) -> None:
    try:
        opened.sendto(answer, (host, port))
    except OSError as error:
        log.debug("the answer to %s cannot be sent: %s", host, error.strerror)


def _open(kind: socket.SocketKind, address: IPv4Address, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if kind is socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((str(address), port))
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            hint = (
                f"`ss --udp --tcp --listening --processes sport = :{port}` names what holds it, usually dnsmasq, bind9 "
                "or unbound; stop it, or set `names.answer: false` and let it answer"
            )
        else:
            hint = "start netboot as root; `ip address` shows the interface's addresses"
        raise NetbootError(f"port {port} of {address} (names) cannot be opened: {error.strerror}", hint=hint) from error
    return opened
