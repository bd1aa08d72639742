"""Hellos that go wrong: lines that break at once, two lines of one visit, a PC that says it is another."""

import asyncio

import pytest

from netboot.errors import NetbootError
from netboot.protocol import FromServer, Leave, Plan, RunStage, Welcome
from netboot.records.values import OtherOnLine
from netboot.workshop import SESSIONS, SESSIONS_AN_ADDRESS, Workshop
from tests.workshop.conftest import hello, pc


class Line:
    """What the server sends on one line; it breaks at the message number `breaks_at`."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.sent: list[FromServer] = []
        self._breaks_at = breaks_at

    async def send(self, message: FromServer) -> None:
        await asyncio.sleep(0)
        if len(self.sent) == self._breaks_at:
            raise ConnectionResetError
        self.sent.append(message)


@pytest.mark.parametrize("breaks_at", [0, 1, 2])
async def test_a_line_that_breaks_while_it_is_greeted_takes_no_place_and_loses_no_choice(
    workshop: Workshop, breaks_at: int
) -> None:
    first = await workshop.greet(hello(pc()), Line().send)
    workshop.left(first, goodbye=True)
    await workshop.choose(first.visit.machine_id, "erase-only", "anne")
    for number in range(SESSIONS_AN_ADDRESS + 1):
        with pytest.raises(ConnectionResetError):
            await workshop.greet(hello(pc(), "boot-2"), Line(breaks_at).send, "192.0.2.7")
        assert workshop.floor.rows()[0].state not in ("waiting", "working"), number
    line = Line()
    await workshop.greet(hello(pc(), "boot-2"), line.send, "192.0.2.7")
    assert [type(message) for message in line.sent] == [Welcome, Plan, RunStage]


async def test_one_address_does_not_take_every_place(workshop: Workshop) -> None:
    for number in range(SESSIONS_AN_ADDRESS):
        await workshop.greet(hello(pc(number + 1), f"boot-{number}"), Line().send, "192.0.2.7")
    with pytest.raises(NetbootError, match=r"of them from 192\.0\.2\.7"):
        await workshop.greet(hello(pc(100), "boot-100"), Line().send, "192.0.2.7")
    await workshop.greet(hello(pc(101), "boot-101"), Line().send, "192.0.2.8")
    assert SESSIONS > SESSIONS_AN_ADDRESS


async def test_a_second_pc_that_names_the_same_machine_is_sent_away_while_the_first_is_on_the_line(
    workshop: Workshop,
) -> None:
    first = await workshop.greet(hello(pc(), profile="erase-only"), Line().send)
    with pytest.raises(OtherOnLine):
        await workshop.greet(hello(pc(), "forged-boot"), Line().send)
    assert first.job is not None
    assert workshop.floor.rows()[0].state == "working"
    workshop.left(first)
    again = Line()
    await workshop.greet(hello(pc(), "boot-2"), again.send)
    assert not [message for message in again.sent if isinstance(message, (Plan, Leave))]


async def test_two_lines_of_one_visit_begin_its_job_once_and_the_newer_one_does_it(workshop: Workshop) -> None:
    older, newer = Line(), Line()
    one = await workshop.greet(hello(pc(), profile="erase-only"), older.send)
    two = await workshop.greet(hello(pc(), token=_token(older), profile="erase-only"), newer.send)
    assert two.job is not None
    assert one.job is not None
    assert two.job.id == one.job.id
    assert one.lock is two.lock
    assert [type(message) for message in newer.sent] == [Welcome, Plan, RunStage]


def _token(line: Line) -> str:
    welcome = line.sent[0]
    assert isinstance(welcome, Welcome)
    return welcome.token
