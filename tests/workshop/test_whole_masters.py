"""A master of which the store lacks something costs no PC its disks: its job is refused before the erase.

Real stores and the real line; the agent is played.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.actor import operator
from netboot.jobs.job import MasterNeeds
from netboot.records.record import Record
from netboot.serve.masters import Masters
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages import stage_name
from netboot.store import Store, StoreBusyError
from netboot.store.store import chunk_name, manifest_name
from netboot.store.upkeep import collect_garbage
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard
from netboot.workshop.whole_masters import FRESH, WholeMasters
from tests.store.test_store import PUBLIC, part, put_master
from tests.workshop.conftest import TICKET_KEY, WIPE, boarded, hello, pc, row_of
from tests.workshop.player import agent_on, eventually, evidence, serving

PARTS = (part("a"), part("b"), part("c"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", accepts=PUBLIC)


@pytest.fixture
def master(store: Store) -> Manifest:
    return put_master(store, WIPE.master, *PARTS)


def server_of(record: Record, store: Store, clock: Callable[[], float] = lambda: 0.0) -> Workshop:
    """A server that was just started on this record and this store."""
    masters = Masters(store)
    return Workshop(
        record,
        LiveBoard(time.time),
        [WIPE],
        masters,
        wait=600,
        ticket_key=TICKET_KEY,
        hold_masters=masters.held,
        whole_masters=WholeMasters(masters.missing, lambda: masters.given([WIPE]), clock=clock),
    )


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def workshop(record: Record, store: Store, master: Manifest, now: list[float]) -> Workshop:
    return server_of(record, store, lambda: now[0])


def lose(store: Store, master: Manifest, number: int = 1) -> None:
    store.blobs.remove(chunk_name(master.chunks[number].sha256))


def empty(store: Store, master: Manifest) -> None:
    """As a file system's repair may leave a chunk."""
    place = store.blobs.path_of(chunk_name(master.chunks[0].sha256))
    assert place is not None
    place.write_bytes(b"")


def cut(store: Store, master: Manifest) -> None:
    place = store.blobs.path_of(chunk_name(master.chunks[0].sha256))
    assert place is not None
    place.write_bytes(place.read_bytes()[:-1])


def spoil(store: Store, master: Manifest) -> None:
    place = store.blobs.path_of(manifest_name(master.digest))
    assert place is not None
    place.write_bytes(place.read_bytes().replace(b"MIT", b"GPL"))


def remove_manifest(store: Store, master: Manifest) -> None:
    store.blobs.remove(manifest_name(master.digest))


def begun(record: Record) -> list[str]:
    """The stages that began, by the journal."""
    return [
        msgspec.json.decode(event.body)["stage"]
        for event in record.journal.read(limit=1000)
        if event.kind == "stage-started"
    ]


def incomplete(missing: int | str = 1) -> Stay:
    return Stay(problem=Problem("master-incomplete", {"master": WIPE.master, "missing": str(missing)}))


@pytest.mark.parametrize(
    ("harm", "told"),
    [(lose, "1"), (empty, "1"), (cut, "1"), (spoil, "?"), (remove_manifest, "?")],
)
async def test_what_was_picked_in_the_menu_is_refused_before_anything_is_begun(
    workshop: Workshop,
    server: TestServer,
    store: Store,
    master: Manifest,
    harm: Callable[[Store, Manifest], None],
    told: str,
) -> None:
    assert store.manifest(master.digest) == master, "which is remembered from here on"
    harm(store, master)
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        assert await agent.hear(Stay) == incomplete(told)
    row = row_of(workshop)
    assert (row.state, row.problem) == ("failed", incomplete(told).problem)
    assert begun(workshop.record) == []
    job = workshop.record.machines.detail(row.machine).visits[0].jobs[0]
    assert (job.state, job.problem) == ("failed", incomplete(told).problem)
    assert workshop.record.masters.held() == (), "nothing keeps it any more"


async def test_what_is_lost_while_the_pc_is_checked_is_found_before_its_erase(
    workshop: Workshop, server: TestServer, store: Store, master: Manifest, now: list[float]
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        await agent.start(check)
        lose(store, master, 0)
        lose(store, master, 2)
        now[0] = FRESH
        await agent.finish(check, evidence(check.stage, pc()))
        assert await agent.order() == incomplete(2)
    assert begun(workshop.record) == ["check"]


async def test_a_whole_one_is_installed_and_may_be_chosen_again_once_it_is_mended(
    workshop: Workshop, server: TestServer, store: Store, master: Manifest, now: list[float]
) -> None:
    lose(store, master)
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        assert await agent.hear(Stay) == incomplete()
        store.put_chunk(PARTS[1])
        now[0] = FRESH
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, WIPE.id)
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)


