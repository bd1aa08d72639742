"""Between a menu that starts the agent and its hello: a deadline, what was seen last, and no endless restarts."""

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.dhcp.probe import PROBE_UUID
from netboot.jobs.actor import operator
from netboot.records.record import Record
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stay, Welcome
from netboot.workshop.given_starts import FILES, GOING_HOME, TOLD_FOR, WITHIN, Failed, GivenStarts, Step
from netboot.workshop.greeting import Workshop
from netboot.workshop.start_watch import StartWatch
from tests.workshop.conftest import ERASE, hello, pc, row_of
from tests.workshop.player import agent_on, line_to, serving
from tests.workshop.test_boot_menu import fetch

MAC, UUID, HERE = "98:fa:9b:00:00:01", pc().system.uuid, "192.0.2.77"
FETCHED: tuple[Step, ...] = ("start", "kernel", "base", "agent")


def begun(starts: GivenStarts, step: Step, now: float = 0.0) -> None:
    """This PC has come as far as that."""
    starts.menu_shown(MAC, UUID, HERE, starts_itself=True, now=now)
    for name, reached in {"": "start", **FILES}.items():
        if step == "menu":
            return
        if name:
            starts.fetched(HERE, name, now=now)
        else:
            starts.script_given(MAC, UUID, HERE, now=now)
        if reached == step:
            return


@pytest.mark.parametrize("step", FETCHED)
def test_a_start_that_no_hello_follows_is_told_once_with_what_was_seen_last(step: Step) -> None:
    starts = GivenStarts()
    begun(starts, step)
    assert starts.overdue(now=WITHIN - 1) == ()
    (late,) = starts.overdue(now=WITHIN)
    assert (late.mac, late.problem) == (MAC, Problem("start-silent", {"seen": step}))
    assert starts.overdue(now=WITHIN + 1) == ()
    assert starts.problem(MAC, UUID, now=WITHIN) == late.problem


def test_each_thing_that_is_asked_for_moves_the_deadline() -> None:
    starts = GivenStarts()
    begun(starts, "kernel")
    starts.fetched(HERE, "agent-base.img", now=WITHIN - 1)
    starts.fetched("192.0.2.78", "agent.img", now=WITHIN)
    assert starts.overdue(now=WITHIN + 1) == ()
    (late,) = starts.overdue(now=2 * WITHIN)
    assert late.step == "base"


@pytest.mark.parametrize("step", FETCHED)
def test_a_menu_that_is_back_says_that_the_start_brought_nothing(step: Step) -> None:
    starts = GivenStarts()
    begun(starts, step)
    for _ in range(2):  # HEAD, then GET
        starts.menu_asked(MAC, UUID, None, now=20)
        assert starts.problem(MAC, UUID, now=20) == Problem("start-returned", {"seen": step})
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=20)
    starts.menu_asked(MAC, UUID, None, now=30)
    assert starts.problem(MAC, UUID, now=30) == Problem("start-returned", {"seen": step})
    assert starts.problem(MAC, UUID, now=20 + TOLD_FOR) is None
    assert starts.problem(MAC, "another PC behind this dock", now=30) is None


def test_a_menu_that_is_only_read_again_is_no_start_that_brought_nothing() -> None:
    starts = GivenStarts()
    for now in range(3):
        starts.menu_asked(MAC, UUID, None, now=now)
        starts.menu_shown(MAC, UUID, HERE, starts_itself=True, now=now)
    assert starts.problem(MAC, UUID, now=3) is None
    (late,) = starts.overdue(now=2 + WITHIN)
    assert late.problem == Problem("menu-waits")
    assert starts.problem(MAC, UUID, now=2 + WITHIN) is None, "a person may have stopped it: it may start yet"


@pytest.mark.parametrize("failed", ["processor-32-bit", "load-failed"])
def test_a_menu_that_cannot_start_the_agent_says_why(failed: Failed) -> None:
    starts = GivenStarts()
    begun(starts, "start")
    starts.menu_asked(MAC, UUID, failed, now=1)
    found = starts.problem(MAC, UUID, now=1)
    assert found is not None
    assert found.code == failed


