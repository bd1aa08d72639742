"""A UDP relay between one TFTP client and a server that drops, repeats and reorders packets by a seed."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Iterator

HOLD = 0.004
"""Seconds a packet that is overtaken waits at most."""


def any_packet(_: bytes) -> bool:
    """The whole cable is bad."""
    return True


def near_rollover(datagram: bytes) -> bool:
    """Whether a DATA or ACK is one of the last or first hundred block numbers."""
    return datagram[1] in (3, 4) and not 100 <= int.from_bytes(datagram[2:4], "big") < 65436


class LossyRelay:
    """Listens on a free port of 127.0.0.1; the server's transfer port is learnt from its first answer.

    Of the packets in each direction that `hit` picks, `trouble` (a share of 1) is dropped, as much repeated, as much
    overtaken by what comes after it.
    """

    def __init__(
        self, server_port: int, *, trouble: float, seed: int, hit: Callable[[bytes], bool] = any_packet
    ) -> None:
        self._chance = random.Random(seed)
        self._trouble = trouble
        self._hit = hit
        self._server = ("127.0.0.1", server_port)
        self._client: tuple[str, int] | None = None
        self._front = _socket()
        self._back = _socket()
        self.dropped = self.repeated = self.delayed = 0

    @property
    def port(self) -> int:
        port: int = self._front.getsockname()[1]
        return port

    def __enter__(self) -> "LossyRelay":
        loop = asyncio.get_running_loop()
        loop.add_reader(self._front, self._from_client)
        loop.add_reader(self._back, self._from_server)
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (self._front, self._back):
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()

    def _from_client(self) -> None:
        for datagram, sender in _waiting(self._front):
            self._client = sender
            self._pass(self._back, datagram, self._server)

    def _from_server(self) -> None:
        for datagram, sender in _waiting(self._back):
            self._server = sender
            if self._client is not None:
                self._pass(self._front, datagram, self._client)

    def _pass(self, sock: socket.socket, datagram: bytes, to: tuple[str, int]) -> None:
        fate = self._chance.random() / self._trouble if self._hit(datagram) else 3
        if fate < 1:
            self.dropped += 1
        elif fate < 2:
            self.repeated += 1
            sock.sendto(datagram, to)
            sock.sendto(datagram, to)
        elif fate < 3:
            self.delayed += 1
            asyncio.get_running_loop().call_later(HOLD, _late, sock, datagram, to)
        else:
            sock.sendto(datagram, to)


def _waiting(sock: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
    """What has arrived by now, at most one window of it."""
    with contextlib.suppress(BlockingIOError):
        for _ in range(64):
            yield sock.recvfrom(65536)


def _late(sock: socket.socket, datagram: bytes, to: tuple[str, int]) -> None:
    if sock.fileno() >= 0:
        sock.sendto(datagram, to)


def _socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock
