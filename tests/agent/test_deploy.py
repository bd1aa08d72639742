"""Deploying a master over HTTP onto disk images; the server, the chunks and the disk misbehave in turn."""

import asyncio
import hashlib
import logging
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import zstandard
from aiohttp import web

from netboot.agent.deploy import fetch
from netboot.agent.deploy import stage as deploy
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.source import ChunkSource
from netboot.agent.deploy.stage import Journal, by_place, run_deploy
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import HeldUp, nobody
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.deploy import Deploy, DeployResult
from tests.agent.boot_http import PUBLIC, BootHttp, always, manifest_of, root_partition
from tests.agent.chunk_sources import FirstOf, MemorySource, OpenSource, from_memory

MIB = 1024 * 1024
SIZE = 8 * MIB
UNUSED = (3 * MIB, 5 * MIB)
OLD = b"\x5a"


@pytest.fixture(scope="module")
def master() -> bytes:
    """A disk of random bytes whose third and fourth MiB nobody uses."""
    data = bytearray(random.Random(1).randbytes(SIZE))
    data[UNUSED[0] : UNUSED[1]] = bytes(UNUSED[1] - UNUSED[0])
    return bytes(data)


@pytest.fixture(scope="module")
def manifest(master: bytes) -> Manifest:
    return manifest_of(
        master,
        (root_partition(MIB, SIZE - MIB - 33 * 512),),
        used=[(0, UNUSED[0]), (UNUSED[1], SIZE)],
    )


class Target:
    """A disk image that stands for /dev/NAME; its chunks come from the server, or as `open_source` says."""

    def __init__(self, folder: Path, size: int, open_source: OpenSource | None = None) -> None:
        self.open_source = open_source
        self.path = folder / "target.img"
        self.path.write_bytes(OLD * size)
        self.disk = Disk(name=str(self.path), id=DiskId(serial="TARGET", size=size), model="Image")

    def stage(self, boot_http: BootHttp) -> Deploy:
        return Deploy(manifest=boot_http.digest, name="Test master", target=self.disk.id)

    async def deploy(
        self,
        boot_http: BootHttp,
        *,
        journal: Journal | None = None,
        patience: float = 30.0,
        progress: Callable[[int, int], None] = lambda done, total: None,
        key: bytes = PUBLIC,
        parts: list[str] | None = None,
        held_up: HeldUp = nobody,
        server: ServerPlace | None = None,
        stage: Deploy | None = None,
    ) -> DeployResult:
        def report(done: int, total: int, part: str = "") -> None:
            progress(done, total)
            if parts is not None:
                parts.append(part)

        async with self.opened(boot_http, patience=patience, server=server) as source:
            return await run_deploy(
                stage or self.stage(boot_http),
                source=source,
                public_key=key,
                progress=report,
                held_up=held_up,
                journal=journal,
                read_disks=lambda: [self.disk],
            )

    def opened(
        self, boot_http: BootHttp, *, patience: float, server: ServerPlace | None
    ) -> AbstractAsyncContextManager[ChunkSource]:
        if self.open_source is not None:
            return self.open_source(boot_http)
        return server_source(server or ServerPlace(boot_http.url), deploy.FLIGHTS, patience=patience)

    async def refused(self, boot_http: BootHttp, *, key: bytes = PUBLIC) -> Problem:
        with pytest.raises(StageFailed) as caught:
            await self.deploy(boot_http, key=key)
        return caught.value.problem

    def untouched(self) -> bool:
        return self.path.read_bytes() == OLD * self.disk.id.size


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path, SIZE)


