"""A session keeps its window in order when the network takes packets slowly."""

import asyncio
import socket

from netboot.tftp import Limits, Outcome
from netboot.tftp_session import Session
from netboot.tftp_source import Content
from netboot.tftp_transfer import Transfer, negotiate


class NarrowSocket(socket.socket):
    """Takes two datagrams, then says that its buffer is full, and so on."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.calls = 0

    def send(self, data: object, flags: int = 0, /) -> int:
        self.calls += 1
        if self.calls % 3 == 0:
            raise BlockingIOError
        assert isinstance(data, bytes)
        return super().send(data, flags)


async def test_a_full_send_buffer_pauses_the_window_and_loses_nothing() -> None:
    content = bytes(range(256)) * 100
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, NarrowSocket() as narrow:
        client.bind(("127.0.0.1", 0))
        client.setblocking(False)
        narrow.bind(("127.0.0.1", 0))
        narrow.connect(client.getsockname())
        narrow.setblocking(False)
        client.connect(narrow.getsockname())
        terms = negotiate((("windowsize", "16"),), len(content), Limits())
        transfer = Transfer(terms, len(content), Limits(), loop.time())
        Session(narrow, Content(content), transfer, lambda _: ended.set()).start()
        assert (await loop.sock_recv(client, 600))[:2] == b"\0\6"
        client.send(b"\0\4\0\0")
        got = []
        for number in range(1, transfer.last + 1):
            block = await asyncio.wait_for(loop.sock_recv(client, 600), 2)
            assert block[:4] == b"\0\3" + number.to_bytes(2, "big")
            got.append(block[4:])
            if number % 16 == 0 or number == transfer.last:
                client.send(b"\0\4" + number.to_bytes(2, "big"))
        await asyncio.wait_for(ended.wait(), 2)
    assert b"".join(got) == content
    assert (transfer.outcome, transfer.resent) == (Outcome.FINISHED, 0)