def test_a_hello_ends_what_was_told_and_so_does_a_new_try() -> None:
    starts = GivenStarts()
    begun(starts, "agent")
    starts.menu_asked(MAC, UUID, None, now=20)
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=20)
    starts.fetched(HERE, "vmlinuz", now=30)
    assert starts.problem(MAC, UUID, now=30) is None
    starts.forget({MAC})
    assert starts.overdue(now=30 + WITHIN) == ()
    assert not starts.is_at_menu(MAC)


@given(st.lists(st.integers(0, 40), max_size=120))
def test_made_up_pcs_are_bounded(numbers: list[int]) -> None:
    starts = GivenStarts(most=16)
    for now, number in enumerate(numbers):
        starts.menu_shown(f"52:54:00:00:00:{number:02x}", "", HERE, starts_itself=True, now=now)
    assert len(starts.overdue(now=10**6)) == min(16, len(set(numbers)))


# Over HTTP


@pytest.fixture
def armed(record: Record) -> str:
    return record.batches.arm(ERASE.id, 2, "anne").id


@pytest.mark.parametrize("loader", ["grub", "ipxe"])
async def test_a_start_of_a_batch_that_did_not_reach_the_agent_is_not_given_by_itself_again(
    workshop: Workshop, armed: str, loader: str
) -> None:
    files = dict.fromkeys(FILES, b"a boot file")
    async with serving(workshop, rendered=files) as server:
        ready = 'set default="armed"' if loader == "grub" else "set first armed"
        assert ready in await fetch(server, f"/menu.{loader}")
        assert "netboot.ticket=" in await fetch(server, f"/start.{loader}", profile=ERASE.id, batch=armed)
        for name in FILES:
            await fetch_file(server, name)
        menu = await fetch(server, f"/menu.{loader}")
        assert ready not in menu
        assert "sans suite" in menu
        assert "Serie en cours" in menu, "a person may still pick it"
        row = row_of(workshop)
        assert (row.state, row.problem) == ("booting", Problem("start-returned", {"seen": "agent"}))
        async with agent_on(server, hello(pc())):
            assert row_of(workshop).problem is None
        assert ready in await fetch(server, f"/menu.{loader}")


async def fetch_file(server: TestServer, name: str) -> None:
    async with ClientSession() as session, session.get(server.make_url(f"/boot/{name}")) as answer:
        assert answer.status == 200


async def test_the_deadline_is_told_in_the_row_and_lifted_by_a_late_hello(
    workshop: Workshop, server: TestServer, armed: str
) -> None:
    now = [0.0]
    workshop.starts = StartWatch(workshop.live_board, within=60, clock=lambda: now[0])
    await fetch(server, "/menu.grub")
    await fetch(server, "/start.grub", profile=ERASE.id, batch=armed)
    workshop.starts.tell_overdue()
    assert (row_of(workshop).state, row_of(workshop).problem) == ("booting", None)
    now[0] = 60
    workshop.starts.tell_overdue()
    silent = Problem("start-silent", {"seen": "start"})
    assert (row_of(workshop).state, row_of(workshop).problem) == ("failed", silent)
    async with agent_on(server, hello(pc())):
        assert (row_of(workshop).state, row_of(workshop).problem) == ("waiting", None)


async def test_a_menu_that_refuses_its_processor_is_told_in_the_row_and_goes_to_the_disk(
    workshop: Workshop, server: TestServer, armed: str
) -> None:
    await fetch(server, "/menu.ipxe")
    await fetch(server, "/start.ipxe", profile=ERASE.id, batch=armed)
    menu = await fetch(server, "/menu.ipxe", failed="processor-32-bit")
    assert "set first local" in menu
    assert "32 bits" in menu
    assert row_of(workshop).problem == Problem("processor-32-bit")
    assert "set first local" in await fetch(server, "/menu.ipxe")


