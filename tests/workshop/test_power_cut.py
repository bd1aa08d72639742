"""Work that was cut short is told everywhere until it is done anew: menu, screen, row, list; by the next server too."""

import re
from typing import Literal

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import VERSION, Leave, Plan, RunStage, Stay
from netboot.shared.stages import StageName
from netboot.shared.stages.deploy import Deploy
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, LOOK, WIPE, boarded, hello, new_workshop, pc, row_of
from tests.workshop.player import agent_on, evidence, line_to, serving
from tests.workshop.test_boot_menu import PC, fetch

CUT = Problem("power-cut", {"stage": "erase"})
MAC = pc().nics[0].mac


async def cut_in(
    server: TestServer, profile: Profile, stage: StageName = "erase", *, inventory: Inventory | None = None
) -> None:
    """A PC is chosen for in its menu, and its power goes while this stage is at work."""
    async with agent_on(server, hello(inventory or pc(), profile=profile.id)) as (agent, _):
        await agent.hear(Plan)
        while isinstance(run := await agent.order(), RunStage):
            await agent.start(run)
            await agent.receipt()
            if run.stage.__class__.__name__.lower() == stage:
                return
            await agent.finish(run, evidence(run.stage, pc()))


async def test_before_its_agent_is_back_the_menu_and_the_row_say_it(workshop: Workshop, server: TestServer) -> None:
    await cut_in(server, ERASE)
    for path in ("/menu.grub", "/menu.ipxe"):
        menu = await fetch(server, path)
        assert "À REFAIRE" in menu or "A REFAIRE" in menu
        assert "Effacement" in menu
        assert 'set default="local"' in menu or "set first local" in menu, "nobody chose: it goes to its disk"
    assert (row_of(workshop).state, row_of(workshop).left) == ("booting", CUT)
    workshop.live_board.sighted(MAC)  # its firmware asks DHCP once more
    assert row_of(workshop).left == CUT


async def test_the_screen_and_the_row_say_it_when_its_agent_is_back(workshop: Workshop, server: TestServer) -> None:
    await cut_in(server, ERASE)
    async with agent_on(server, hello(pc(), "boot-2")) as (_, welcome):
        assert welcome.left == CUT
        assert (row_of(workshop).state, row_of(workshop).left) == ("waiting", CUT)


async def test_it_is_said_until_the_work_is_done_anew_and_not_when_the_pc_was_looked_at(
    workshop: Workshop, server: TestServer
) -> None:
    await cut_in(server, ERASE)
    async with agent_on(server, hello(pc(), "boot-2", profile=LOOK.id)) as (agent, _):
        assert (await agent.hear(Plan)).stages == LOOK.stages
        assert isinstance(await agent.obey(pc()), Leave)
    assert (row_of(workshop).state, row_of(workshop).left) == ("done", CUT)
    (row,) = workshop.record.machines.overview()
    assert row.job is not None
    assert row.written is not None
    assert (row.job.profile, row.written.profile, row.written.state) == (LOOK, ERASE, "interrupted")
    assert row.left is not None
    assert row.left.problem == CUT
    async with agent_on(server, hello(pc(), "boot-3", profile=ERASE.id)) as (agent, welcome):
        assert welcome.left == CUT
        await agent.hear(Plan)
        assert row_of(workshop).left is None, "it is done anew now"
        assert isinstance(await agent.obey(pc()), Leave)
    assert (row_of(workshop).state, row_of(workshop).left) == ("done", None)
    assert workshop.record.machines.overview()[0].left is None
    assert "REFAIRE" not in await fetch(server, "/menu.grub")


async def test_a_pc_erased_last_week_and_only_seen_today_shows_last_weeks_work(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)
    async with agent_on(server, hello(pc(), "boot-2")):
        pass
    (row,) = workshop.record.machines.overview()
    assert row.visit.jobs == ()
    assert row.job is not None
    assert (row.job.profile, row.job.state, row.written) == (ERASE, "done", None)


@pytest.mark.parametrize("is_back", [False, True])
async def test_a_server_that_is_started_anew_says_it_before_the_pc_comes(
    record: Record, workshop: Workshop, server: TestServer, is_back: bool
) -> None:
    await cut_in(server, WIPE, "deploy")
    if is_back:
        async with agent_on(server, hello(pc(), "boot-2")):
            pass
    again = new_workshop(record)
    await again.show_left()
    row = row_of(again)
    assert (row.state, row.label, row.profile) == ("silent", "LENOVO ThinkCentre M720q PC0X7Q01", WIPE.id)
    # A job that may go on behind a broken line is no cut one yet.
    assert (row.stage, row.left) == ((None, Problem("power-cut", {"stage": "deploy"})) if is_back else ("deploy", None))
    async with serving(again) as then:
        assert "Installation" in await fetch(then, "/menu.grub")
    assert row_of(again).left == Problem("power-cut", {"stage": "deploy"})


