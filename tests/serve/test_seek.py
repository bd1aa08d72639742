"""A PC asks its LAN where the server is: who answers, who is believed, from which subnet, and how often."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
import pytest_asyncio
from nacl.signing import SigningKey

from netboot.agent.net.seek import Seeker
from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, ip_in, open_lan
from netboot.serve.whereabouts_service import RATE_A_CLIENT, WhereaboutsService
from netboot.shared.errors import NetbootError
from netboot.shared.whereabouts import (
    ANSWER_LENGTH,
    NONCE_LENGTH,
    QUESTION_LENGTH,
    Place,
    encode_answer,
    encode_question,
    parse_question,
)
from tests.dhcp.wire import EVERYBODY, running_service, udp_socket
from tests.namespace import inside

pytestmark = [pytest.mark.root, pytest.mark.asyncio(loop_scope="module")]

KEY = SigningKey(b"netboot test key, for tests only"[:32])
PORT = 80
STRANGER = NETWORK[66]
NONCE = b"\x07" * NONCE_LENGTH


@dataclass(frozen=True, slots=True)
class Wire:
    """A LAN with a server's namespace, a PC's and a stranger's."""

    lan: Lan
    pc: str
    stranger: str

    def ask(self) -> Place | None:
        """What the PC makes of one question."""
        return inside(self.pc, lambda: asyncio.run(seeker(lambda: False, lambda _: None).ask()))

    def serving(self, address: IPv4Address = SERVER) -> AbstractContextManager[None]:
        """The real service in the server's namespace, whose HTTP is at `address`."""
        return running_service(
            self.lan.server, lambda: WhereaboutsService(KEY, lambda: address, interface=INTERFACE, port=PORT)
        )

    @contextmanager
    def lying(self, answer: Callable[[bytes], bytes]) -> Iterator[list[bytes]]:
        """A stranger who answers each question at once; what it heard."""
        heard: list[bytes] = []
        over = threading.Event()
        with udp_socket(self.stranger, PORT) as opened:
            opened.settimeout(0.1)

            def lie() -> None:
                while not over.is_set():
                    with suppress(TimeoutError):
                        datagram, (_, port) = opened.recvfrom(2048)
                        heard.append(datagram)
                        opened.sendto(answer(parse_question(datagram)), (EVERYBODY, port))

            thread = threading.Thread(target=lie)
            thread.start()
            try:
                yield heard
            finally:
                over.set()
                thread.join(10)


def seeker(is_up: Callable[[], bool], follow: Callable[[Place], None]) -> Seeker:
    return Seeker(
        interface=INTERFACE,
        port=PORT,
        public_key=bytes(KEY.verify_key),
        is_up=is_up,
        follow=follow,
        patient=0.3,
        every=0.1,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    async with open_lan() as lan:
        made = Wire(lan, lan.run.namespace("pc"), lan.run.namespace("stranger"))
        await lan.attach(made.pc, NETWORK[3])
        await lan.attach(made.stranger, STRANGER)
        yield made


async def test_a_pc_that_asks_is_told_where_the_server_is(wire: Wire) -> None:
    with wire.serving():
        assert wire.ask() == Place(SERVER, PORT)
    assert wire.ask() is None


async def test_a_pc_whose_address_is_of_another_subnet_is_told_too(wire: Wire) -> None:
    await ip_in(wire.pc, f"address flush dev {INTERFACE}", f"address add 10.88.0.5/24 dev {INTERFACE}")
    try:
        with wire.serving():
            assert wire.ask() == Place(SERVER, PORT)
    finally:
        await ip_in(
            wire.pc, f"address flush dev {INTERFACE}", f"address add {NETWORK[3]}/{NETWORK.prefixlen} dev {INTERFACE}"
        )


@pytest.mark.parametrize(
    "lie",
    [
        lambda nonce: encode_answer(nonce, Place(STRANGER, PORT), SigningKey.generate()),
        lambda nonce: encode_answer(bytes(NONCE_LENGTH), Place(STRANGER, PORT), KEY),
        lambda nonce: encode_answer(nonce, Place(SERVER, PORT), KEY),
        lambda nonce: encode_question(nonce),
    ],
    ids=["with its own key", "with an answer of before", "in the server's name", "with the question"],
)
async def test_a_stranger_is_not_followed_and_keeps_nobody_from_the_server(
    wire: Wire, lie: Callable[[bytes], bytes]
) -> None:
    with wire.lying(lie) as heard:
        assert wire.ask() is None
        assert len(heard) == 1
        with wire.serving():
            assert wire.ask() == Place(SERVER, PORT)


async def test_garbage_and_a_flood_cost_little_and_are_not_answered(wire: Wire) -> None:
    with wire.serving(), udp_socket(wire.pc, 40000) as pc:
        for length in range(2 * QUESTION_LENGTH):
            pc.sendto(b"netboot where? 1"[:length].ljust(length, b"\xff"), (EVERYBODY, PORT))
        time.sleep(1 - time.monotonic() % 1)  # the rate is counted by whole seconds
        for _ in range(100):
            pc.sendto(encode_question(NONCE), (EVERYBODY, PORT))
        pc.settimeout(0.5)
        answers = 0
        with suppress(TimeoutError):
            while True:
                assert len(pc.recv(2048)) == ANSWER_LENGTH
                answers += 1
        assert RATE_A_CLIENT <= answers <= 2 * RATE_A_CLIENT
        time.sleep(1)
        assert wire.ask() == Place(SERVER, PORT)


async def test_a_question_by_another_interface_is_not_answered(wire: Wire) -> None:
    def asked() -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.settimeout(0.5)
        opened.sendto(encode_question(NONCE), ("127.0.0.1", PORT))
        return opened

    with wire.serving(), inside(wire.lan.server, asked) as opened, pytest.raises(TimeoutError):
        opened.recv(2048)


async def test_a_port_that_is_taken_and_an_interface_that_is_gone_are_told_with_a_cure(wire: Wire) -> None:
    def start(interface: str) -> None:
        asyncio.run(WhereaboutsService(KEY, lambda: SERVER, interface=interface, port=PORT).start())

    with wire.serving(), pytest.raises(NetbootError, match=f"UDP port {PORT}") as taken:
        inside(wire.lan.server, lambda: start(INTERFACE))
    assert f"sport = :{PORT}" in taken.value.hint
    with pytest.raises(NetbootError, match="eth7"):
        inside(wire.lan.server, lambda: start("eth7"))


async def test_nothing_is_asked_while_the_line_is_up_or_was_a_moment_ago(wire: Wire) -> None:
    up = True
    found: list[Place] = []

    async def seek() -> list[int]:
        """How many questions were heard by the end of each of three spells: up, just broken, broken."""
        nonlocal up
        counts = []
        task = asyncio.create_task(seeker(lambda: up, found.append).run())
        for spell, is_up in ((0.8, True), (0.15, False), (3.0, False)):
            up = is_up
            await asyncio.sleep(spell)
            counts.append(len(heard))
        task.cancel()
        return counts

    with wire.lying(lambda nonce: b"") as heard, wire.serving():
        line_up, just_broken, broken = inside(wire.pc, lambda: asyncio.run(seek()))
    assert (line_up, just_broken) == (0, 0)
    assert broken > 0
    assert set(found) == {Place(SERVER, PORT)}
