"""A TFTP server on a loopback high port, in the test's own event loop; clients run in threads or as programs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from netboot.tftp import Limits, Outcome, Source, TftpServer, TftpSettings, TransferEvent

LOOPBACK = "127.0.0.1"


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