async def test_an_erase_that_goes_on_under_a_server_of_the_next_version_is_told_so_and_proves_nothing(
    record: Record, workshop: Workshop, server: TestServer
) -> None:
    """The PC was at work while the server was replaced; its agent is of the version before."""
    await cut_in(server, ERASE)
    again = new_workshop(record)
    await again.show_left()
    old = replace(hello(pc()), version=VERSION - 1, running="erase")
    async with serving(again) as then:
        async with line_to(then) as agent:
            await agent.say(old)
            told = (await agent.hear(Stay)).problem
            assert told.code == "version"
            assert await agent.closed(), "and nothing that it erased meanwhile is heard"
        assert (row_of(again).state, row_of(again).problem) == ("failed", told)
        async with agent_on(then, hello(pc(), "boot-2")) as (_, welcome):
            assert welcome.left == CUT, "restarted, as it was told, it says what is to be done anew"
    (machine,) = record.machines.overview()
    assert record.machines.erasures(machine.id) == ()


async def test_what_failed_is_said_after_the_pc_was_restarted(workshop: Workshop, server: TestServer) -> None:
    gone = Problem("disk-gone", {"disk": "S4EWNX0N0001"})
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.finish(run, None, outcome="failed", problem=gone)
        assert isinstance(await agent.order(), Stay)
        assert (row_of(workshop).problem, row_of(workshop).left) == (gone, gone)
    async with agent_on(server, hello(pc(), "boot-2")) as (_, welcome):
        assert welcome.left == gone
        assert (row_of(workshop).state, row_of(workshop).left) == ("waiting", gone)


async def test_a_pc_that_had_only_to_go_away_has_nothing_left_undone(workshop: Workshop, server: TestServer) -> None:
    await cut_in(server, ERASE, "finish")
    assert "REFAIRE" not in await fetch(server, "/menu.grub")
    async with agent_on(server, hello(pc(), "boot-2")) as (_, welcome):
        assert welcome.left is None


async def test_a_pc_of_an_armed_batch_goes_on_by_itself_and_one_that_finished_does_not(
    workshop: Workshop, server: TestServer
) -> None:
    batch = workshop.record.batches.arm(ERASE.id, 1, "anne")
    async with agent_on(server, boarded(1, batch.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.receipt()
    menu = await fetch(server, "/menu.grub")
    assert 'set default="armed"' in menu
    assert "REFAIRE" in menu
    start = await fetch(server, "/start.grub", profile=ERASE.id, batch=batch.id)
    found = re.search(r"netboot\.ticket=(\S+)", start)
    assert found is not None
    said = replace(hello(pc(), "boot-2"), batch=batch.id, ticket=found[1])
    async with agent_on(server, said) as (agent, _):
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)
    newest = workshop.record.batches.newest()
    assert newest is not None
    assert [place.number for place in newest.taken] == [1]
    assert 'set default="local"' in await fetch(server, "/menu.grub")


async def test_a_pc_whose_menu_comes_before_its_line_is_given_up_says_it_too(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.receipt()
        await fetch(server, "/menu.grub")
        assert row_of(workshop).state == "working", "a menu is read by whoever says that it is this PC"
        (session,) = tuple(workshop._lines)
        workshop.left(session)
    assert (row_of(workshop).state, row_of(workshop).left) == ("booting", CUT)
    assert PC["mac"].lower().replace("-", ":") == MAC


@pytest.mark.parametrize("used", [False, True])
async def test_a_disk_that_an_earlier_job_erased_is_called_so_once_its_deploy_found_it_so(
    workshop: Workshop, server: TestServer, used: bool
) -> None:
    await cut_in(server, WIPE, "deploy")
    async with agent_on(server, hello(pc(), "boot-2", profile=WIPE.id)) as (agent, _):
        deploy = await agent.begin_after("check", pc())
        assert isinstance(deploy.stage, Deploy)
        assert deploy.stage.goes_on
        await agent.receipt()
        assert row_of(workshop).verdicts == (), "another disk may have been given its number"
        problem = Problem("used-since", {"disk": deploy.stage.target.text}) if used else None
        outcome: Literal["done", "failed"] = "failed" if used else "done"
        await agent.finish(deploy, None if used else evidence(deploy.stage, pc()), outcome=outcome, problem=problem)
        order = await agent.order()
        assert isinstance(order, Stay if used else RunStage)
    assert row_of(workshop).verdicts == (() if used else (("S4EWNX0N0001", "erased"),))