@pytest.fixture(params=[None, from_memory], ids=["the server", "memory"])
def from_any(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """A target whose chunks come from one source or the other."""
    return Target(tmp_path, SIZE, request.param)


def matches(path: Path, manifest: Manifest) -> bool:
    data = path.read_bytes()
    return all(hashlib.sha256(data[c.offset : c.end]).hexdigest() == c.sha256 for c in manifest.chunks)


async def test_every_chunk_arrives_and_what_nobody_uses_is_not_written(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    seen: list[tuple[int, int]] = []
    async with BootHttp(manifest, master) as boot_http:
        result = await from_any.deploy(boot_http, progress=lambda done, total: seen.append((done, total)))
    assert matches(from_any.path, manifest)
    assert from_any.path.read_bytes()[UNUSED[0] : UNUSED[1]] == OLD * (UNUSED[1] - UNUSED[0])
    assert (result.chunks, result.written, result.verified) == (len(manifest.chunks), manifest.used, manifest.used)
    assert result.fetched == len(boot_http.signed) + sum(len(frame) for frame in boot_http.frames.values())
    assert result.refetched == 0
    assert (result.manifest, result.target) == (boot_http.digest, from_any.disk.id)
    assert seen[-1] == (2 * manifest.used, 2 * manifest.used)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


async def test_a_larger_disk_holds_the_master_at_its_beginning(
    tmp_path: Path, manifest: Manifest, master: bytes
) -> None:
    target = Target(tmp_path, SIZE + 5 * MIB)
    async with BootHttp(manifest, master) as boot_http:
        await target.deploy(boot_http)
    assert matches(target.path, manifest)
    assert target.path.read_bytes()[-MIB:] == bytes(MIB)


async def test_a_signature_of_another_workshop_stops_everything(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        problem = await from_any.refused(boot_http, key=bytes(32))
    assert (problem.code, problem.values["master"]) == ("master-unsigned", "Test master")
    assert from_any.untouched()
    assert boot_http.asked == []


async def test_another_master_of_this_workshop_is_not_taken_for_the_one_ordered(
    from_any: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        older = msgspec.structs.replace(manifest, version="0")
        other = BootHttp(older, master)
        monkeypatch.setattr(BootHttp, "digest", "0" * 64)
        boot_http.signed = other.signed
        problem = await from_any.refused(boot_http)
    assert problem.code == "master-unsigned"
    assert from_any.untouched()


async def test_a_master_that_the_server_does_not_have_is_named(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        stage = msgspec.structs.replace(from_any.stage(boot_http), manifest="1" * 64)
        with pytest.raises(StageFailed) as caught:
            await from_any.deploy(boot_http, stage=stage)
    assert caught.value.problem == Problem("master-missing", {"master": "Test master"})


async def test_a_disk_that_is_too_small_is_never_written(tmp_path: Path, manifest: Manifest, master: bytes) -> None:
    target = Target(tmp_path, SIZE - 512)
    async with BootHttp(manifest, master) as boot_http:
        assert (await target.refused(boot_http)).code == "disk-too-small"
    assert target.untouched()


async def test_a_disk_of_other_sectors_is_never_written(from_any: Target, master: bytes) -> None:
    manifest = manifest_of(master, (root_partition(MIB, MIB),), used=[(0, SIZE)], sector=4096)
    async with BootHttp(manifest, master) as boot_http:
        problem = await from_any.refused(boot_http)
    assert (problem.code, problem.values["wanted"], problem.values["found"]) == ("disk-sectors", "4096", "512")
    assert from_any.untouched()


async def test_a_disk_in_use_is_never_written(from_any: Target, manifest: Manifest, master: bytes) -> None:
    from_any.disk = msgspec.structs.replace(from_any.disk, in_use=True)
    async with BootHttp(manifest, master) as boot_http:
        assert (await from_any.refused(boot_http)).code == "disk-in-use"
    assert from_any.untouched()


def damaged_frames(master: bytes, manifest: Manifest) -> dict[str, bytes]:
    chunk = manifest.chunks[6]
    plain = master[chunk.offset : chunk.end]
    pack = zstandard.ZstdCompressor().compress
    frame = pack(plain)
    headless = zstandard.ZstdCompressor(write_content_size=False).compress(plain)
    return {
        "other bytes": pack(bytes([plain[0] ^ 1]) + plain[1:]),
        "cut short": frame[: len(frame) // 2],
        "nothing": b"",
        "no frame": b"<html>sign in to the guest network</html>",
        "a bomb": pack(bytes(512 * MIB)),
        "a bomb that hides its length": headless[:6] + pack(bytes(64 * MIB))[6:],
        "no length": headless,
        "too long a body": frame + bytes(MIB),
        "a second frame": frame + pack(plain),
        "shorter": pack(plain[:-512]),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "other bytes",
        "cut short",
        "nothing",
        "no frame",
        "a bomb",
        "a bomb that hides its length",
        "no length",
        "too long a body",
        "a second frame",
        "shorter",
    ],
)
async def test_a_chunk_that_stays_damaged_is_never_written_and_fails_naming_the_master(
    target: Target, manifest: Manifest, master: bytes, kind: str
) -> None:
    chunk = manifest.chunks[6]
    async with BootHttp(manifest, master) as boot_http:
        boot_http.answers[chunk.sha256] = always(damaged_frames(master, manifest)[kind])
        problem = await target.refused(boot_http)
        assert boot_http.asked.count(chunk.sha256) == fetch.TRIES
    assert problem.code == "chunk-damaged"
    assert problem.values == {"master": "Test master", "chunk": chunk.sha256}
    data = target.path.read_bytes()
    assert data[chunk.offset : chunk.end] == OLD * chunk.length
    assert data[:MIB] == bytes(MIB), "a disk that is not done does not start"


async def test_a_chunk_that_was_wrong_once_is_fetched_again_and_counted(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    chunk = manifest.chunks[6]
    async with BootHttp(manifest, master) as boot_http:
        good = boot_http.frames[chunk.sha256]

        async def once(_: web.Request) -> web.StreamResponse:
            del boot_http.answers[chunk.sha256]
            return web.Response(body=good[:-1] + b"!")

        boot_http.answers[chunk.sha256] = once
        result = await target.deploy(boot_http)
    assert result.refetched == 1
    assert matches(target.path, manifest)


async def test_a_missing_chunk_fails_naming_the_master(from_any: Target, manifest: Manifest, master: bytes) -> None:
    async with BootHttp(manifest, master) as boot_http:
        del boot_http.frames[manifest.chunks[4].sha256]
        problem = await from_any.refused(boot_http)
    assert problem == Problem("chunk-missing", {"master": "Test master", "chunk": manifest.chunks[4].sha256})


async def test_a_body_that_breaks_off_is_asked_for_again(target: Target, manifest: Manifest, master: bytes) -> None:
    chunk = manifest.chunks[6]
    async with BootHttp(manifest, master) as boot_http:

        async def break_off(request: web.Request) -> web.StreamResponse:
            del boot_http.answers[chunk.sha256]
            response = web.StreamResponse(headers={"Content-Length": str(len(boot_http.frames[chunk.sha256]))})
            await response.prepare(request)
            await response.write(boot_http.frames[chunk.sha256][:1000])
            assert request.transport is not None
            request.transport.abort()
            return response

        boot_http.answers[chunk.sha256] = break_off
        result = await target.deploy(boot_http)
    assert matches(target.path, manifest)
    assert result.refetched == 0, "a broken connection is no damaged chunk"


async def test_a_server_that_is_killed_in_the_middle_and_comes_back_costs_nothing_but_time(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        killed, gone = asyncio.Event(), asyncio.Event()

        async def fall_over() -> None:
            if len(boot_http.asked) >= 10:
                killed.set()
                await gone.wait()

        boot_http.before_chunk = fall_over
        parts: list[str] = []
        deploying = asyncio.create_task(target.deploy(boot_http, parts=parts))
        await killed.wait()
        stopping = asyncio.create_task(boot_http.stop())
        await asyncio.sleep(0.1)
        gone.set()
        await stopping
        boot_http.before_chunk = None
        await asyncio.sleep(0.7)
        assert not deploying.done()
        await boot_http.start()
        result = await deploying
    assert matches(target.path, manifest)
    assert result.written == manifest.used
    assert set(parts) == {"Image TARGET 0.0 GB"}, "who is waited for is told apart from it"


@pytest.mark.parametrize("sends", ["no manifest", "no chunk", "half a chunk"])
async def test_a_server_that_takes_the_question_and_sends_nothing_is_told_as_stuck_until_it_does(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch, sends: str
) -> None:
    monkeypatch.setattr("netboot.agent.disks.sweep.STUCK_AFTER", 0.6)
    told: list[tuple[Stuck, ...]] = []
    go_on = asyncio.Event()

    def held_up(stuck: Sequence[Stuck]) -> None:
        told.append(tuple(stuck))
        if stuck and stuck[0].seconds > 1.2:
            go_on.set()

    async with BootHttp(manifest, master) as boot_http:
        last = manifest.chunks[-1].sha256

        async def wait(request: web.Request) -> web.StreamResponse:
            body = boot_http.frames[last]
            answer = web.StreamResponse(headers={"Content-Length": str(len(body))})
            await answer.prepare(request)
            if sends == "half a chunk":
                await answer.write(body[:100])
            await go_on.wait()
            await answer.write(body[100:] if sends == "half a chunk" else body)
            return answer

        if sends == "no manifest":
            boot_http.before_manifest = go_on.wait
        else:
            boot_http.answers[last] = wait
        await target.deploy(boot_http, held_up=held_up)
    assert matches(target.path, manifest)
    stuck = [one for some in told for one in some]
    assert {(one.what, one.disk) for one in stuck} == {("server", "")}
    assert sorted(one.seconds for one in stuck) == [one.seconds for one in stuck]
    assert told[-1] == ()


@pytest.mark.parametrize("hangs", ["write", "read", "sync"])
async def test_a_disk_that_hangs_is_named_as_stuck_until_it_goes_on(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    monkeypatch.setattr("netboot.agent.disks.sweep.STUCK_AFTER", 0.6)
    told: list[tuple[Stuck, ...]] = []
    go_on = threading.Event()
    real = getattr(DirectDisk, hangs)

    def held_up(stuck: Sequence[Stuck]) -> None:
        told.append(tuple(stuck))
        if stuck and stuck[0].seconds > 1.2:
            go_on.set()

    def hang(self: DirectDisk, *words: object) -> None:
        assert go_on.wait(30)
        real(self, *words)

    monkeypatch.setattr(DirectDisk, hangs, hang)
    async with BootHttp(manifest, master) as boot_http:
        await target.deploy(boot_http, held_up=held_up)
    assert matches(target.path, manifest)
    assert {(one.what, one.disk) for some in told for one in some} == {("target", "Image TARGET 0.0 GB")}
    assert told[-1] == ()


async def test_a_disk_that_makes_no_progress_any_more_ends_the_deploy_and_is_told_as_that(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "STALL", 0.5)
    monkeypatch.setattr("netboot.agent.disks.disk_threads.LAST_WORDS", 0.1)
    hang = threading.Event()
    monkeypatch.setattr(DirectDisk, "write", lambda self, buffer, offset: hang.wait(30) and None)
    try:
        async with BootHttp(manifest, master) as boot_http:
            problem = await target.refused(boot_http)
    finally:
        hang.set()
    assert (problem.code, problem.values["disk"]) == ("deploy-stalled", "TARGET")


async def test_a_server_that_moves_in_the_middle_is_followed_to_where_it_is_now(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    async with BootHttp(manifest, master) as before, BootHttp(manifest, master) as after:
        server = ServerPlace(before.url)
        stopped = asyncio.Event()

        async def move() -> None:
            if len(before.asked) == 5:
                stopped.set()
            if len(before.asked) >= 5:
                raise web.HTTPServiceUnavailable

        before.before_chunk = move
        deploying = asyncio.create_task(target.deploy(before, server=server))
        await stopped.wait()
        server.url = after.url
        await deploying
    assert matches(target.path, manifest)
    assert after.asked


async def test_a_server_that_never_comes_back_is_given_up_in_the_end(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    async with BootHttp(manifest, master) as boot_http:

        async def fall_over() -> None:
            if len(boot_http.asked) == 5:
                asyncio.get_running_loop().create_task(boot_http.stop())

        boot_http.before_chunk = fall_over
        with pytest.raises(StageFailed) as caught:
            await target.deploy(boot_http, patience=1.0)
    assert caught.value.problem.code == "server-silent"


async def test_a_deploy_that_failed_goes_on_from_what_it_had_written(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    journal = Journal()
    missing = manifest.chunks[-4].sha256
    async with BootHttp(manifest, master) as boot_http:
        frame = boot_http.frames.pop(missing)
        with pytest.raises(StageFailed):
            await from_any.deploy(boot_http, journal=journal)
        first = set(boot_http.asked)
        boot_http.frames[missing] = frame
        boot_http.asked.clear()
        await from_any.deploy(boot_http, journal=journal)
        again = set(boot_http.asked) & first - {missing}
    assert matches(from_any.path, manifest)
    assert len(again) <= deploy.FLIGHTS, "only what was under way is fetched twice"


async def test_a_journal_that_is_out_of_date_is_found_out_and_made_good(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    journal = Journal()
    async with BootHttp(manifest, master) as boot_http:
        await from_any.deploy(boot_http, journal=journal)
        with from_any.path.open("r+b") as file:
            file.seek(2 * MIB)
            file.write(b"customised since")
        result = await from_any.deploy(boot_http, journal=journal)
    assert matches(from_any.path, manifest)
    assert result.verified == manifest.used


async def test_a_disk_that_does_not_keep_what_was_written_fails_with_the_place(
    from_any: Target, manifest: Manifest, master: bytes
) -> None:
    where = 6 * MIB + 4096

    def forget(done: int, total: int) -> None:
        if done == total // 2:
            with from_any.path.open("r+b") as file:
                file.seek(where)
                file.write(b"forgotten")

    async with BootHttp(manifest, master) as boot_http:
        with pytest.raises(StageFailed) as caught:
            await from_any.deploy(boot_http, progress=forget)
    problem = caught.value.problem
    assert (problem.code, problem.values["offset"]) == ("read-back", str(6 * MIB))


def test_the_partition_table_comes_last_and_the_first_sector_last_of_all(manifest: Manifest) -> None:
    inside, outside = by_place(manifest)
    assert {chunk.offset for chunk in inside} | {chunk.offset for chunk in outside} == {
        chunk.offset for chunk in manifest.chunks
    }
    assert all(chunk.offset >= MIB for chunk in inside)
    assert outside[-1].offset == 0
    assert outside[0] == manifest.chunks[-1], "the copy of the table at the end of the disk"


async def test_the_first_sector_is_written_only_when_all_else_is_on_the_disk(
    from_any: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[int | str] = []
    write, sync = DirectDisk.write, DirectDisk.sync

    def note_write(self: DirectDisk, buffer: memoryview, offset: int) -> None:
        events.append(offset)
        write(self, buffer, offset)

    def note_sync(self: DirectDisk) -> None:
        events.append("sync")
        sync(self)

    monkeypatch.setattr(DirectDisk, "write", note_write)
    monkeypatch.setattr(DirectDisk, "sync", note_sync)
    async with BootHttp(manifest, master) as boot_http:
        await from_any.deploy(boot_http)
    assert events[-2:] == [0, "sync"]
    outside = [chunk.offset for chunk in by_place(manifest)[1]]
    assert events[-1 - len(outside) : -1] == outside
    assert events[-2 - len(outside)] == "sync"


async def test_no_more_chunks_are_in_memory_than_the_bound_allows(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "MEMORY", 3 * 256 * 1024 * 2)
    under_way, most = 0, 0
    chunk = fetch.ServerSource.chunk

    async def count(self: fetch.ServerSource, *args: object) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        answer: Callable[..., Awaitable[None]] = chunk
        await answer(self, *args)
        under_way -= 1

    monkeypatch.setattr(fetch.ServerSource, "chunk", count)
    async with BootHttp(manifest, master) as boot_http:
        await target.deploy(boot_http)
    assert most == 2


async def test_of_several_sources_it_is_told_who_gave_what(
    target: Target, manifest: Manifest, master: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="netboot.agent.deploy.stage")
    neighbour = BootHttp(manifest, master)
    names = list(neighbour.frames)
    for lacking in names[10:]:
        del neighbour.frames[lacking]
    neighbour.frames[names[0]] = neighbour.frames[names[1]]

    @asynccontextmanager
    async def both(boot_http: BootHttp) -> AsyncIterator[ChunkSource]:
        async with server_source(ServerPlace(boot_http.url), deploy.FLIGHTS) as server:
            yield FirstOf(MemorySource(neighbour, "neighbour"), server)

    target.open_source = both
    async with BootHttp(manifest, master) as boot_http:
        result = await target.deploy(boot_http)
        near = sum(map(len, neighbour.frames.values()))
        far = len(boot_http.signed) + sum(len(boot_http.frames[name]) for name in (names[0], *names[10:]))
    assert matches(target.path, manifest)
    assert sorted(boot_http.asked) == sorted([names[0], *names[10:]])
    assert result.fetched == near + far
    told = [message for message in caplog.messages if " gave " in message]
    assert [line.partition(",")[0] for line in told] == [
        "neighbour gave 9 chunks of Test master",
        f"server gave {len(names) - 9} chunks of Test master",
    ]
    assert [f" {count} bytes came" in line for count, line in zip((near, far), told, strict=True)] == [True, True]


async def test_who_gave_what_is_told_of_a_deploy_that_fails_as_well(
    from_any: Target, manifest: Manifest, master: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="netboot.agent.deploy.stage")
    async with BootHttp(manifest, master) as boot_http:
        del boot_http.frames[by_place(manifest)[1][-1].sha256]
        assert (await from_any.refused(boot_http)).code == "chunk-missing"
    (told,) = (message for message in caplog.messages if " gave " in message)
    assert f" gave {len(manifest.chunks) - 1} chunks of Test master" in told
