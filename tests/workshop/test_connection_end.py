"""The end of GRUB's connections: at once when all is read, never before, and without a trace.

Linux' own TCP plays the client. What a real GRUB makes of it is seen wherever a test boots a PC by GRUB.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.workshop import Workshop
from tests.workshop.player import serving

GRUB = "GRUB 2.12-9+deb13u1"
FILE = os.urandom(3 << 20)
FITS_THE_KERNEL = os.urandom(60_000)
LISTEN = "0A"  # linux/net/tcp_states.h
GOES_ON = 1.0
"""Seconds after which a connection that has not ended counts as one that goes on; GRUB would have waited 0.4."""


@pytest.fixture
async def boot_face(workshop: Workshop, tmp_path: Path) -> AsyncIterator[TestServer]:
    files = {"vmlinuz": tmp_path / "vmlinuz", "agent.img": tmp_path / "agent.img"}
    files["vmlinuz"].write_bytes(FILE)
    files["agent.img"].write_bytes(FITS_THE_KERNEL)
    async with serving(workshop, files) as running:
        yield running


class Client:
    """One connection to the boot face, by a program of this name."""

    def __init__(self, server: TestServer, name: str, *, receive_buffer: int = 0) -> None:
        self._server = server
        self._name = name
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setblocking(False)

    async def __aenter__(self) -> "Client":
        await asyncio.get_running_loop().sock_connect(self.socket, (self._server.host, self._server.port))
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.socket.close()

    async def ask(self, path: str, method: str = "GET") -> None:
        request = f"{method} {path} HTTP/1.1\r\nHost: {self._server.host}\r\nUser-Agent: {self._name}\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(self.socket, request.encode())

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

    async def ended(self) -> bool:
        """Has the server reset the connection?"""
        try:
            async with asyncio.timeout(GOES_ON):
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


@pytest.mark.parametrize("path", ["/boot/vmlinuz", "/menu.grub?mac=02:00:00:00:00:01"])
async def test_grubs_connection_is_reset_once_the_file_is_read_and_nothing_is_left_of_it(
    boot_face: TestServer, path: str
) -> None:
    async with Client(boot_face, GRUB) as client:
        await client.ask(path)
        body = await client.answer()
        assert body == FILE or b"menuentry" in body
        assert await client.ended()
        assert not states_of(boot_face)


@pytest.mark.parametrize(("name", "method"), [("iPXE/1.21.1", "GET"), ("UefiHttpBoot/1.0", "GET"), (GRUB, "HEAD")])
async def test_every_other_connection_goes_on(boot_face: TestServer, name: str, method: str) -> None:
    async with Client(boot_face, name) as client:
        for _ in range(2):
            await client.ask("/boot/vmlinuz", method)
            if method == "GET":
                assert await client.answer() == FILE
            else:
                assert (await client.read(12)).endswith(b"200")
                await asyncio.sleep(0.1)
                client.socket.recv(1 << 16)
        assert not await client.ended()


async def test_a_grub_that_reads_another_file_first_is_waited_for(boot_face: TestServer) -> None:
    async with Client(boot_face, GRUB, receive_buffer=4096) as client:
        await client.ask("/boot/agent.img")
        await asyncio.sleep(GOES_ON)
        assert await client.answer() == FITS_THE_KERNEL
        assert await client.ended()


async def test_what_does_not_exist_is_said_so(boot_face: TestServer) -> None:
    async with Client(boot_face, GRUB) as client:
        await client.ask("/boot/other")
        assert (await client.read(12)).endswith(b"404")


async def test_nothing_is_left_of_a_grub_that_goes_away_half_way(
    boot_face: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(boot_face, GRUB, receive_buffer=4096) as client:
        await client.ask("/boot/vmlinuz")
        await client.read(1000)
    for _ in range(100):
        if not states_of(boot_face):
            break
        await asyncio.sleep(0.05)
    assert not states_of(boot_face)
    assert not caplog.records