async def test_an_armed_batch_erases_no_pc_and_its_page_says_why(
    workshop: Workshop, server: TestServer, store: Store, master: Manifest
) -> None:
    batch = workshop.record.batches.arm(WIPE.id, 4, "anne")
    await workshop.show_batch()
    assert workshop.live_board.batch_problem is None
    lose(store, master)
    for number in (1, 2):
        async with agent_on(server, boarded(number, batch.id)) as (agent, _):
            await agent.hear(Plan)
            assert await agent.hear(Stay) == incomplete()
    assert workshop.live_board.batch_problem == incomplete().problem
    assert begun(workshop.record) == []


@pytest.mark.parametrize("reported", [True, False])
async def test_a_pc_that_is_being_erased_goes_on_at_the_next_server(
    record: Record, workshop: Workshop, store: Store, master: Manifest, reported: bool
) -> None:
    """`reported`: the server that was killed had heard that the erase began; else only the next hello says so."""
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        erase = await agent.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        if reported:
            await agent.start(erase)
            await agent.receipt()
    lose(store, master)
    again = server_of(record, store)
    back = replace(hello(pc(), token=welcome.token), running="erase")
    async with serving(again) as server, agent_on(server, back) as (agent, _):
        await agent.hear(Plan)
        assert await agent.hear(RunStage) == erase
        await agent.start(erase)
        await agent.finish(erase, evidence(erase.stage, pc()))
        following = await agent.order()
        assert isinstance(following, RunStage), "its agent says what it lacks, as before"
        assert stage_name(following.stage) == "deploy"


async def test_a_hello_that_names_a_stage_of_no_job_asks_for_nothing(
    workshop: Workshop, server: TestServer, store: Store, master: Manifest
) -> None:
    lose(store, master)
    async with agent_on(server, replace(hello(pc(), profile=WIPE.id), running="erase")) as (agent, _):
        await agent.hear(Plan)
        assert await agent.hear(Stay) == incomplete()


async def test_imports_and_clean_ups_beside_it_make_nothing_incomplete(store: Store, master: Manifest) -> None:
    masters, ends, rounds = Masters(store), threading.Event(), [0]

    def churn() -> None:
        """Another process, as it were: it makes and deletes masters that share chunks with this one."""
        other = Store(store.folder, accepts=PUBLIC)
        while not ends.is_set():
            put_master(other, "other", *PARTS, part(chr(ord("d") + rounds[0] % 20)), version=str(rounds[0]))
            with suppress(StoreBusyError):
                collect_garbage(other)
            rounds[0] += 1

    churning = asyncio.create_task(asyncio.to_thread(churn))
    try:
        while rounds[0] < 3 and not churning.done():
            assert await asyncio.to_thread(masters.missing, master.digest) == 0
    finally:
        ends.set()
        await churning


async def test_the_pcs_of_a_batch_are_answered_by_one_look_and_the_server_answers_others_meanwhile() -> None:
    looking, looked, asked = threading.Event(), threading.Event(), []

    def count(digest: str) -> int:
        asked.append(digest)
        looking.set()
        assert looked.wait(10)
        return 3

    needs = MasterNeeds(manifest="ab" * 32, name="debian", disk=1)
    whole = WholeMasters(count, clock=lambda: 0.0)
    waiting = [asyncio.create_task(whole.forbids(needs)) for _ in range(32)]
    assert await asyncio.to_thread(looking.wait, 10), "and no other thread is held up"
    waiting[0].cancel()  # the line of the one that asked first is broken
    looked.set()
    told = await asyncio.gather(*waiting[1:])
    assert {problem.values["missing"] for problem in told if problem is not None} == {"3"}
    assert await whole.forbids(needs) == whole.seen(needs) == told[0]
    assert asked == [needs.manifest]


async def test_what_cannot_be_told_is_no_answer_that_it_is_whole() -> None:
    def count(_: str) -> int:
        raise NetbootError("the disk does not answer", hint="look at it")

    needs = MasterNeeds(manifest="ab" * 32, name="debian", disk=1)
    whole = WholeMasters(count)
    assert whole.seen(needs) is None
    problem = await whole.forbids(needs)
    assert problem == whole.seen(needs) == Problem("master-incomplete", {"master": "debian", "missing": "?"})


async def test_a_server_looks_at_its_start_and_the_menu_does_not_offer_what_it_found(
    store: Store, master: Manifest
) -> None:
    lose(store, master)
    masters = Masters(store)
    whole = WholeMasters(masters.missing, lambda: masters.given([WIPE]))
    assert not masters.lacks_master_of(WIPE, whole.seen)
    run = asyncio.create_task(whole.run())
    try:
        await eventually(lambda: masters.lacks_master_of(WIPE, whole.seen))
    finally:
        run.cancel()
    assert not masters.lacks_master_of(WIPE)
