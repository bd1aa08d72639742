"""Two PCs that say they are one, over the real protocol: what was chosen for the one is never done to the other."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.actor import operator
from netboot.records.record import open_record
from netboot.shared.inventory import Board, Disk, Inventory, Nic, System
from netboot.shared.protocol import FromServer, Leave, Plan, RunStage, Stay
from netboot.shared.stages.erase import Erase
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, disk, hello, new_workshop, pc
from tests.workshop.player import Agent, agent_on, eventually, evidence, serving

FAULTY = System(product="Desktop", serial="SerNum0", uuid="4c1bb2a8-7e52-11ea-9d7a-0862664a0001")


def twin(number: int, *, serial: str = "SerNum0", uuid: str = FAULTY.uuid, board: str = "SerNum0") -> Inventory:
    """A PC with an adapter and a disk of its own, whose firmware says what all of its kind say."""
    return replace(
        pc(number),
        system=replace(FAULTY, serial=serial, uuid=uuid),
        board=Board(product="Board", serial=board),
    )


def laptop(number: int) -> Inventory:
    """A twin that has no adapter of its own, on the bench's one dongle."""
    dongle = Nic(name="eth0", mac="00:e0:4c:68:00:01", driver="r8152", mbps=1000, boot=True)
    return replace(twin(number), nics=(dongle,))


async def next_order(agent: Agent, within: float = 0.2) -> FromServer | None:
    """What the PC is told next, None for nothing."""
    try:
        async with asyncio.timeout(within):
            return await agent.order()
    except TimeoutError:
        return None


async def erased(agent: Agent, inventory: Inventory) -> tuple[FromServer, tuple[str, ...]]:
    """Obey to the end; the last order, and the serials of the disks that were to be erased."""
    serials: tuple[str, ...] = ()
    while isinstance(run := await agent.order(), RunStage | Plan):
        if isinstance(run, Plan):
            continue
        if isinstance(run.stage, Erase):
            serials = tuple(wanted.disk.serial for wanted in run.stage.disks)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, inventory))
    return run, serials


async def choose_for_one_and_start_the_other(workshop: Workshop, server: TestServer, *pcs: Inventory) -> None:
    """Choose for the first of two PCs, once it was seen and is off again; the other one is then ordered nothing."""
    one, other = pcs
    async with agent_on(server, hello(one, "boot-1")):
        machine = workshop.live_board.rows()[0].machine
    await eventually(lambda: workshop.live_board.rows()[0].state == "home")
    assert not await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    async with agent_on(server, hello(other, "boot-2")) as (agent, _):
        told = await next_order(agent)
        assert told is None or (isinstance(told, Stay) and told.problem.code == "disks-changed"), told
        assert [state.state for state in workshop.live_board.rows() if state.state not in ("home", "waiting")] == []


@pytest.mark.parametrize(
    "serial", ["Type1 - 123456789", "Enter Serial", "SerNum0", "0x00000000", "9876543210", "Chassis Serial", "PF12XY34"]
)
@pytest.mark.parametrize("uuid", ["03000200-0400-0500-0006-000700080009", "", FAULTY.uuid])
async def test_what_was_chosen_for_one_pc_is_not_done_to_another_that_carries_its_serial(
    workshop: Workshop, server: TestServer, serial: str, uuid: str
) -> None:
    one, other = (twin(number, serial=serial, uuid=uuid, board="") for number in (1, 2))
    await choose_for_one_and_start_the_other(workshop, server, one, other)
    assert [row.number for row in workshop.record.machines.overview()] == [1, 2]
    async with agent_on(server, hello(one, "boot-3")) as (agent, _):
        assert await erased(agent, one) == (Leave(action="poweroff"), (one.disks[0].id.serial,))


serials = st.one_of(st.text("0123456789ABCDEFxyz -./_", max_size=16), st.text(max_size=20))


@settings(max_examples=30, deadline=None)
@given(serial=serials, board=serials, uuid=st.one_of(st.just(""), st.uuids().map(str)), fitted=st.booleans())
def test_whatever_two_pcs_call_themselves_the_choice_for_one_is_not_done_to_the_other(
    empty_record: Path, serial: str, board: str, uuid: str, fitted: bool
) -> None:
    one, other = (twin(number, serial=serial, uuid=uuid, board=board) for number in (1, 2))
    if not fitted:
        one, other = (replace(made, nics=laptop(1).nics) for made in (one, other))

    async def play(workshop: Workshop) -> None:
        async with serving(workshop) as server:
            await choose_for_one_and_start_the_other(workshop, server, one, other)

    with TemporaryDirectory() as folder:
        path = Path(shutil.copy(empty_record, Path(folder) / "record.sqlite"))
        with open_record(path) as record:
            asyncio.run(play(new_workshop(record)))


@pytest.mark.parametrize("made", [twin, laptop])
async def test_twins_side_by_side_are_two_and_both_are_worked_on_at_once(
    workshop: Workshop, server: TestServer, made: object
) -> None:
    assert callable(made)
    one, other = made(1), made(2)
    async with (
        agent_on(server, hello(one, "boot-1")) as (first, _),
        agent_on(server, hello(other, "boot-2")) as (second, _),
    ):
        rows = workshop.record.machines.overview()
        assert [row.number for row in rows] == [1, 2]
        for row in rows:
            assert await workshop.commands.choose(operator("anne"), row.id, ERASE.id)
        for agent, inventory in ((second, other), (first, one)):
            assert await erased(agent, inventory) == (Leave(action="poweroff"), (inventory.disks[0].id.serial,))
    # And each is known again, by what is fitted in it.
    for number, inventory in ((2, other), (1, one)):
        async with agent_on(server, hello(inventory, f"again-{number}")) as (_, welcome):
            assert workshop.record.machines.overview()[number - 1].visit.id == welcome.visit
    assert len(workshop.record.machines.overview()) == 2