async def test_a_person_who_chooses_once_more_lets_it_start_by_itself_again(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        await agent.close()
    machine = row_of(workshop).machine
    assert not await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    assert "set first armed" in await fetch(server, "/menu.ipxe")
    assert "set first local" in await fetch(server, "/menu.ipxe", failed="load-failed")
    assert "set first local" in await fetch(server, "/menu.ipxe")
    assert not await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    assert "set first armed" in await fetch(server, "/menu.ipxe")


async def test_the_doctors_menu_is_no_pc(workshop: Workshop, server: TestServer) -> None:
    await fetch(server, "/menu.grub", uuid=str(PROBE_UUID))
    assert workshop.live_board.rows() == ()


async def test_a_pc_that_dhcp_never_saw_has_a_row_when_it_reads_its_menu_and_when_it_is_refused(
    workshop: Workshop, server: TestServer
) -> None:
    await fetch(server, "/menu.grub")
    assert row_of(workshop).state == "booting"
    async with line_to(server) as agent:
        await agent.say(replace(hello(pc(2)), version=1))
        refused = await agent.hear(Stay)
    assert refused.problem.code == "version"
    assert (row_of(workshop, 2).state, row_of(workshop, 2).problem) == ("failed", refused.problem)


async def test_a_refused_hello_does_not_touch_the_row_of_a_pc_that_is_on_the_line(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (_, welcome), line_to(server) as stranger:
        assert isinstance(welcome, Welcome)
        await stranger.say(replace(hello(pc(), "boot-2"), version=1))
        await stranger.hear(Stay)
        assert (row_of(workshop).state, row_of(workshop).problem) == ("waiting", None)


def test_an_agent_that_only_shows_the_way_home_is_no_start_that_brought_nothing() -> None:
    starts = GivenStarts()
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=0)
    assert not starts.has_gone_home(MAC, UUID, now=0)
    starts.goes_home(MAC, UUID, HERE, now=1)
    for name in FILES:
        starts.fetched(HERE, name, now=2)
    assert starts.overdue(now=2 + WITHIN) == ()
    starts.menu_asked(MAC, UUID, None, now=100)
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=100)
    assert starts.problem(MAC, UUID, now=100) is None


def test_a_pc_that_comes_back_from_its_way_home_within_minutes_is_known_by_it() -> None:
    starts = GivenStarts()
    repeats, later = GOING_HOME
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=0)
    starts.goes_home(MAC, UUID, HERE, now=0)
    starts.goes_home(MAC, UUID, HERE, now=repeats - 1)  # GRUB that asks twice
    assert not starts.has_gone_home(MAC, UUID, now=repeats - 1)
    assert not starts.has_gone_home(MAC, "another PC behind this dock", now=repeats)
    starts.menu_shown(MAC, UUID, HERE, starts_itself=False, now=repeats)
    assert starts.has_gone_home(MAC, UUID, now=repeats)
    assert starts.has_gone_home(MAC, UUID, now=later - 1)
    assert not starts.has_gone_home(MAC, UUID, now=later)
    starts.goes_home(MAC, UUID, HERE, now=later)
    starts.fetched(HERE, "agent.img", now=2 * later)  # by a slow line
    assert starts.has_gone_home(MAC, UUID, now=3 * later - 1)
    starts.forget([MAC])
    assert not starts.has_gone_home(MAC, UUID, now=3 * later - 1)
    assert starts.has_gone_home("", "", now=0), "a PC that cannot be followed would go round for ever"


async def test_a_menu_that_sees_no_disk_gets_the_agent_once_and_a_person_at_will(
    workshop: Workshop,
) -> None:
    now = [0.0]
    workshop.starts = StartWatch(workshop.live_board, clock=lambda: now[0])
    async with serving(workshop) as server:
        for _ in range(2):
            assert "load_agent netboot.home=1" in await fetch(server, "/home.grub")
        now[0] = 120.0
        again = await fetch(server, "/home.grub", lang="en")
        assert "load_agent" not in again
        assert "came back" in again
        assert "load_agent netboot.home=1" in await fetch(server, "/home.grub", asked="yes")
