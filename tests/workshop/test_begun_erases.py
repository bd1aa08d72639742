"""What an agent begins is on the record before it hears so, and its next order is given that: over the real line."""

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import EraseBegun, EraseReached, Plan, RunStage, StageFinished
from netboot.shared.stages.erase import Erase
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, hello, pc
from tests.workshop.player import Agent, agent_on, evidence

DISK = pc().disks[0].id
BEGUN = Begun(disk=DISK, method="overwrite", key="ab" * 32)


async def erase_of(agent: Agent) -> RunStage:
    """Do what is ordered, up to the erase, which begins."""
    await agent.hear(Plan)
    while isinstance(run := await agent.order(), RunStage):
        await agent.start(run)
        await agent.receipt()
        if isinstance(run.stage, Erase):
            return run
        await agent.finish(run, evidence(run.stage, pc()))
    raise AssertionError(run)


def begun_in(run: RunStage) -> Begun | None:
    assert isinstance(run.stage, Erase)
    return run.stage.disks[0].begun


async def test_after_a_cut_the_order_says_what_was_begun_and_how_far_it_was(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        run = await erase_of(agent)
        assert begun_in(run) is None
        agent.number += 1
        await agent.say(EraseBegun(number=agent.number, job=run.job, begun=BEGUN))
        assert await agent.receipt() == agent.number
        kept = [event for event in workshop.record.journal.read(limit=1000) if event.kind == "erase-begun"]
        assert len(kept) == 1, "the agent goes on only now"
        for done in (4096, 8192):  # the second comes too soon to be kept
            await agent.say(EraseReached(job=run.job, disk=DISK, done=done))
    async with agent_on(server, hello(pc(), "boot-2", profile=ERASE.id)) as (agent, _):
        told = begun_in(await erase_of(agent))
        assert told is not None
        assert told == replace(BEGUN, at=told.at, done=4096)
        assert told.at > 0


async def test_a_proof_without_a_word_on_what_its_own_job_began_is_proof_all_the_same(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        run = await erase_of(agent)
        agent.number += 1
        await agent.say(EraseBegun(number=agent.number, job=run.job, begun=BEGUN))
        await agent.receipt()
        await agent.finish(run, evidence(run.stage, pc()))
        await agent.receipt()
        assert isinstance(await agent.order(), RunStage)


async def test_what_was_not_ordered_is_dropped(workshop: Workshop, server: TestServer) -> None:
    other = DiskId(serial="of another PC", size=DISK.size)
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, _):
        run = await erase_of(agent)
        for job, disk in ((run.job, other), ("another", DISK)):
            agent.number += 1
            await agent.say(EraseBegun(number=agent.number, job=job, begun=replace(BEGUN, disk=disk)))
            assert await agent.receipt() == agent.number
            await agent.say(EraseReached(job=job, disk=disk, done=4096))
        agent.number += 1
        await agent.say(EraseBegun(number=agent.number, job=run.job, begun=replace(BEGUN, method="ata-erase")))
        assert await agent.receipt() == agent.number, "a method that was not ordered"
        assert not [event for event in workshop.record.journal.read(limit=1000) if event.kind == "erase-begun"]
        assert isinstance(await agent.finish(run, evidence(run.stage, pc())), StageFinished)
        await agent.receipt()