@pytest.mark.parametrize(
    "disks",
    [(disk("ANOTHER1"),), (disk("S4EWNX0N0001"), disk("ONE-MORE", 512)), (disk("S4EWNX0N0001", 512),), ()],
    ids=["another", "one more", "another size", "none"],
)
async def test_a_choice_that_waited_is_asked_again_when_the_pc_comes_back_with_other_disks(
    workshop: Workshop, server: TestServer, disks: tuple[Disk, ...]
) -> None:
    async with agent_on(server, hello(pc(), "boot-1")):
        machine = workshop.live_board.rows()[0].machine
    await eventually(lambda: workshop.live_board.rows()[0].state == "home")
    await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    now = replace(pc(), disks=disks)
    async with agent_on(server, hello(now, "boot-2")) as (agent, welcome):
        told = await agent.order()
        assert isinstance(told, Stay)
        assert told.problem.code == "disks-changed"
        assert "S4EWNX0N0001 256.0 GB" in told.problem.sentence("en")
        row = workshop.live_board.rows()[0]
        assert (row.state, row.machine, row.problem) == ("waiting", machine, told.problem)
        assert workshop.record.choices.pending() == ()
        withdrawn = workshop.record.journal.read(limit=1000)[-1]
        assert (withdrawn.kind, withdrawn.machine_id) == ("choice-withdrawn", machine)
        assert '"why":"disks-changed"' in withdrawn.body
        # A line that breaks brings nothing back.
        await agent.close()
        async with agent_on(server, hello(now, "boot-2", token=welcome.token)) as (again, _):
            assert await next_order(again) is None
            # Seen again and chosen again, it is done.
            assert await workshop.commands.choose(operator("anne"), machine, ERASE.id)
            _, serials = await erased(again, now)
            assert serials == tuple(found.id.serial for found in disks)


async def test_a_choice_that_waited_is_asked_again_when_another_adapter_or_board_answers(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), "boot-1")):
        machine = workshop.live_board.rows()[0].machine
    await eventually(lambda: workshop.live_board.rows()[0].state == "home")
    await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    other = replace(pc(), nics=(replace(pc().nics[0], mac="a0:36:9f:00:00:01"),))
    async with agent_on(server, hello(other, "boot-2")) as (agent, _):
        told = await agent.hear(Stay)
        assert told.problem.code == "pc-changed"
        assert workshop.record.choices.pending() == ()
        assert workshop.record.machines.overview()[0].id == machine


async def test_a_disk_that_was_put_in_since_the_choice_is_not_erased_though_the_hello_did_not_show_it(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        assert await workshop.commands.choose(operator("anne"), workshop.live_board.rows()[0].machine, ERASE.id)
        await agent.hear(Plan)
        told = await agent.obey(replace(pc(), disks=(*pc().disks, disk("ONE-MORE"))), until="erase")
        assert isinstance(told, Stay)
        assert told.problem.code == "disks-changed"


async def test_what_writes_nothing_needs_no_disks_to_agree(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), "boot-1")):
        machine = workshop.live_board.rows()[0].machine
    await eventually(lambda: workshop.live_board.rows()[0].state == "home")
    await workshop.commands.choose(operator("anne"), machine, "inventory-only")
    async with agent_on(server, hello(replace(pc(), disks=()), "boot-2")) as (agent, _):
        await agent.hear(Plan)


async def test_what_is_picked_in_the_menu_at_the_pc_holds_for_the_disks_that_are_in_it(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), "boot-1")):
        pass
    now = replace(pc(), disks=(disk("ANOTHER1"),))
    async with agent_on(server, hello(now, "boot-2", profile=ERASE.id)) as (agent, _):
        assert (await erased(agent, now))[1] == ("ANOTHER1",)


async def test_a_menu_that_a_twins_choice_armed_leads_to_no_erase(workshop: Workshop, server: TestServer) -> None:
    """A loader tells its UUID, which both have: the menu goes to the agent, and the agent's hello decides."""
    one, other = twin(1), twin(2)
    async with agent_on(server, hello(one, "boot-1")):
        machine = workshop.live_board.rows()[0].machine
    await eventually(lambda: workshop.live_board.rows()[0].state == "home")
    await workshop.commands.choose(operator("anne"), machine, ERASE.id)
    mac, uuid = other.nics[0].mac, other.system.uuid
    async with ClientSession() as client, client.get(server.make_url(f"/menu.ipxe?mac={mac}&uuid={uuid}")) as answer:
        assert answer.status == 200
    assert workshop.menu_offer(mac, uuid).armed == ERASE, "the hint is wrong here, which is why it decides nothing"
    async with agent_on(server, hello(other, "boot-2")) as (agent, _):
        assert await next_order(agent) is None
        assert [row.number for row in workshop.record.machines.overview()] == [1, 2]
    # From now on the loader's adapter tells the two apart.
    assert workshop.menu_offer(mac, uuid).armed is None
    assert workshop.menu_offer(one.nics[0].mac, uuid).armed == ERASE
