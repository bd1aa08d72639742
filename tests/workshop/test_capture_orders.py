"""Who may have a PC captured, and which of its disks: settled before anything of a disk is read."""

from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.bootmenu.ticket import Picked
from netboot.jobs.actor import operator
from netboot.jobs.identity import keys_of
from netboot.jobs.policy import Policy
from netboot.records.record import Record
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, RunStage, Stay
from netboot.shared.stages.capture import Capture
from netboot.shared.stages.check import CheckResult
from netboot.workshop.greeting import Workshop
from tests.workshop.capturing import CAPTURE, capturing_workshop, disk_at, store_in
from tests.workshop.conftest import hello, row_of
from tests.workshop.conftest import pc as pc_of
from tests.workshop.player import agent_on


@pytest.fixture
def disk() -> Disk:
    return disk_at(Path("/dev/sda"), 64 << 20)


@pytest.fixture
def workshop(record: Record, tmp_path: Path) -> Workshop:
    return capturing_workshop(record, store_in(tmp_path))


async def test_of_several_disks_a_person_names_the_one(workshop: Workshop, server: TestServer, disk: Disk) -> None:
    other = replace(disk, name="sdz", id=replace(disk.id, serial="OTHER"))
    inventory = replace(pc_of(1), disks=(disk, other))
    async with agent_on(server, hello(inventory)) as (agent, _):
        machine = row_of(workshop).machine
        assert await workshop.commands.choose(operator("anne"), machine, CAPTURE.id)
        await agent.hear(Plan)
        told = await agent.obey(inventory, until="check")
        assert isinstance(told, Stay)
        assert told.problem.code == "capture-several"
        assert await workshop.commands.choose(operator("anne"), machine, CAPTURE.id, disk.id)
        await agent.hear(Plan)
        order = await agent.obey(inventory, until="check")
        assert isinstance(order, RunStage)
        assert isinstance(order.stage, Capture)
        assert order.stage.source == disk.id


async def test_a_capture_that_was_picked_in_the_boot_menu_needs_the_menus_ticket(
    workshop: Workshop, server: TestServer, disk: Disk
) -> None:
    inventory = replace(pc_of(1), disks=(disk,))
    picked = Picked(CAPTURE.id, "98:fa:9b:00:00:01", inventory.system.uuid, digest=CAPTURE.digest)
    forged = replace(hello(inventory, profile=CAPTURE.id), ticket="")
    async with agent_on(server, forged) as (agent, _):
        assert (await agent.hear(Stay)).problem.code == "ticket-wrong"
    async with agent_on(server, replace(forged, boot="boot-2", ticket=workshop.prove(picked))) as (agent, _):
        assert (await agent.hear(Plan)).stages == CAPTURE.stages


async def test_a_pc_that_is_denied_after_it_was_chosen_is_not_captured(
    workshop: Workshop, server: TestServer, disk: Disk
) -> None:
    inventory = replace(pc_of(1), disks=(disk,))
    async with agent_on(server, hello(inventory)) as (agent, _):
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, CAPTURE.id)
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        await workshop.commands.set_policy(operator("anne"), keys_of(inventory), Policy(denied=True))
        await agent.start(check)
        await agent.finish(check, CheckResult(inventory=inventory))
        assert await agent.order() == Stay(problem=Problem("denied"))
