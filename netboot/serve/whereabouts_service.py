"""Tells agents on the LAN where the server is: UDP, on the port number of the boot HTTP server, in every `dhcp.mode`.

Bound to 0.0.0.0, so that it hears broadcasts and need not move with the address. Every answer is a broadcast on the
interface it serves: an agent may have an address of another subnet, and a forged sender cannot direct answers at a
victim. Signing takes about 40 µs, so questions are limited, of one address and in all.
Not for: what is said (shared/whereabouts.py).
"""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from nacl.signing import SigningKey

from netboot.lan.packet_info import IP_PKTINFO, PKTINFO, ServedInterface, arrival_index
from netboot.lan.query_rate import QueryRate
from netboot.shared.errors import NetbootError
from netboot.shared.whereabouts import QUESTION_LENGTH, Place, WhereaboutsError, encode_answer, parse_question

log = logging.getLogger(__name__)

RATE_A_CLIENT: Final = 4
RATE: Final = 500
"""Questions a second: 2 % of one core for signatures. An agent without its server asks every 3 s."""

_READ_AT_ONCE: Final = 32  # datagrams, so that a flood leaves the event loop to others
_BROADCAST: Final = "255.255.255.255"


class WhereaboutsService:
    """Answers with where HTTP is now: `start` takes the port, `run` answers until cancelled, `close` gives it back.

    `where` is asked at each answer; None while there is no address to name.
    """

    def __init__(self, key: SigningKey, where: Callable[[], IPv4Address | None], *, interface: str, port: int) -> None:
        self._key = key
        self._where = where
        self._interface = ServedInterface(interface)
        self._port = port
        self._rate = QueryRate(client=RATE_A_CLIENT, everybody=RATE)
        self._socket: socket.socket | None = None

    async def start(self) -> None:
        """Take the port; from here on questions wait for `run`. Raises NetbootError."""
        self._interface.look_up()
        self._socket = _open(self._port)

    async def run(self) -> None:
        """Answer until cancelled."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._read, self._socket)
        try:
            await loop.create_future()
        finally:
            loop.remove_reader(self._socket)

    def close(self) -> None:
        """Give the port back; harmless when it was not taken."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self, opened: socket.socket) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                datagram, ancillary, _, (host, port) = opened.recvmsg(
                    QUESTION_LENGTH + 1, socket.CMSG_SPACE(PKTINFO.size)
                )
            except BlockingIOError:
                return
            except OSError as error:
                # The kernel reports a link that went away once; the socket stays good.
                log.debug("port %d: %s", self._port, error.strerror)
                return
            if self._interface.has_index(arrival_index(ancillary)):
                self._answer(opened, datagram, host, port)

    def _answer(self, opened: socket.socket, datagram: bytes, host: str, port: int) -> None:
        try:
            nonce = parse_question(datagram)
        except WhereaboutsError as error:
            log.debug("ignored a datagram from %s: %s", host, error)
            return
        address = self._where()
        if address is None or not port or not self._rate.allows(host, time.monotonic()):
            log.debug("%s is not told where we are", host)
            return
        answer = encode_answer(nonce, Place(address, self._port), self._key)
        leaves_by = PKTINFO.pack(self._interface.index, address.packed, bytes(4))
        try:
            opened.sendmsg([answer], [(socket.IPPROTO_IP, IP_PKTINFO, leaves_by)], 0, (_BROADCAST, port))
        except OSError as error:
            log.debug("%s cannot be told where we are: %s", host, error.strerror)
        else:
            log.info("%s asked where we are, and was told %s", host, address, extra={"client": host})


def _open(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        opened.bind(("0.0.0.0", port))  # noqa: S104 - IP_PKTINFO tells our interface's questions from others'
    except OSError as error:
        opened.close()
        raise _cannot_open(port, error) from error
    return opened


def _cannot_open(port: int, error: OSError) -> NetbootError:
    if error.errno == errno.EADDRINUSE:
        return NetbootError(
            f"UDP port {port}, by which PCs find a server that moved, is taken by another program",
            hint=f"`ss --udp --listening --processes sport = :{port}` names it: stop it (often another netboot), "
            "or set another `http.port`",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return NetbootError(f"no right to open UDP port {port}", hint="start netboot as root")
    return NetbootError(
        f"UDP port {port} cannot be opened: {error.strerror}", hint="look at the network's settings: ip address"
    )
