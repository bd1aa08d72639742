"""Hellos that go wrong: lines that break at once, two lines of one visit, a PC that says it is another."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from netboot.bootmenu.ticket import LASTS, Picked, issue
from netboot.jobs.actor import operator
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.protocol import FromServer, Leave, Plan, RunStage, Stay, Welcome
from netboot.workshop.agent_lines import SESSIONS, SESSIONS_AN_ADDRESS
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, TICKET_KEY, hello, new_workshop, pc

PICKED = Picked("erase-only", "98:fa:9b:00:00:01", pc().system.uuid, digest=ERASE.digest)


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
    await workshop.commands.choose(operator("anne"), first.visit.machine_id, "erase-only")
    for number in range(SESSIONS_AN_ADDRESS + 1):
        with pytest.raises(ConnectionResetError):
            await workshop.greet(hello(pc(), "boot-2"), Line(breaks_at).send, "192.0.2.7")
        assert workshop.live_board.rows()[0].state not in ("waiting", "working"), number
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


async def test_a_second_pc_that_names_the_same_machine_changes_nothing_of_the_work_of_the_first(
    workshop: Workshop,
) -> None:
    first = await workshop.greet(hello(pc(), profile="erase-only"), Line().send)
    forged = Line()
    second = await workshop.greet(hello(pc(), "forged-boot", profile="erase-only"), forged.send)
    assert [type(message) for message in forged.sent] == [Welcome, Stay], "its own ticket begins nothing"
    assert first.job is not None
    assert [row.state for row in workshop.live_board.rows()] == ["working", "waiting"]
    workshop.left(second)
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


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ticket": ""}, "ticket-wrong"),
        ({"profile": "wipe-and-debian"}, "ticket-wrong"),
        ({"batch": "b1"}, "ticket-wrong"),
        ({"profile": "", "batch": "b1"}, "ticket-wrong"),
        ({"menu_mac": "98:fa:9b:00:00:02"}, "ticket-wrong"),
        ({"ticket": issue(TICKET_KEY, PICKED, now=time.time() - 2 * LASTS)}, "ticket-expired"),
        ({"ticket": issue(b"another server's key", PICKED, now=time.time())}, "ticket-wrong"),
        ({"profile": "no-such-profile"}, "ticket-wrong"),
    ],
)
async def test_a_pick_that_would_write_without_its_ticket_is_not_followed_and_the_pc_says_why(
    workshop: Workshop, changes: dict[str, str], code: str
) -> None:
    line = Line()
    session = await workshop.greet(replace(hello(pc(), profile="erase-only"), **changes), line.send)
    told = line.sent[-1]
    assert isinstance(told, Stay)
    assert told.problem.code == code
    assert session.job is None
    row = workshop.live_board.rows()[0]
    assert (row.state, row.problem) == ("failed", told.problem)
    # A person chooses on the page.
    assert await workshop.commands.choose(operator("anne"), session.visit.machine_id, "erase-only")
    assert [type(message) for message in line.sent[2:]] == [Plan, RunStage]


async def test_a_hello_without_a_ticket_withdraws_nothing_that_was_chosen_on_the_page(workshop: Workshop) -> None:
    first = await workshop.greet(hello(pc()), Line().send)
    workshop.left(first, goodbye=True)
    await workshop.commands.choose(operator("anne"), first.visit.machine_id, "inventory-only")
    line = Line()
    session = await workshop.greet(replace(hello(pc(), "boot-2", profile="erase-only"), ticket=""), line.send)
    assert session.job is not None
    assert session.job.profile.id == "inventory-only"


async def test_what_writes_to_no_disk_needs_no_ticket(workshop: Workshop) -> None:
    session = await workshop.greet(replace(hello(pc(), profile="inventory-only"), ticket=""), Line().send)
    assert session.job is not None


async def test_a_ticket_of_before_the_server_was_started_again_counts(workshop: Workshop, record: Record) -> None:
    picked = replace(hello(pc(), profile="erase-only"), ticket=workshop.prove(PICKED))
    session = await new_workshop(record).greet(picked, Line().send)
    assert session.job is not None


async def test_a_ticket_is_not_for_a_profile_that_was_edited_since(workshop: Workshop) -> None:
    line = Line()
    before = Picked(PICKED.profile, PICKED.mac, PICKED.uuid, digest=replace(ERASE, end="reboot").digest)
    picked = replace(hello(pc(), profile="erase-only"), ticket=workshop.prove(before))
    session = await workshop.greet(picked, line.send)
    assert session.job is None
    assert [message.problem.code for message in line.sent if isinstance(message, Stay)] == ["ticket-wrong"]


async def test_a_dock_with_another_address_under_linux_is_known_by_its_uuid(workshop: Workshop) -> None:
    dock = Picked("erase-only", "00:50:b6:00:00:99", pc().system.uuid, digest=ERASE.digest)
    said = replace(hello(pc(), profile="erase-only"), menu_mac=dock.mac, ticket=workshop.prove(dock))
    assert (await workshop.greet(said, Line().send)).job is not None
    nobody = Picked("erase-only", dock.mac, digest=ERASE.digest)
    said = replace(hello(pc(2), "boot-2", profile="erase-only"), menu_mac=nobody.mac, ticket=workshop.prove(nobody))
    assert (await workshop.greet(said, Line().send)).job is None


async def test_a_pick_that_comes_too_late_lets_no_earlier_choice_begin_in_its_place(workshop: Workshop) -> None:
    first = await workshop.greet(hello(pc()), Line().send)
    workshop.left(first, goodbye=True)
    await workshop.commands.choose(operator("anne"), first.visit.machine_id, "wipe-and-debian")
    line = Line()
    late = issue(TICKET_KEY, PICKED, now=time.time() - 2 * LASTS)
    session = await workshop.greet(replace(hello(pc(), "boot-2", profile="erase-only"), ticket=late), line.send)
    assert session.job is None
    assert [message.problem.code for message in line.sent if isinstance(message, Stay)] == ["ticket-expired"]
    assert workshop.record.choices.pending() == ()
    assert await workshop.commands.choose(operator("anne"), session.visit.machine_id, "erase-only")
