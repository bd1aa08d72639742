"""PCs and strangers that speak to a real server from hosts of its LAN, each from an adapter of its own.

Their agents are played (`tests/workshop/player.py`), by sockets that belong to the host's namespace. Not for: agents
whose stages take time (`plays_pcs.py`).
"""

import asyncio
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, ip_in
from netboot.shared.inventory import Inventory
from netboot.shared.protocol import Hello, Welcome
from tests.abuse.plays_operator import Forms
from tests.namespace import inside
from tests.workshop.conftest import hello
from tests.workshop.player import Agent, listening


@dataclass(frozen=True, slots=True)
class Speaker:
    """A host on the LAN: a PC that says what it is, or a stranger that says what it likes."""

    namespace: str

    @asynccontextmanager
    async def client(self, port: int = 80) -> AsyncIterator[aiohttp.ClientSession]:
        """HTTP from this host to the server; what takes longer than thirty seconds has failed."""

        def opened(address: object) -> socket.socket:
            def tcp() -> socket.socket:
                return socket.socket(socket.AF_INET, socket.SOCK_STREAM)

            return inside(self.namespace, tcp)

        connector = aiohttp.TCPConnector(socket_factory=opened)
        jar = aiohttp.CookieJar(unsafe=True)  # the page's host is an address
        within = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(
            f"http://{SERVER}:{port}", connector=connector, cookie_jar=jar, timeout=within
        ) as session:
            yield session

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Agent]:
        """An agent's line on which nothing was said."""
        async with (
            self.client() as session,
            session.ws_connect("/agent/link") as opened,
            listening(opened) as agent,
        ):
            yield agent

    @asynccontextmanager
    async def agent(self, said: Hello) -> AsyncIterator[tuple[Agent, Welcome]]:
        """An agent that has said hello and was welcomed."""
        async with self.line() as agent:
            await agent.say(said)
            welcome = await agent.hear(Welcome)
            agent.number = welcome.number
            yield agent, welcome

    async def picks(self, profile: str, inventory: Inventory, boot: str) -> Hello:
        """The hello of an agent after this was picked in its boot menu, whose ticket is asked for as a loader does."""
        said = hello(inventory, boot)
        asked = f"mac={said.menu_mac}&uuid={inventory.system.uuid}&profile={profile}"
        async with self.client() as loader, loader.get(f"/start.grub?{asked}") as answer:
            ticket = re.search(r"netboot\.ticket=([\w-]+)", await answer.text())
        assert ticket is not None
        return msgspec.structs.replace(said, profile=profile, ticket=ticket[1])


async def speaker(lan: Lan, host: int, mac: str = "") -> Speaker:
    """A new host at this place of NETWORK, whose adapter has this address."""
    namespace = lan.run.namespace(f"speaks{host}")
    await lan.attach(namespace, NETWORK[host])
    if mac:
        down, up = f"link set dev {INTERFACE} down", f"link set dev {INTERFACE} address {mac} up"
        await ip_in(namespace, down, up)
    return Speaker(namespace)


class Page:
    """A signed-in operator with a browser that has no script; made by `signed_in`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str = "/") -> str:
        """The page at this path."""
        async with self._session.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def send(self, form: dict[str, str], action: str, **fields: str) -> int:
        """Send a form as it was shown, with what was filled in, and say yes when asked; gives the status."""
        async with self._session.post(action, data={**form, **fields}) as answer:
            sure = [asked for asked in Forms(await answer.text()).to(action) if asked.get("sure")]
            return await self.send(sure[0], action) if sure else answer.status

    async def form(self, action: str, path: str = "/", **like: str) -> dict[str, str]:
        """The one form that goes there and has these hidden fields."""
        found = [form for form in Forms(await self.get(path)).to(action) if like.items() <= form.items()]
        assert found, (action, like)
        return found[0]

    async def says(self, visit: str, answer: str) -> None:
        """Say of a contested line whether it is the PC."""
        form = await self.form("/line", visit=visit)
        assert await self.send(form, "/line", answer=answer) == 200

    async def lines(self) -> set[str]:
        """The visits of which it is asked whether they are the PC."""
        return {form["visit"] for form in Forms(await self.get()).to("/line")}


@asynccontextmanager
async def signed_in(host: Speaker, name: str, password: str) -> AsyncIterator[Page]:
    """An operator at the page, from this host."""
    async with host.client(8080) as session:
        async with session.post("/sign-in", data={"name": name, "password": password}) as answer:
            assert answer.status == 200
        yield Page(session)


@dataclass(frozen=True, slots=True)
class Noted:
    """One event of a record, and the machine, visit and job that it is about."""

    kind: str
    machine: str
    visit: str
    body: dict[str, object]


class Journal:
    """The record of a server that runs, only read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def events(self, kind: str = "", *, machine: str = "") -> list[Noted]:
        """Of this kind, and of this machine, in their order."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as opened:
            rows = opened.execute("SELECT kind, machine_id, visit_id, body FROM events ORDER BY sequence").fetchall()
        events = [Noted(name, of, visit, msgspec.json.decode(body)) for name, of, visit, body in rows]
        return [e for e in events if kind in ("", e.kind) and machine in ("", e.machine)]

    def machine(self, visit: str) -> str:
        """The machine of a visit."""
        return next(event.machine for event in self.events("visit-opened") if event.visit == visit)

    @property
    def size(self) -> int:
        """Bytes of the record, with its log."""
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(path.stat().st_size for path in files if path.exists())


async def until(journal: Journal, kind: str, visit: str) -> Noted:
    """The event of this kind and visit, once it is there. Raises TimeoutError."""
    async with asyncio.timeout(10):
        while True:
            found = [event for event in journal.events(kind) if event.visit == visit]
            if found:
                return found[0]
            await asyncio.sleep(0.05)
