"""A session keeps its window in order when the network takes packets slowly, and keeps pace with a quick client."""

import asyncio
import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from netboot.tftp import Limits, Outcome
from netboot.tftpd.session import BLOCKS_A_WAKE, REST, Session
from netboot.tftpd.source import Content
from netboot.tftpd.transfer import Transfer, negotiate

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


class WatchedSocket(socket.socket):
    """Counts its packets, and how often it was read in vain; with `answer`, that is called after each packet sent."""

    sent = 0
    read_in_vain = 0
    answer: Callable[[], None] | None = None

    def send(self, data: object, flags: int = 0, /) -> int:
        assert isinstance(data, bytes)
        self.sent += 1
        length = super().send(data, flags)
        if self.answer is not None:
            self.answer()
        return length

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        try:
            return super().recv(size, flags)
        except BlockingIOError:
            self.read_in_vain += 1
            raise


Server = TypeVar("Server", bound=socket.socket)


@dataclass
class Line(Generic[Server]):
    """A session under test, its socket, and its client's end."""

    client: socket.socket
    server: Server
    transfer: Transfer
    ended: asyncio.Event

    def ack(self, number: int) -> None:
        self.client.send(b"\0\4" + number.to_bytes(2, "big"))

    async def hear(self) -> tuple[int, bytes]:
        datagram = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.client, 600), 2)
        return int.from_bytes(datagram[2:4], "big"), datagram[4:]


@contextlib.contextmanager
def line(kind: type[Server], window: int) -> Iterator[Line[Server]]:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server = kind(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, server:
        for sock in (client, server):
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        server.connect(client.getsockname())
        client.connect(server.getsockname())
        terms = negotiate((("windowsize", f"{window}"), ("timeout", "5")), len(CONTENT), Limits())
        transfer = Transfer(terms, len(CONTENT), Limits(), loop.time())
        session = Session(server, Content(CONTENT), transfer, lambda _: ended.set())
        session.start()
        yield Line(client, server, transfer, ended)
        session.abandon("the test is over")


async def test_a_full_send_buffer_pauses_the_window_and_loses_nothing() -> None:
    with line(NarrowSocket, 16) as wire:
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
    with line(NarrowSocket, 16) as wire:
        await wire.hear()
        wire.server.room, wire.server.refill = 4, 0
        wire.ack(0)
        assert [(await wire.hear())[0] for _ in range(4)] == [1, 2, 3, 4]
        wire.ack(2)
        await asyncio.sleep(0.02)
        wire.ack(4)
        await asyncio.sleep(0.02)
        wire.server.refill = wire.server.room = 100
        assert [(await wire.hear())[0] for _ in range(18)] == list(range(3, 21))


@pytest.mark.parametrize(("window", "blocks_a_wake"), [(1, BLOCKS_A_WAKE), (4, BLOCKS_A_WAKE), (16, 16)])
async def test_a_client_that_answers_at_once_is_answered_within_the_wake_until_others_get_their_turn(
    window: int, blocks_a_wake: int
) -> None:
    with line(WatchedSocket, window) as wire:
        await wire.hear()
        last = wire.transfer.last

        def answer() -> None:
            assert select.select([wire.client], [], [], 5)[0]
            number = int.from_bytes(wire.client.recv(600)[2:4], "big")
            if number % window == 0 or number == last:
                wire.ack(number)

        wire.server.answer = answer
        wire.ack(0)
        sent_in_turn: list[int] = []
        async with asyncio.timeout(5):
            while not wire.ended.is_set():
                before = wire.server.sent
                await asyncio.sleep(0)
                sent_in_turn.append(wire.server.sent - before)
        assert wire.transfer.outcome is Outcome.FINISHED
        assert (sum(sent_in_turn), max(sent_in_turn)) == (last, blocks_a_wake)


async def test_a_client_that_takes_its_time_is_seldom_looked_for_in_vain() -> None:
    with line(WatchedSocket, 1) as wire:
        await wire.hear()
        for number in range(wire.transfer.last):
            wire.ack(number)
            assert (await wire.hear())[0] == number + 1
        assert 1 <= wire.server.read_in_vain <= 1 + wire.transfer.last // REST
