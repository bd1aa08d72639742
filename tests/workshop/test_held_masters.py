"""What a job is about to get is not deleted before the record says so, and a job waits while masters are deleted."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.jobs.job import MasterNeeds
from netboot.records.record import Record
from netboot.serve.masters import Masters
from netboot.shared.protocol import Plan, RunStage
from netboot.store import Store, StoreError
from netboot.store.store import manifest_name
from netboot.store.upkeep import remove_master
from netboot.workshop.greeting import Workshop
from tests.store.test_store import PUBLIC, part, put_master
from tests.workshop.conftest import WIPE, hello, pc
from tests.workshop.player import agent_on


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store(tmp_path / "store", accepts=PUBLIC)
    put_master(opened, "debian-minimal", part("a"))
    return opened


@pytest.fixture
def workshop(workshop: Workshop, store: Store) -> Workshop:
    """As a server has it: its masters are of a store, and held."""
    masters = Masters(store)
    workshop.find_master, workshop._hold_masters = masters, masters.held
    return workshop


def removed(store: Store, record: Record) -> frozenset[str]:
    """What is spared when the master is removed, as by a command beside the server."""

    def held() -> list[str]:
        return [job.digest for job in record.masters.held()]

    return remove_master(Store(store.folder), "debian-minimal", keep=held).spared


async def test_a_removal_between_the_look_and_the_record_is_refused_and_one_after_spares_it(
    workshop: Workshop, server: TestServer, store: Store
) -> None:
    masters, refused = Masters(store), []

    def find_and_remove(name: str) -> MasterNeeds | None:
        needs = masters(name)
        if needs is not None:
            with pytest.raises(StoreError, match="a job that begins"):
                removed(store, workshop.record)
            refused.append(needs.manifest)
        return needs

    workshop.find_master = find_and_remove
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        await agent.hear(RunStage)
    assert refused
    digest = refused[0]
    assert removed(store, workshop.record) == {digest}
    assert store.blobs.exists(manifest_name(digest))


async def test_a_job_waits_while_masters_are_deleted_and_the_server_does_not(
    workshop: Workshop, server: TestServer, store: Store
) -> None:
    async with AsyncExitStack() as lines:
        with store.exclusive():
            agents = []
            for number in range(1, 9):  # more than there are threads
                said = hello(pc(number), f"boot-{number}", profile=WIPE.id)
                agent, _ = await lines.enter_async_context(agent_on(server, said))
                agents.append(agent)
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(workshop.record.masters.held) == (), "and a thread is free to tell"
        for agent in agents:
            await agent.hear(Plan)
    assert len(workshop.record.masters.held()) == len(agents)


async def test_a_store_that_cannot_be_written_to_stops_no_job(
    workshop: Workshop, server: TestServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (store.folder / ".lock").unlink()
    (store.folder / ".lock").mkdir()
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
    assert "cannot be told" in caplog.text
