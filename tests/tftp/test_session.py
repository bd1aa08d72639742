"""A session keeps its window in order when the network takes packets slowly."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from netboot.tftp import Limits, Outcome
from netboot.tftp_session import Session
from netboot.tftp_source import Content
from netboot.tftp_transfer import Transfer, negotiate

CONTENT = bytes(range(256)) * 100


class NarrowSocket(socket.socket):
    """Takes `room` datagrams, then says that its buffer is full, and has `refill` more the next time."""

    room = 2
    refill = 2

    def send(self, data: object, flags: int = 0, /) -> int:
        if self.room == 0:
            self.room = self.refill
            raise BlockingIOError
        self.room -= 1
        assert isinstance(data, bytes)
        return super().send(data, flags)


@dataclass
class Line:
    """A session under test and its client's end."""

    client: socket.socket
    narrow: NarrowSocket
    transfer: Transfer
    ended: asyncio.Event

    def ack(self, number: int) -> None:
        self.client.send(b"\0\4" + number.to_bytes(2, "big"))

    async def hear(self) -> tuple[int, bytes]:
        datagram = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.client, 600), 2)
        return int.from_bytes(datagram[2:4], "big"), datagram[4:]


@contextlib.contextmanager
def line() -> Iterator[Line]:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    narrow = NarrowSocket(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, narrow:
        for sock in (client, narrow):
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        narrow.connect(client.getsockname())
        client.connect(narrow.getsockname())
        terms = negotiate((("windowsize", "16"), ("timeout", "5")), len(CONTENT), Limits())
        transfer = Transfer(terms, len(CONTENT), Limits(), loop.time())
        session = Session(narrow, Content(CONTENT), transfer, lambda _: ended.set())
        session.start()
        yield Line(client, narrow, transfer, ended)
        session.abandon("the test is over")


async def test_a_full_send_buffer_pauses_the_window_and_loses_nothing() -> None:
    with line() as wire:
        await wire.hear()
        wire.ack(0)
        got = []
        for number in range(1, wire.transfer.last + 1):
            block, data = await wire.hear()
            assert block == number
            got.append(data)
            if number % 16 == 0 or number == wire.transfer.last:
                wire.ack(number)
        await asyncio.wait_for(wire.ended.wait(), 2)
        assert b"".join(got) == CONTENT
        assert (wire.transfer.outcome, wire.transfer.resent) == (Outcome.FINISHED, 0)


async def test_blocks_that_become_due_while_the_buffer_is_full_queue_behind_the_waiting_ones() -> None:
    with line() as wire:
        await wire.hear()
        wire.narrow.room, wire.narrow.refill = 4, 0
        wire.ack(0)
        assert [(await wire.hear())[0] for _ in range(4)] == [1, 2, 3, 4]
        wire.ack(2)
        await asyncio.sleep(0.02)
        wire.ack(4)
        await asyncio.sleep(0.02)
        wire.narrow.refill = wire.narrow.room = 100
        assert [(await wire.hear())[0] for _ in range(18)] == list(range(3, 21))
