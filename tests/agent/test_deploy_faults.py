"""Deploying while the server, the chunks and the disk misbehave in turn: what is tried again, told and given up."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
import zstandard
from aiohttp import web

from netboot.agent.deploy import fetch
from netboot.agent.deploy import stage as deploy
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.shared.manifest import Manifest
from netboot.shared.protocol import Stuck
from tests.agent.boot_http import BootHttp, always
from tests.agent.deploy_target import MIB, OLD, Target, matches


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
