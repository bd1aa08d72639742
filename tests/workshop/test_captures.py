"""A prepared PC becomes a master: over the real line and boot HTTP server, from a real block device, into a store."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.agent.capture import stage
from netboot.agent.failures import StageFailed
from netboot.records.record import Record
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.process import run
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages.capture import CaptureResult
from netboot.shared.stages.finish import Finish
from netboot.store import Store, StoreError
from netboot.store.upkeep import collect_garbage, verify
from netboot.store.versions import Versions
from netboot.workshop import captures
from netboot.workshop.greeting import Workshop
from tests.masters.images import ESP, LINUX, MIB, SWAP, ext4, gpt_disk, is_empty, put, sized, taken
from tests.store.test_store import part, put_master
from tests.workshop.capturing import KEY, block_device, capturing_workshop, disk_at, ordered, store_in
from tests.workshop.conftest import hello, row_of
from tests.workshop.player import agent_on, serving

pytestmark = pytest.mark.root

SIZE = 64 * MIB
SECRET = b"what somebody's memory held when it was swapped out"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A PC's disk: an ESP, a system on an ext4, and swap with what was swapped out."""
    esp = sized(tmp_path / "esp", 2 * MIB)
    run(["mkfs.vfat", "-F", "12", esp])
    swap = sized(tmp_path / "swap", 4 * MIB)
    run(["mkswap", swap])
    put(swap, 2 * MIB, SECRET)
    return gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path)), (SWAP, swap)], size=SIZE)


