"""GRUB, whose SYN names no segment size, is sent full segments; whoever names another keeps it.

Linux' own TCP plays the client. It always names a size: 548, of which its timestamps take 12, leaves the 536 that is
for clients without. That a real GRUB takes them is seen wherever a test boots a PC by GRUB.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.boothttp.segment_size import ETHERNET, UNNAMED, fill_segments
from netboot.workshop.greeting import Workshop
from tests.workshop.player import serving

AS_IF_UNNAMED = 548
FILE = os.urandom(3 << 20)
GRUB = "GRUB 2.12-9+deb13u1"

needs_net_admin = pytest.mark.root


@contextmanager
def connected(named: int) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client whose SYN names this size, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, named)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            yield client, server


def size_of(connection: socket.socket) -> int:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


@needs_net_admin
def test_a_client_that_named_no_size_is_sent_full_segments() -> None:
    with connected(AS_IF_UNNAMED) as (_, server):
        assert size_of(server) == UNNAMED
        assert fill_segments(server)
        assert UNNAMED < size_of(server) <= ETHERNET


@needs_net_admin
@pytest.mark.parametrize("named", [524, 1000, 1400])
def test_a_client_that_named_a_size_keeps_it(named: int) -> None:
    with connected(named) as (_, server):
        before = size_of(server)
        assert not fill_segments(server)
        assert size_of(server) == before


@needs_net_admin
def test_without_the_right_to_do_so_nothing_changes() -> None:
    with connected(AS_IF_UNNAMED) as (client, server):
        os.seteuid(65534)  # nobody
        try:
            assert not fill_segments(server)
        finally:
            os.seteuid(0)
        assert size_of(server) == UNNAMED
        server.sendall(b"still here")
        assert client.recv(100) == b"still here"


@needs_net_admin
def test_a_server_that_starts_again_gets_its_port_while_such_a_connection_is_still_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        here = listener.getsockname()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, AS_IF_UNNAMED)
        client.connect(here)
        server, _ = listener.accept()
        assert fill_segments(server)
        server.sendall(b"a boot file's beginning")
        server.close()  # as when the process is killed
        listener.close()
        with socket.create_server(here) as again:
            assert again.getsockname() == here


@pytest.fixture
async def boot_http(workshop: Workshop, tmp_path: Path) -> AsyncIterator[TestServer]:
    path = tmp_path / "vmlinuz"
    path.write_bytes(FILE)
    async with serving(workshop, {path.name: path}) as running:
        yield running


@needs_net_admin
@pytest.mark.parametrize(("agent", "full"), [(GRUB, True), ("iPXE/1.21.1", False)])
async def test_only_grub_is_sent_full_segments_and_every_byte_arrives(
    boot_http: TestServer, agent: str, full: bool
) -> None:
    with socket.socket() as client:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, AS_IF_UNNAMED)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (boot_http.host, boot_http.port))
        request = (
            f"GET /boot/vmlinuz HTTP/1.1\r\nHost: {boot_http.host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
        )
        await loop.sock_sendall(client, request.encode())
        answer = bytearray()
        with suppress(ConnectionResetError):  # so GRUB's ends
            while piece := await loop.sock_recv(client, 1 << 16):
                answer += piece
        assert answer.endswith(b"\r\n\r\n" + FILE)
        assert (len(answer) / _segments_received(client) > UNNAMED) is full


def _segments_received(client: socket.socket) -> int:
    """`tcpi_data_segs_in` of linux/tcp.h."""
    info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 156)
    return int(struct.unpack_from("@I", info, 152)[0])
