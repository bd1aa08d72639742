"""Deploying a master over HTTP onto disk images: what is written, in which order, and what is refused."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from netboot.agent.deploy import fetch
from netboot.agent.deploy import stage as deploy
from netboot.agent.deploy.earlier import Journal
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.source import ChunkSource
from netboot.agent.deploy.stage import by_place
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from tests.agent.boot_http import BootHttp, manifest_of, root_partition
from tests.agent.chunk_sources import FirstOf, MemorySource
from tests.agent.deploy_target import MIB, OLD, SIZE, UNUSED, Target, matches


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


async def test_what_occurs_several_times_is_fetched_once_and_written_to_all_its_places(
    from_any: Target, master: bytes
) -> None:
    # Zeros at 2, 4 and 5 MiB; what stands at 3 MiB again at 6 MiB; the first sector's MiB again inside the partition.
    mib = [master[at : at + MIB] for at in range(0, SIZE, MIB)]
    content = b"".join([mib[0], mib[1], bytes(MIB), mib[5], bytes(2 * MIB), mib[5], mib[0]])
    manifest = manifest_of(content, (root_partition(MIB, SIZE - MIB),), used=[(0, SIZE)])
    seen: list[int] = []
    async with BootHttp(manifest, content) as boot_http:
        result = await from_any.deploy(boot_http, progress=lambda done, _: seen.append(done))
    assert from_any.path.read_bytes() == content
    inside, outside = by_place(manifest)
    names = [chunk.sha256 for chunk in inside]
    assert len(set(names)) < len(names)
    assert sorted(boot_http.asked) == sorted([*set(names), *(chunk.sha256 for chunk in outside)])
    assert (result.chunks, result.written, result.verified) == (len(manifest.chunks), SIZE, SIZE)
    assert seen[-1] == 2 * SIZE


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
        problem = await target.refused(boot_http)
    assert (problem.code, problem.values["missing"]) == ("disk-too-small", "0.6 kB")
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


async def test_a_missing_chunk_fails_naming_the_master(from_any: Target, manifest: Manifest, master: bytes) -> None:
    async with BootHttp(manifest, master) as boot_http:
        del boot_http.frames[manifest.chunks[4].sha256]
        problem = await from_any.refused(boot_http)
    assert problem == Problem("chunk-missing", {"master": "Test master", "chunk": manifest.chunks[4].sha256})


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
