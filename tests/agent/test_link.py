"""The agent's line over loopback, to a server that says what it should not."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import WSCloseCode, web

from netboot.agent.net import link as link_module
from netboot.agent.net.link import Link
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.reports import Reports
from netboot.shared.inventory import Board, Firmware, Inventory, System
from netboot.shared.protocol import VERSION, FromServer, Hello, RunStage, Stay, Welcome, encode
from netboot.shared.stages.finish import Finish

WELCOME = Welcome(version=VERSION, visit="v1", token="t1", machine="pc-1", wait=60)
ORDER = RunStage(job="j1", stage=Finish(action="poweroff"))
UNKNOWN = '{"type":"run","job":"j1","stage":{"type":"dance"}}'


def hello() -> Hello:
    inventory = Inventory(system=System(), board=Board(), firmware=Firmware(mode="bios"))
    return Hello(version=VERSION, boot="b1", inventory=inventory)


@asynccontextmanager
async def connected(
    monkeypatch: pytest.MonkeyPatch, says: Callable[[int], str], broken: Callable[[], None] = lambda: None
) -> AsyncIterator[tuple[Link, list[int | None]]]:
    """A link to a server that welcomes and then says `says(line)`, on its first, second, … line; how lines closed."""
    monkeypatch.setattr(link_module, "RETRY", (0.01,))
    lines = 0
    closed: list[int | None] = []

    async def talk(request: web.Request) -> web.WebSocketResponse:
        nonlocal lines
        lines += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()
        await socket.send_str(encode(WELCOME))
        await socket.send_str(says(lines))
        await socket.receive()
        closed.append(socket.close_code)
        return socket

    app = web.Application()
    app.router.add_get("/agent/link", talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    link = Link(ServerPlace(f"http://{host}:{port}"), hello, Reports(), lambda token: None, broken)
    task = asyncio.create_task(link.run())
    try:
        yield link, closed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await runner.cleanup()


async def next_but_welcome(link: Link) -> FromServer:
    async with asyncio.timeout(5):
        while isinstance(message := await link.inbox.get(), Welcome):
            pass
    return message


async def test_an_order_that_arrives_damaged_is_sent_again_on_a_new_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, lambda line: encode(ORDER) if line == 2 else UNKNOWN) as (link, closed):
        assert await next_but_welcome(link) == ORDER
    # A line closed without a fault (1000) tells the server that the PC has left.
    assert closed[0] == WSCloseCode.PROTOCOL_ERROR


async def test_an_order_that_is_never_understood_is_told_to_the_person_at_the_pc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with connected(monkeypatch, lambda _: UNKNOWN) as (link, _):
        message = await next_but_welcome(link)
    assert isinstance(message, Stay)
    assert message.problem.code == "version"


async def test_a_line_that_broke_lets_the_address_be_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    async with connected(monkeypatch, lambda _: UNKNOWN, looked.set):
        assert await asyncio.to_thread(looked.wait, 5)


async def test_a_line_lasts_longer_than_an_attempt_to_connect_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "CONNECT_WITHIN", 0.3)
    async with connected(monkeypatch, lambda _: encode(ORDER)) as (link, closed):
        assert await next_but_welcome(link) == ORDER
        await asyncio.sleep(0.8)
        assert link.is_up
        assert closed == []


async def test_an_attempt_at_an_address_from_which_nothing_comes_back_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "CONNECT_WITHIN", 0.3)
    given_up = threading.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        host, port = silent.sockets[0].getsockname()
        link = Link(ServerPlace(f"http://{host}:{port}"), hello, Reports(), lambda token: None, given_up.set)
        task = asyncio.create_task(link.run())
        assert await asyncio.to_thread(given_up.wait, 5)
        assert not link.is_up
        task.cancel()
