"""An agent's line before its hello: it lasts ten seconds, whatever is sent on it, and gives way to others."""

import asyncio
import time
from contextlib import suppress

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from netboot.boothttp import agent_link
from netboot.shared.protocol import Welcome, decode_from_server, encode
from tests.workshop.conftest import hello, pc

ASK = (
    b"GET /agent/link HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
ANNOUNCED = b"\x81\xff" + (300_000).to_bytes(8, "big") + bytes(4)
"""A text frame of 300,000 bytes, masked with zeros (RFC 6455 §5.2)."""


async def unfinished(server: TestServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(ASK)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANNOUNCED)
    await writer.drain()
    return reader, writer


async def test_a_hello_that_is_sent_a_byte_at_a_time_ends_when_its_time_is_over(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_link, "HELLO_WITHIN", 1.0)
    reader, writer = await unfinished(server)
    began = time.monotonic()
    with suppress(ConnectionError):
        while not reader.at_eof() and time.monotonic() < began + 15:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)
    assert time.monotonic() - began < 2.5
    writer.close()


async def test_strangers_with_half_a_hello_keep_no_pc_away_and_the_oldest_of_them_goes(server: TestServer) -> None:
    lines = [await unfinished(server) for _ in range(agent_link.UNPROVEN.of_address + 3)]
    await asyncio.sleep(0.2)
    ended = [reader.at_eof() or reader.exception() is not None for reader, _ in lines]
    assert ended == [True] * 3 + [False] * agent_link.UNPROVEN.of_address
    async with ClientSession() as client, client.ws_connect(server.make_url("/agent/link")) as line:
        await line.send_str(encode(hello(pc(1))))
        assert isinstance(decode_from_server(await line.receive_str()), Welcome)
    for _, writer in lines:
        writer.close()
