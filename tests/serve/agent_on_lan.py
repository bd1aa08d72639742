"""The agent's own line to the server and its search for it, in a network namespace that stands for a PC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from ipaddress import IPv4Address
from queue import Queue

from netboot.agent.net.link import Link
from netboot.agent.net.seek import Seeker
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.reports import Reports
from netboot.lab.network import INTERFACE
from netboot.shared.fields import Token
from netboot.shared.protocol import VERSION, Hello, Welcome
from netboot.shared.whereabouts import Place
from tests.namespace import at_work, running
from tests.workshop.conftest import pc

PORT = 80


class AgentOnLan:
    """`welcomed` gets the place of the server with each welcome; `moves` are the places that were followed."""

    def __init__(self, address: IPv4Address, public_key: bytes) -> None:
        self.welcomed: Queue[str] = Queue()
        self.moves: list[str] = []
        self._server = ServerPlace(Place(address, PORT).url)
        self._token: Token = ""
        self._link = Link(self._server, self._hello, Reports(), self._keep, lambda: None)
        self._seeker = Seeker(
            interface=INTERFACE,
            port=PORT,
            public_key=public_key,
            is_up=lambda: self._link.is_up,
            follow=self._follow,
            patient=3.0,
            every=1.0,
        )

    async def run(self) -> None:
        """Hold the line, and look for the server, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._seeker.run())
            while True:
                if isinstance(await self._link.inbox.get(), Welcome):
                    self.welcomed.put(self._server.url)

    def _hello(self) -> Hello:
        return Hello(version=VERSION, boot="one-boot", inventory=pc(), token=self._token)

    def _keep(self, token: Token) -> None:
        self._token = token

    def _follow(self, place: Place) -> None:
        if place.url != self._server.url:
            self.moves.append(place.url)
            self._server.url = place.url


def agent_on(namespace: str, address: IPv4Address, public_key: bytes) -> AbstractContextManager[AgentOnLan]:
    """An agent that knows the server at `address`, running in a thread of its own."""

    @asynccontextmanager
    async def agent() -> AsyncIterator[AgentOnLan]:
        made = AgentOnLan(address, public_key)
        async with at_work(made):
            yield made

    return running(namespace, agent)