@pytest.fixture
def disk(image: Path) -> Iterator[Disk]:
    with block_device(image) as device:
        yield disk_at(device, SIZE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


@pytest.fixture
def workshop(record: Record, store: Store) -> Workshop:
    return capturing_workshop(record, store)


class PowerCutError(Exception):
    """The PC's power went."""


def cut_at_half(done: int, total: int) -> None:
    if done > total // 2:
        raise PowerCutError


def laid(store: Store, result: CaptureResult, size: int) -> bytearray:
    """What a deploy of this master writes onto a disk full of old data."""
    disk = bytearray(b"\xa5" * size)
    for chunk in store.manifest(result.manifest).chunks:
        disk[chunk.offset : chunk.end] = store.get_chunk(chunk.sha256)
    return disk


async def test_a_prepared_disk_becomes_a_master_like_an_imported_one_and_is_not_changed(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, image: Path, tmp_path: Path
) -> None:
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    told: list[tuple[int, int]] = []
    async with ordered(server, workshop, [disk]) as pc:
        result = await pc.capture(lambda: [disk], told=lambda done, total: told.append((done, total)))
        await pc.agent.finish(pc.order, result)
        finish = await pc.agent.order()
        assert isinstance(finish, RunStage)
        assert finish.stage == Finish(action="poweroff")
        await pc.agent.start(finish)
        await pc.agent.finish(finish, None)
        assert await pc.agent.order() == Leave(action="poweroff")
    assert hashlib.sha256(image.read_bytes()).hexdigest() == before
    manifest = store.current("prepared")
    assert manifest is not None
    assert (manifest.digest, manifest.version, manifest.title, manifest.licence) == (
        result.manifest, "1", "Prepared by hand", "MIT",
    )  # fmt: skip
    assert not verify(store, bytes(KEY.verify_key))
    imported = taken(image, Store(tmp_path / "imports"))
    assert (manifest.chunks, manifest.partitions, manifest.understood) == (
        imported.chunks, imported.partitions, imported.understood,
    )  # fmt: skip
    again = laid(store, result, SIZE)
    assert SECRET not in again
    (tmp_path / "again.raw").write_bytes(again)
    with block_device(tmp_path / "again.raw") as device:
        start = manifest.partitions[1].start
        assert run(["e2fsck", "-f", "-n", f"{tmp_path / 'again.raw'}?offset={start}"]).status == 0
        assert device.exists()
    assert told[-1] == (manifest.used, manifest.used)


async def test_who_captured_what_from_which_pc_and_the_bytes_on_the_wire_are_on_the_record(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk
) -> None:
    async with ordered(server, workshop, [disk]) as pc:
        result = await pc.capture(lambda: [disk])
        await pc.agent.finish(pc.order, result)
        await pc.agent.order()
    (machine,) = workshop.record.machines.overview()
    (job,) = workshop.record.machines.detail(machine.id).visits[0].jobs
    stage = next(one for one in job.stages if one.stage == "capture")
    assert (job.chosen_by, stage.state, stage.result) == ("anne", "done", result)
    frames = {chunk.sha256 for chunk in store.manifest(result.manifest).chunks}
    assert result.sent == sum(len(store.get_frame(name)) for name in frames), "each chunk once, as it is kept"
    assert 0 < result.sent < result.used
    assert [row.digest for row in workshop.record.masters.all()] == [result.manifest]


async def test_what_the_store_has_already_is_not_sent(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, image: Path
) -> None:
    known = {chunk.sha256 for chunk in taken(image, store).chunks}
    async with ordered(server, workshop, [disk]) as pc:
        result = await pc.capture(lambda: [disk])
    assert (result.sent_chunks, result.sent) == (0, 0)
    assert {chunk.sha256 for chunk in store.manifest(result.manifest).chunks} == known


async def test_two_pcs_are_captured_at_once_and_what_they_share_is_kept_once(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, image: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.raw"
    other.write_bytes(image.read_bytes())
    async with ordered(server, workshop, [disk]) as first:
        with block_device(other) as device:
            second_disk = disk_at(device, SIZE, 2)
            async with ordered(server, workshop, [second_disk], number=2) as second:
                one = await first.capture(lambda: [disk])
                two = await second.capture(lambda: [second_disk])
                for pc, result in ((first, one), (second, two)):
                    await pc.agent.finish(pc.order, result)
                    assert isinstance(await pc.agent.order(), RunStage)
    assert two.sent == 0
    assert store.names()["prepared"] == two.manifest
    assert not verify(store, bytes(KEY.verify_key))


async def test_a_capture_that_breaks_off_offers_nothing_and_goes_on_with_what_is_missing(
    record: Record, store: Store, disk: Disk
) -> None:
    workshop = capturing_workshop(record, store)
    async with serving(workshop) as server, ordered(server, workshop, [disk]) as pc:
        with pytest.raises(PowerCutError):
            await pc.capture(lambda: [disk], told=cut_at_half)
        with pytest.raises(StoreError, match="in use by"):
            collect_garbage(store)
        assert store.names() == {}
    async with serving(workshop) as server, ordered(server, workshop, [disk], boot="boot-after") as again:
        (_, first) = workshop.record.machines.detail(row_of(workshop).machine).visits
        assert first.jobs[0].stages[1].problem == Problem("power-cut", {"stage": "capture"})
        result = await again.capture(lambda: [disk])
    chunks = {chunk.sha256 for chunk in store.manifest(result.manifest).chunks}
    assert 0 < result.sent_chunks <= len(chunks) // 2 + 1, "the first half is not sent again"
    assert not verify(store, bytes(KEY.verify_key))


async def test_a_capture_goes_on_with_a_server_that_was_started_anew_in_the_middle(
    record: Record, store: Store, disk: Disk
) -> None:
    half = asyncio.Event()

    def told(done: int, total: int) -> None:
        if done > total // 2:
            half.set()

    workshop = capturing_workshop(record, store)
    async with asyncio.TaskGroup() as tasks:
        async with serving(workshop) as server, ordered(server, workshop, [disk]) as pc:
            capture = tasks.create_task(pc.capture(lambda: [disk], told=told))
            await half.wait()
        after = capturing_workshop(record, store)
        back = hello(pc.inventory, "boot-1", token=pc.token)
        async with serving(after) as server, agent_on(server, back) as (agent, _):
            pc.moves_to(server)
            result = await capture
            await agent.hear(Plan)
            order = await agent.hear(RunStage)
            assert order.stage == pc.stage
            await agent.finish(order, result)
            assert isinstance(await agent.order(), RunStage)
    assert not verify(store, bytes(KEY.verify_key))
    assert store.names() == {"prepared": result.manifest}


async def test_a_master_that_was_made_before_the_server_was_started_anew_counts(
    record: Record, store: Store, disk: Disk
) -> None:
    workshop = capturing_workshop(record, store)
    async with serving(workshop) as server, ordered(server, workshop, [disk]) as pc:
        result = await pc.capture(lambda: [disk])
    after = capturing_workshop(record, store)
    back = hello(pc.inventory, "boot-1", token=pc.token)
    async with serving(after) as server, agent_on(server, back) as (agent, _):
        await agent.hear(Plan)
        await agent.finish(await agent.hear(RunStage), result)
        assert isinstance(await agent.order(), RunStage)
    (machine,) = record.machines.overview()
    assert record.machines.detail(machine.id).visits[0].jobs[0].stages[1].result == result


async def test_a_capture_that_is_told_anew_once_it_was_published_keeps_the_version_before_it(
    record: Record, store: Store, disk: Disk
) -> None:
    """The server was killed before its agent had the answer."""
    before = put_master(store, "prepared", part("a"), key=KEY)
    workshop = capturing_workshop(record, store)
    async with serving(workshop) as server, ordered(server, workshop, [disk]) as pc:
        first = await pc.capture(lambda: [disk])
    after = capturing_workshop(record, store)
    back = hello(pc.inventory, "boot-1", token=pc.token)
    async with serving(after) as server, agent_on(server, back) as (agent, _):
        await agent.hear(Plan)
        await agent.hear(RunStage)
        pc.moves_to(server)
        again = await pc.capture(lambda: [disk])
    assert (again.manifest, again.sent_chunks) == (first.manifest, 0)
    assert store.versions("prepared") == Versions(first.manifest, before.digest)


async def test_an_older_capture_is_no_proof_of_another_also_after_the_server_was_started_anew(
    record: Record, store: Store, disk: Disk
) -> None:
    workshop = capturing_workshop(record, store)
    async with serving(workshop) as server:
        async with ordered(server, workshop, [disk]) as pc:
            older = await pc.capture(lambda: [disk])
            await pc.agent.finish(pc.order, older)
            assert isinstance(await pc.agent.order(), RunStage)
        assert store.manifest(older.manifest).captured == pc.stage.job
    after = capturing_workshop(record, store)
    async with serving(after) as server, ordered(server, after, [disk], boot="boot-2") as again:
        await again.agent.finish(again.order, older)
        assert isinstance(await again.agent.order(), Stay)


async def test_a_server_that_is_silent_is_waited_for_and_then_told(
    workshop: Workshop, server: TestServer, disk: Disk
) -> None:
    async with ordered(server, workshop, [disk]) as pc:
        pc.place.url = "http://127.0.0.1:9"
        with pytest.raises(StageFailed) as failed:
            await pc.capture(lambda: [disk], patience=1)
    assert failed.value.problem.code == "server-silent"


async def test_a_disk_that_holds_more_than_a_master_can_name_is_refused_before_it_is_read(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "CHUNKS_LIMIT", 3)
    told: list[int] = []
    async with ordered(server, workshop, [disk]) as pc:
        with pytest.raises(StageFailed) as failed:
            await pc.capture(lambda: [disk], told=lambda done, total: told.append(total))
    assert failed.value.problem.code == "capture-scattered"
    assert not any(told)
    assert is_empty(store)


async def test_an_agent_waits_for_a_store_that_is_cleaned_up(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk
) -> None:
    async with ordered(server, workshop, [disk]) as pc:
        with store.exclusive():
            capture = asyncio.create_task(pc.capture(lambda: [disk]))
            await asyncio.sleep(1.5)
            assert not capture.done()
        result = await capture
    assert store.names() == {"prepared": result.manifest}


async def test_a_server_without_a_store_for_captures_takes_none(record: Record, disk: Disk) -> None:
    workshop = capturing_workshop(record, None)
    async with serving(workshop) as server, ordered(server, workshop, [disk]) as pc:
        assert (await pc.ask("PUT", "plan", b""))[0] == 403


async def test_a_capture_that_failed_lets_the_store_be_cleaned_up(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk
) -> None:
    async with ordered(server, workshop, [disk]) as pc:
        with pytest.raises(PowerCutError):
            await pc.capture(lambda: [disk], told=cut_at_half)
        problem = Problem("capture-changed", {"disk": "x"})
        await pc.agent.finish(pc.order, None, outcome="failed", problem=problem)
        assert await pc.agent.order() == Stay(problem=problem)
        assert collect_garbage(store).chunks > 0
    assert store.names() == {}


async def test_a_capture_of_which_nothing_is_heard_any_more_lets_the_store_be_cleaned_up_and_begins_anew(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ordered(server, workshop, [disk]) as pc:
        with monkeypatch.context() as patch:
            patch.setattr(captures, "IDLE", 0.2)
            with pytest.raises(PowerCutError):
                await pc.capture(lambda: [disk], told=cut_at_half)
            await asyncio.sleep(0.5)
        assert collect_garbage(store).chunks > 0
        assert (await pc.ask("POST", "master"))[0] == 409
        result = await pc.capture(lambda: [disk])
    assert store.names() == {"prepared": result.manifest}
    assert not verify(store, bytes(KEY.verify_key))


async def test_a_disk_that_cannot_be_written_to_is_captured(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk
) -> None:
    run(["blockdev", "--setro", f"/dev/{disk.name}"])
    try:
        async with ordered(server, workshop, [disk]) as pc:
            result = await pc.capture(lambda: [disk])
    finally:
        # A loop device stays so for whoever gets its number next.
        run(["blockdev", "--setrw", f"/dev/{disk.name}"])
    assert store.names() == {"prepared": result.manifest}


async def test_a_disk_that_is_changed_meanwhile_makes_no_master(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, image: Path
) -> None:
    def told(done: int, total: int) -> None:
        if done == total and total:
            put(image, 3 * MIB + 1024, b"another superblock")

    async with ordered(server, workshop, [disk]) as pc:
        with pytest.raises(StageFailed) as failed:
            await pc.capture(lambda: [disk], told=told)
    assert failed.value.problem.code == "capture-changed"
    assert store.names() == {}


async def test_the_word_done_without_a_master_of_the_servers_own_is_no_capture(
    workshop: Workshop, server: TestServer, store: Store, disk: Disk, image: Path
) -> None:
    other = taken(image, store)
    async with ordered(server, workshop, [disk]) as pc:
        lie = CaptureResult(
            manifest=other.digest, name="prepared", version="1", source=disk.id, chunks=1, used=1, sent_chunks=1, sent=1
        )
        await pc.agent.finish(pc.order, lie)
        assert isinstance(await pc.agent.order(), Stay)
