"""The end of GRUB's connections: reset at once when all is read, never before, and without an error in the log.

Linux' own TCP plays the client, and names the size that stands for GRUB's none (see test_segment_size.py). What a real
GRUB makes of it is seen wherever a test boots a PC by GRUB.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.workshop.greeting import Workshop
from tests.workshop.player import serving

pytestmark = pytest.mark.root  # CAP_NET_ADMIN, for full segments

GRUB = "GRUB 2.12-9+deb13u1"
AS_IF_UNNAMED = 548
KERNEL = os.urandom(8 << 20)
ARCHIVE = os.urandom(60_000)  # all of it fits the server's kernel
LISTEN = "0A"  # net/tcp_states.h
GOES_ON = 1.0
"""Seconds after which a connection that has not ended counts as one that goes on; GRUB would have waited 0.4."""
ENDS = 10.0


@pytest.fixture
async def boot_http(workshop: Workshop, tmp_path: Path) -> AsyncIterator[TestServer]:
    path = tmp_path / "vmlinuz"
    path.write_bytes(KERNEL)
    async with serving(workshop, {path.name: path}, {"agent.img": ARCHIVE}) as running:
        yield running


class Client:
    """One connection to the boot HTTP server, by a program of this name."""

    def __init__(
        self, server: TestServer, name: str = GRUB, *, segments: int = AS_IF_UNNAMED, receive_buffer: int = 0
    ) -> None:
        self._server = server
        self._name = name
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segments)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setblocking(False)

    async def __aenter__(self) -> "Client":
        await asyncio.get_running_loop().sock_connect(self.socket, (self._server.host, self._server.port))
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.socket.close()

    async def ask(self, path: str, method: str = "GET", *, times: int = 1) -> None:
        request = f"{method} {path} HTTP/1.1\r\nHost: {self._server.host}\r\nUser-Agent: {self._name}\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(self.socket, request.encode() * times)

    async def read(self, count: int) -> bytes:
        """So many bytes."""
        answer = bytearray()
        while len(answer) < count:
            piece = await asyncio.get_running_loop().sock_recv(self.socket, min(count - len(answer), 1 << 16))
            assert piece, "the connection was ended in an orderly way"
            answer += piece
        return bytes(answer)

    async def answer(self) -> bytes:
        """The body of one answer."""
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            head += await self.read(1)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        return await self.read(int(length[1]))

    async def is_reset(self, within: float) -> bool:
        """Does the server reset the connection, with nothing more to read?"""
        try:
            async with asyncio.timeout(within):
                await self.read(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        raise AssertionError("more was sent than was asked for")


def states_of(server: TestServer) -> list[str]:
    """The kernel's states of every connection at the server's end, TIME_WAIT's and the like too (proc_net_tcp)."""
    own = f":{server.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [state for _, local, _, state, *_ in rows if local.endswith(own) and state != LISTEN]


async def nothing_is_left_in(server: TestServer) -> bool:
    """Has neither the kernel nor aiohttp any connection of it, soon?"""
    assert server.runner is not None
    assert server.runner.server is not None
    for _ in range(round(ENDS / 0.05)):
        if not states_of(server) and not server.runner.server.connections:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize("path", ["/boot/vmlinuz", "/boot/agent.img", "/menu.grub?mac=02:00:00:00:00:01"])
async def test_grubs_connection_is_reset_once_the_file_is_read_and_nothing_is_left_of_it(
    boot_http: TestServer, path: str
) -> None:
    async with Client(boot_http) as client:
        await client.ask(path)
        body = await client.answer()
        assert body in (KERNEL, ARCHIVE) or b"menuentry" in body
        assert await client.is_reset(ENDS)
        assert not states_of(boot_http)


@pytest.mark.parametrize(
    ("name", "segments"),
    [
        ("iPXE/1.21.1", AS_IF_UNNAMED),
        ("UefiHttpBoot/1.0", AS_IF_UNNAMED),
        pytest.param(GRUB, 1400, id="a proxy's for GRUB"),
    ],
)
async def test_every_other_connection_goes_on(boot_http: TestServer, name: str, segments: int) -> None:
    async with Client(boot_http, name, segments=segments) as client:
        for _ in range(2):
            await client.ask("/boot/agent.img")
            assert await client.answer() == ARCHIVE
        assert not await client.is_reset(GOES_ON)


async def test_what_is_asked_for_its_size_only_may_be_asked_for_next(boot_http: TestServer) -> None:
    async with Client(boot_http) as client:
        await client.ask("/boot/agent.img", "HEAD")
        assert (await client.read(12)).endswith(b"200")
        await asyncio.sleep(GOES_ON)
        client.socket.recv(1 << 16)
        await client.ask("/boot/agent.img")
        assert await client.answer() == ARCHIVE


@pytest.mark.parametrize(("path", "content"), [("/boot/vmlinuz", KERNEL), ("/boot/agent.img", ARCHIVE)])
async def test_a_grub_that_reads_another_file_first_is_waited_for(
    boot_http: TestServer, path: str, content: bytes
) -> None:
    async with Client(boot_http, receive_buffer=4096) as client:
        await client.ask(path)
        await asyncio.sleep(GOES_ON)
        assert await client.answer() == content
        assert await client.is_reset(ENDS)


async def test_a_file_that_became_shorter_is_not_ended_as_if_it_were_whole(
    boot_http: TestServer, tmp_path: Path
) -> None:
    async with Client(boot_http, receive_buffer=4096) as client:
        await client.ask("/boot/vmlinuz")
        await client.read(1000)
        os.truncate(tmp_path / "vmlinuz", len(KERNEL) - 1)
        await client.read(len(KERNEL) - 2000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.read(2000), GOES_ON)


async def test_what_does_not_exist_is_said_so(boot_http: TestServer) -> None:
    async with Client(boot_http) as client:
        await client.ask("/boot/other")
        assert (await client.read(12)).endswith(b"404")


@pytest.mark.parametrize("times", [1, 40])  # aiohttp reads no further, and sees no end, with so much to answer
async def test_nothing_is_left_of_a_grub_that_goes_away_half_way(
    boot_http: TestServer, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    async with Client(boot_http, receive_buffer=4096) as client:
        await client.ask("/boot/agent.img", times=times)
        await client.read(1000)
        await asyncio.sleep(GOES_ON / 2)
    assert await nothing_is_left_in(boot_http)
    assert not caplog.records
