"""What anybody on the LAN, or an agent gone wrong, may send to a capture: nothing of it is kept or offered."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from netboot.boothttp import captures as boot_captures
from netboot.records.record import Record
from netboot.shared.capture_plan import CHUNKS_LIMIT, CapturePlan, Lacking, Named, pieces_of
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import Chunk, Partition, Understood
from netboot.shared.problems import Problem
from netboot.shared.process import run
from netboot.shared.protocol import Stay
from netboot.shared.stages.capture import CaptureResult
from netboot.store import Store
from netboot.survey.pieces import GRID, pieces
from netboot.workshop.captures import PLANS
from netboot.workshop.greeting import Workshop
from tests.masters.images import is_empty
from tests.store.test_store import part, put_master
from tests.workshop.capturing import KEY, Captured, capturing_workshop, ordered, store_in
from tests.workshop.player import serving

MIB = 1 << 20
SIZE = 8 * MIB
CONTENT = random.Random(12).randbytes(4 * MIB)
"""What is in use on the disk: its first half."""
DISK = Disk(name="sda", id=DiskId(serial="PREPARED1", size=SIZE), model="Image", transport="ata")
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
PLAN = CapturePlan(
    disk=SIZE,
    sector=512,
    table="gpt",
    table_id="",
    partitions=(Partition(number=1, start=MIB, length=6 * MIB, type=LINUX),),
    uefi=None,
    understood=Understood(),
    ranges=((0, 4 * MIB),),
)
CHUNKS = [CONTENT[at : at + MIB] for at in range(0, len(CONTENT), MIB)]
NAMES = [hashlib.sha256(chunk).hexdigest() for chunk in CHUNKS]
FRAMES = [zstandard.ZstdCompressor(level=1).compress(chunk) for chunk in CHUNKS]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


@pytest.fixture
def workshop(record: Record, store: Store) -> Workshop:
    return capturing_workshop(record, store)


@pytest.fixture
async def pc(workshop: Workshop, server: TestServer) -> AsyncIterator[Captured]:
    async with ordered(server, workshop, [DISK]) as captured:
        yield captured


async def announced(pc: Captured, plan: CapturePlan = PLAN) -> None:
    assert await pc.ask("PUT", "plan", msgspec.json.encode(plan)) == (200, b"")


def chunks_at(offset: int, names: list[str], length: int = MIB) -> tuple[Chunk, ...]:
    return tuple(Chunk(offset + number * length, length, name) for number, name in enumerate(names))


async def named(pc: Captured, chunks: tuple[Chunk, ...] = chunks_at(0, NAMES)) -> tuple[int, tuple[str, ...]]:
    status, body = await pc.ask("POST", "names", msgspec.json.encode(Named(chunks)))
    return status, msgspec.json.decode(body, type=Lacking).names if status == 200 else ()


async def refused(pc: Captured, plan: CapturePlan) -> Problem:
    status, body = await pc.ask("PUT", "plan", msgspec.json.encode(plan))
    assert status == 422
    return msgspec.json.decode(body, type=Problem)


async def test_what_an_honest_agent_sends_is_a_master(pc: Captured, store: Store) -> None:
    await announced(pc)
    assert await named(pc) == (200, tuple(NAMES))
    for name, frame in zip(NAMES, FRAMES, strict=True):
        assert await pc.ask("PUT", f"chunks/{name}", frame) == (200, b"")
    assert await named(pc) == (200, ()), "told again, nothing is lacking any more"
    status, body = await pc.ask("POST", "master")
    assert status == 200
    result = msgspec.json.decode(body, type=CaptureResult)
    assert (result.chunks, result.sent_chunks, result.sent) == (4, 4, sum(map(len, FRAMES)))
    assert await pc.ask("POST", "master") == (200, body), "asked twice it was made once"
    assert [chunk.sha256 for chunk in store.manifest(result.manifest).chunks] == NAMES


@pytest.mark.parametrize(("token", "scheme"), [("wrong", "Bearer"), ("", "Bearer"), (None, "Basic")])
@pytest.mark.parametrize(
    ("method", "what"), [("PUT", "plan"), ("POST", "names"), ("PUT", f"chunks/{NAMES[0]}"), ("POST", "master")]
)
async def test_without_the_visits_token_nothing_is_taken(
    pc: Captured, store: Store, token: str | None, scheme: str, method: str, what: str
) -> None:
    assert (await pc.ask(method, what, b"x", token=token, scheme=scheme))[0] == 403
    assert is_empty(store)


async def test_another_pcs_token_opens_nothing(
    pc: Captured, workshop: Workshop, server: TestServer, store: Store
) -> None:
    other = msgspec.structs.replace(DISK, id=DiskId(serial="PREPARED2", size=SIZE))
    async with ordered(server, workshop, [other], number=2) as second:
        assert (await pc.ask("PUT", "plan", msgspec.json.encode(PLAN), token=second.token))[0] == 403
    assert is_empty(store)


async def test_a_pc_whose_job_is_at_another_stage_sends_nothing(pc: Captured, store: Store) -> None:
    await announced(pc)
    await pc.agent.finish(pc.order, None, outcome="failed", problem=Problem("capture-changed", {"disk": "x"}))
    await pc.agent.order()
    assert (await named(pc))[0] == 403
    assert (await pc.ask("PUT", "plan", msgspec.json.encode(PLAN)))[0] == 403


async def test_a_pc_that_is_off_the_line_sends_nothing(workshop: Workshop, server: TestServer) -> None:
    async with ordered(server, workshop, [DISK]) as pc:
        await announced(pc)
    assert (await named(pc))[0] == 403


async def test_a_chunk_is_kept_only_if_it_was_asked_for_and_is_what_it_is_called(pc: Captured, store: Store) -> None:
    assert (await pc.ask("PUT", f"chunks/{NAMES[0]}", FRAMES[0]))[0] == 409, "no plan"
    await announced(pc)
    assert (await pc.ask("PUT", f"chunks/{NAMES[0]}", FRAMES[0]))[0] == 409, "not named"
    await named(pc)
    half = zstandard.ZstdCompressor().compress(CHUNKS[0][: MIB // 2])
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(CHUNKS[0])
    second = zstandard.ZstdCompressor().compress(b"behind it")
    for wrong in (b"", b"no frame", FRAMES[1], half, unsized, FRAMES[0] + second, FRAMES[0] + b"x", FRAMES[0][:-9]):
        status, body = await pc.ask("PUT", f"chunks/{NAMES[0]}", wrong)
        assert (status, msgspec.json.decode(body, type=Problem).code) == (422, "capture-refused"), wrong[:16]
    assert is_empty(store)
    stranger = hashlib.sha256(b"x").hexdigest()
    assert (await pc.ask("PUT", f"chunks/{stranger}", FRAMES[0]))[0] == 409
    assert (await pc.ask("PUT", "chunks/..%2Fmanifests", FRAMES[0]))[0] in (404, 405)
    assert (await pc.ask("POST", "master"))[0] == 409
    assert store.names() == {}


async def test_a_body_that_is_too_long_is_not_read_to_its_end(pc: Captured, store: Store) -> None:
    await announced(pc)
    await named(pc)
    for method, what, length in (
        ("PUT", f"chunks/{NAMES[0]}", MIB + MIB // 64),
        ("PUT", "plan", 9 * MIB),
        ("POST", "names", MIB),
    ):
        assert (await pc.ask(method, what, bytes(length)))[0] == 413
    assert is_empty(store)


async def test_whoever_sends_too_slowly_is_let_go(pc: Captured, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot_captures, "BODY_WITHIN", 0.3)
    await announced(pc)
    await named(pc)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(pc.place.url.rpartition(":")[2]))
    path = f"/captures/{pc.stage.job}/chunks/{NAMES[0]}"
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {pc.token}\r\nContent-Length: 9999\r\n\r\n"
    writer.write(head.encode() + b"slow")
    async with asyncio.timeout(5):
        assert b" 408 " in await reader.readline()
    writer.close()
    assert is_empty(store)


async def test_no_more_is_taken_than_the_plan_announced(pc: Captured, store: Store) -> None:
    await announced(pc)
    assert (await named(pc, chunks_at(3 * MIB + 512, NAMES[:1])))[0] == 422, "the plan ends at 4 MiB"
    assert (await named(pc, chunks_at(5 * MIB, NAMES[:1])))[0] == 422, "that is not in use"
    assert (await named(pc))[0] == 200
    assert (await named(pc, chunks_at(0, NAMES[::-1])))[0] == 422, "each has one name"
    assert (await named(pc, chunks_at(512, NAMES[:1])))[0] == 422, "no more than is in use"
    assert is_empty(store)
    assert (await pc.ask("POST", "master"))[0] == 409
    for _ in range(PLANS - 1):
        await announced(pc)
    assert "more than" in (await refused(pc, PLAN)).technical


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"ranges": ((0, MIB), (0, MIB))}, "out of order"),
        ({"ranges": ((MIB, MIB),)}, "out of order"),
        ({"ranges": ((0, 16 * MIB),)}, "after the disk"),
        ({"ranges": ((1, 4096),)}, "begin and end at a sector"),
        ({"partitions": ()}, "partitions"),
        ({"disk": 0}, "disk"),
        ({"partitions": (Partition(number=1, start=MIB, length=SIZE, type=LINUX),)}, "ends after the disk"),
    ],
)
async def test_a_plan_of_which_no_master_can_come_is_refused_with_the_reason(
    pc: Captured, store: Store, changed: dict[str, object], why: str
) -> None:
    problem = await refused(pc, msgspec.structs.replace(PLAN, **changed))
    assert problem.code == "capture-refused"
    assert why in problem.technical
    assert is_empty(store)


async def test_a_plan_of_more_chunks_than_a_master_can_have_is_refused_as_that(pc: Captured, store: Store) -> None:
    problem = await refused(pc, msgspec.structs.replace(PLAN, ranges=((0, 1 << 50),)))
    assert (problem.code, problem.values["most"]) == ("capture-scattered", str(CHUNKS_LIMIT))
    assert is_empty(store)


async def test_a_store_that_is_cleaned_up_is_told_at_once_and_holds_up_nobody(pc: Captured, store: Store) -> None:
    with store.exclusive():
        asked = time.monotonic()
        status, said = await pc.ask("PUT", "plan", msgspec.json.encode(PLAN))
        assert (status, said.partition(b":")[0]) == (503, b"wait")
        assert time.monotonic() - asked < 2
    await announced(pc)


async def test_a_store_whose_disk_takes_nothing_is_told_as_that(pc: Captured, store: Store) -> None:
    await announced(pc)
    await named(pc)
    (store.folder / "chunks").write_bytes(b"no folder")
    status, body = await pc.ask("PUT", f"chunks/{NAMES[0]}", FRAMES[0])
    problem = msgspec.json.decode(body, type=Problem)
    assert (status, problem.code) == (507, "capture-store")
    assert "cannot be written to" in problem.technical
    await pc.agent.finish(pc.order, None, outcome="failed", problem=problem)
    assert await pc.agent.order() == Stay(problem=problem)


async def test_where_the_masters_names_are_lost_nothing_is_to_be_sent(pc: Captured, store: Store) -> None:
    put_master(store, "school", part("a"), key=KEY)
    (store.folder / "masters/school").unlink()
    status, body = await pc.ask("PUT", "plan", msgspec.json.encode(PLAN))
    problem = msgspec.json.decode(body, type=Problem)
    assert (status, problem.code) == (507, "capture-store")
    assert "which says what masters there are, is lost" in problem.technical


async def test_chunks_that_overlap_and_leave_something_out_make_no_master(pc: Captured, store: Store) -> None:
    await announced(pc)
    overlapping = (*chunks_at(0, NAMES[:3]), Chunk(MIB + 512, MIB, NAMES[3]))
    assert (await named(pc, overlapping))[0] == 200
    for name, frame in zip(NAMES, FRAMES, strict=True):
        assert await pc.ask("PUT", f"chunks/{name}", frame) == (200, b"")
    status, body = await pc.ask("POST", "master")
    assert (status, "overlaps" in msgspec.json.decode(body, type=Problem).technical) == (422, True)
    assert store.names() == {}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"disk":1}', b"\xff" * 99, b"[" * 100_000])
async def test_what_is_no_plan_and_no_list_of_names_is_not_understood(pc: Captured, body: bytes) -> None:
    status, why = await pc.ask("PUT", "plan", body)
    assert (status, why.partition(b":")[0]) == (400, b"not understood")
    assert len(why) < 999
    assert (await pc.ask("POST", "names", body[:9999]))[0] == 400


@pytest.mark.root
async def test_a_store_without_room_for_it_says_so_before_anything_is_sent(record: Record, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=257m", "tmpfs", full])
    try:
        store = Store(full / "store")
        workshop = capturing_workshop(record, store)
        async with serving(workshop) as server, ordered(server, workshop, [DISK]) as pc:
            status, body = await pc.ask("PUT", "plan", msgspec.json.encode(PLAN))
        problem = msgspec.json.decode(body, type=Problem)
        assert (status, problem.code, problem.values["needed"]) == (507, "capture-no-room", "4.2 MB")
        assert is_empty(store)
    finally:
        run(["umount", full])


@pytest.mark.root
async def test_a_store_that_fills_up_meanwhile_says_so(record: Record, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=262m", "tmpfs", small])
    try:
        store = Store(small / "store")
        workshop = capturing_workshop(record, store)
        async with serving(workshop) as server, ordered(server, workshop, [DISK]) as pc:
            await announced(pc)
            await named(pc)
            (small / "another").write_bytes(bytes(6 * MIB))
            status, body = await pc.ask("PUT", f"chunks/{NAMES[0]}", FRAMES[0])
            problem = msgspec.json.decode(body, type=Problem)
            assert (status, problem.code) == (507, "capture-no-room")
            await pc.agent.finish(pc.order, None, outcome="failed", problem=problem)
            assert await pc.agent.order() == Stay(problem=problem)
        assert is_empty(store)
    finally:
        run(["umount", small])


ranges = st.lists(st.tuples(st.integers(0, 40 * MIB), st.integers(0, 40 * MIB)), max_size=8)


@given(ranges)
def test_how_many_chunks_come_is_known_before_they_are_cut(given_ranges: list[tuple[int, int]]) -> None:
    try:
        count = pieces_of(given_ranges, GRID)
    except ValueError:
        return
    assert count == len(list(pieces(given_ranges)))


def test_chunks_without_end_are_counted_at_once() -> None:
    assert pieces_of([(0, 2**63 - 1)], GRID) > CHUNKS_LIMIT
