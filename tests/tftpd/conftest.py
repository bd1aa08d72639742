"""A TFTP server on a loopback high port, in the test's own event loop; clients run in threads or as programs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from netboot.tftp import Limits, Outcome, Source, TftpServer, TftpSettings, TransferEvent

LOOPBACK = "127.0.0.1"
FILES = {"shimx64.efi": b"s" * 3000, "grub/grub.cfg": b"menu"}
HASTY = Limits(timeout=0.05, retries=2)


@dataclass
class Bench:
    """Starts servers for one test, keeps what they tell, and closes them."""

    servers: list[TftpServer] = field(default_factory=list)
    events: list[TransferEvent] = field(default_factory=list)

    async def serve(self, source: Source, *, limits: Limits | None = None, **counts: int) -> int:
        """Start a server on a free port, which is returned."""
        chosen = TftpSettings(address=LOOPBACK, port=0, limits=limits or Limits(), **counts)
        server = TftpServer(chosen, source, on_transfer=self.events.append)
        await server.start()
        self.servers.append(server)
        return server.port

    @property
    def outcomes(self) -> list[Outcome]:
        """How requests ended so far, in order."""
        return [event.outcome for event in self.events if event.outcome is not None]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    for server in made.servers:
        server.close()


def rrq(*strings: str | bytes) -> bytes:
    words = [string.encode() if isinstance(string, str) else string for string in strings]
    return b"\0\1" + b"".join(word + b"\0" for word in words)


class Client:
    """A UDP socket that speaks one datagram at a time."""

    def __init__(self, port: int) -> None:
        self.server = (LOOPBACK, port)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((LOOPBACK, 0))
        self.sock.setblocking(False)
        self.transfer: tuple[str, int] = self.server

    def ask(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.server)

    def say(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.transfer)

    async def hear(self, seconds: float = 2.0) -> bytes:
        """The next datagram, or nothing once `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                datagram, self.transfer = await asyncio.get_running_loop().sock_recvfrom(self.sock, 65536)
        except TimeoutError:
            return b""
        return datagram


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    made: list[Client] = []
    yield made
    for client in made:
        client.sock.close()


def connect(clients: list[Client], port: int) -> Client:
    clients.append(Client(port))
    return clients[-1]


async def still_answers(clients: list[Client], port: int) -> bool:
    client = connect(clients, port)
    client.ask(rrq("grub/grub.cfg", "octet"))
    answered = await client.hear() == b"\0\3\0\1menu"
    client.say(b"\0\4\0\1")
    return answered
