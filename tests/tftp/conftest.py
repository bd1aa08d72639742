"""A TFTP server on a loopback high port, in the test's own event loop; clients run in threads or as programs."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from netboot.tftp import Limits, Outcome, Source, TftpServer, TftpSettings, TransferEvent

LOOPBACK = "127.0.0.1"


@dataclass
class Bench:
    """Starts servers for one test, keeps what they tell, and closes them."""

    servers: list[TftpServer] = field(default_factory=list)
    events: list[TransferEvent] = field(default_factory=list)

    async def serve(self, source: Source, settings: TftpSettings | None = None) -> int:
        """Start a server (a free port unless `settings` name one) and return its port."""
        server = TftpServer(settings or TftpSettings(address=LOOPBACK, port=0), source, on_transfer=self.events.append)
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


@pytest.fixture
def settings() -> Iterator[TftpSettings]:
    """Short waits, so that tests of retransmission end soon."""
    yield TftpSettings(address=LOOPBACK, port=0, limits=Limits(timeout=0.2, retries=3))
