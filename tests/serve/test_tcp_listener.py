"""Connections are bounded, at the table and at a real socket; nobody who holds many keeps others out."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from netboot.lan.tcp_listener import Capacity, Guests, Listener, listen
from netboot.serve.server import BOOT_CAPACITY
from netboot.shared.errors import NetbootError

FEW = Capacity(of_address=3, in_all=8)


def test_beyond_an_addresses_share_its_own_oldest_gives_way() -> None:
    guests: Guests[int] = Guests(Capacity(of_address=2, in_all=100))
    assert [guests.enter("10.0.0.1", number) for number in (1, 2, 3, 4)] == [None, None, 1, 2]
    assert guests.enter("10.0.0.2", 5) is None
    assert len(guests) == 3


def test_when_all_places_are_taken_the_oldest_of_whoever_has_most_gives_way() -> None:
    guests: Guests[int] = Guests(Capacity(of_address=5, in_all=6))
    guests.enter("10.0.0.1", 1)
    for number in range(2, 7):
        guests.enter("10.0.0.2", number)
    assert guests.enter("10.0.0.3", 7) == 2
    assert guests.enter("10.0.0.1", 8) == 3


def test_leaving_twice_or_after_giving_way_counts_once() -> None:
    guests: Guests[int] = Guests(Capacity(of_address=1, in_all=10))
    guests.enter("10.0.0.1", 1)
    assert guests.enter("10.0.0.1", 2) == 1
    for guest in (1, 2, 2):
        guests.leave("10.0.0.1", guest)
    assert len(guests) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_the_bounds_hold_whatever_comes_and_goes(steps: list[tuple[int, bool]]) -> None:
    guests: Guests[int] = Guests(FEW)
    here: dict[int, str] = {}
    for number, (host, comes) in enumerate(steps):
        address = f"10.0.0.{host}"
        if comes or not here:
            here[number] = address
            outgoing = guests.enter(address, number)
            assert outgoing != number
            if outgoing is not None:
                del here[outgoing]
        else:
            oldest = next(iter(here))
            guests.leave(here.pop(oldest), oldest)
        assert len(guests) == len(here) <= FEW.in_all
        assert all(list(here.values()).count(each) <= FEW.of_address for each in here.values())


@contextlib.asynccontextmanager
async def boot_http(
    capacity: Capacity, *, tls: ssl.SSLContext | None = None, request_within: float = 30
) -> AsyncIterator[Listener]:
    """An aiohttp server as netboot/serve/server.py starts it, on loopback."""

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def flood(_: web.Request) -> web.Response:
        return web.Response(body=bytes(50_000_000))

    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/flood", flood)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, keepalive_timeout=request_within)
    await runner.setup()
    listener = listen("127.0.0.1", 0, capacity, setting="http.port", usual="a test")
    try:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        yield listener
    finally:
        await runner.cleanup()


async def connect(listener: Listener, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*listener.getsockname(), local_addr=(source, 0))


async def answered(listener: Listener, source: str) -> bool:
    reader, writer = await connect(listener, source)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"hello")


async def ended(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        try:
            return await reader.read(1) == b""
        except ConnectionError:
            return True


async def test_idle_connections_give_way_and_honest_ones_are_answered() -> None:
    async with boot_http(FEW) as listener:
        held = [await connect(listener, f"127.0.0.{2 + number % 3}") for number in range(8)]
        assert await answered(listener, "127.0.0.9")
        assert await answered(listener, "127.0.0.2")
        assert listener.connections <= FEW.in_all
        assert await ended(held[0][0])
        for _, writer in held:
            writer.close()


async def test_a_reader_that_reads_nothing_is_let_go_when_its_place_is_needed_or_its_time_is_over() -> None:
    async with boot_http(Capacity(of_address=2, in_all=8, stalled=1.0)) as listener:
        stalled = [socket.create_connection(listener.getsockname()) for _ in range(2)]
        for sock in stalled:
            sock.sendall(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.2)
        assert await answered(listener, "127.0.0.1")
        for _ in range(100):
            if listener.connections:
                await asyncio.sleep(0.1)
        assert listener.connections == 0
        for sock in stalled:
            sock.close()


async def test_a_request_whose_head_comes_a_byte_at_a_time_is_ended() -> None:
    async with boot_http(FEW, request_within=0.5) as listener:
        reader, writer = await connect(listener)
        with contextlib.suppress(ConnectionError):
            for byte in b"GET / HTTP/1.1\r\nHost: " + b"x" * 30:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        assert await ended(reader)
        assert listener.connections == 0


async def test_a_handshake_that_is_never_begun_counts_as_a_connection() -> None:
    async with boot_http(FEW, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as listener:
        held = [await connect(listener) for _ in range(FEW.of_address + 1)]
        assert await ended(held[0][0])
        assert listener.connections <= FEW.of_address
        for _, writer in held:
            writer.close()


async def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    async with boot_http(FEW) as listener:
        with pytest.raises(NetbootError, match="cannot be opened") as caught:
            listen("127.0.0.1", listener.getsockname()[1], FEW, setting="http.port", usual="a test")
        assert "`http.port`" in (caught.value.hint or "")


def test_an_inherited_socket_is_taken_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given_over:
        address = given_over.getsockname()
        with Listener(FEW, fileno=given_over.detach()) as listener:
            with socket.create_connection(address):
                connection, peer = listener.accept()
                assert (connection.getsockname(), peer[0], listener.connections) == (address, "127.0.0.1", 1)
                connection.close()
            assert listener.connections == 0


def test_a_boot_loader_has_time_for_its_first_archive_while_the_second_stands_still() -> None:
    slowest, archive = 50_000, 60 << 20  # bytes a second, bytes
    assert BOOT_CAPACITY.stalled > archive / slowest
