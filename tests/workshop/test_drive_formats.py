"""A drive that is formatted for its master is on the record before it hears of it, and what became of it: over the real
line."""

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.bootmenu.ticket import Picked, issue
from netboot.jobs.job import MasterNeeds
from netboot.records.record import Record
from netboot.shared.disk_abilities import Abilities, NvmeFormat
from netboot.shared.drive_format import DriveFormat
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import FormatTold, Hello, Plan, RunStage, Stay
from netboot.shared.stages.deploy import Deploy, DeployResult
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard
from tests.workshop.conftest import TICKET_KEY, WIPE, hello, pc
from tests.workshop.player import Agent, agent_on, evidence, find_master, serving

FORMATTING = replace(WIPE, options={"erase": {"by": "overwrite"}, "deploy": {"sectors": "format"}})
CAN = Abilities(nvme_format=NvmeFormat(supported=True, sectors=(512, 4096)))
DISK = replace(pc().disks[0], can=CAN)
PC = pc(1, DISK)
BEGUN = DriveFormat(disk=DISK.id, before=512, wanted=4096, tool="nvme version 2.13")
ENDED = replace(BEGUN, ended=True, command="nvme format", accepted="yes", after=4096, size=DISK.id.size)


def small(name: str) -> MasterNeeds | None:
    """A master for sectors of 4096 bytes alone."""
    master = find_master(name)
    return None if master is None else replace(master, other_sector=0, other_used=0, sector=4096)


@pytest.fixture
def formatting(record: Record) -> Workshop:
    return Workshop(record, LiveBoard(time.time), [FORMATTING], small, wait=600, ticket_key=TICKET_KEY)


@pytest.fixture
async def server(formatting: Workshop) -> AsyncIterator[TestServer]:
    async with serving(formatting) as running:
        yield running


def arriving(boot: str = "boot-1") -> Hello:
    said = hello(PC, boot)
    picked = Picked(FORMATTING.id, said.menu_mac, PC.system.uuid, digest=FORMATTING.digest)
    return replace(said, profile=FORMATTING.id, ticket=issue(TICKET_KEY, picked, now=time.time()))


async def deploy_of(agent: Agent, of: Inventory = PC) -> RunStage:
    """Do what is ordered, up to the deploy, which begins."""
    await agent.hear(Plan)
    while isinstance(run := await agent.order(), RunStage):
        await agent.start(run)
        await agent.receipt()
        if isinstance(run.stage, Deploy):
            return run
        await agent.finish(run, evidence(run.stage, of))
    raise AssertionError(run)


async def tell(agent: Agent, job: str, told: DriveFormat) -> None:
    agent.number += 1
    await agent.say(FormatTold(number=agent.number, job=job, format=told))
    assert await agent.receipt() == agent.number


def kept(workshop: Workshop) -> list[str]:
    return [event.kind for event in workshop.record.journal.read(limit=1000) if event.kind.startswith("format-")]


async def test_it_is_on_the_record_before_and_after_and_in_the_evidence_of_a_deploy_that_failed(
    formatting: Workshop, server: TestServer
) -> None:
    async with agent_on(server, arriving()) as (agent, welcome):
        run = await deploy_of(agent)
        assert isinstance(run.stage, Deploy)
        assert run.stage.format == 4096
        await tell(agent, run.job, BEGUN)
        assert kept(formatting) == ["format-begun"], "the drive hears of it only now"
        await tell(agent, run.job, ENDED)
        manifest, target = run.stage.manifest, run.stage.target
        so_far = DeployResult(
            manifest=manifest, target=target, chunks=0, written=0, verified=0, fetched=0, formatted=ENDED
        )
        await agent.finish(run, so_far, outcome="failed", problem=Problem("server-silent", {"seconds": "9"}))
        await agent.receipt()
        assert isinstance(await agent.order(), Stay)
        await tell(agent, run.job, ENDED)
        assert kept(formatting) == ["format-begun", "format-ended", "format-ended"], "also of a job that is over"
    async with agent_on(server, replace(arriving(), token=welcome.token)) as (agent, _):
        assert isinstance(await agent.order(), Stay)
        await tell(agent, run.job, ENDED)
        assert len(kept(formatting)) == 4, "on another line as well"
    (row,) = formatting.record.machines.overview()
    (job,) = formatting.record.machines.detail(row.id).visits[0].jobs
    (result,) = (stage.result for stage in job.stages if isinstance(stage.result, DeployResult))
    assert result.formatted == ENDED


async def test_what_is_no_disk_or_no_job_of_this_pcs_is_dropped(formatting: Workshop, server: TestServer) -> None:
    async with agent_on(server, arriving()) as (agent, _):
        run = await deploy_of(agent)
        await tell(agent, run.job, replace(BEGUN, disk=DiskId(serial="of another PC", size=DISK.id.size)))
        for told in (BEGUN, ENDED):
            await tell(agent, "another", told)
        assert kept(formatting) == []


async def test_a_profile_that_keeps_sectors_has_no_drive_formatted(record: Record) -> None:
    workshop = Workshop(record, LiveBoard(time.time), [WIPE], find_master, wait=600, ticket_key=TICKET_KEY)
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        run = await deploy_of(agent, pc())
        await tell(agent, run.job, replace(BEGUN, disk=pc().disks[0].id))
        assert kept(workshop) == []
