"""A captured master of which a smaller version is asked for: the capture is there first, and stays whatever follows."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.auth.server_keys import load_key, public_key
from netboot.jobs.job import Job, new_stages
from netboot.jobs.making import ToShrink
from netboot.masters.worth_shrinking import smaller_version_of
from netboot.records.aggregates.makings import MOST_WAITING
from netboot.records.record import Record
from netboot.records.refusals import RecordAway
from netboot.serve.workbench import StoreWorkbench
from netboot.settings.config import Settings
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.protocol import RunStage
from netboot.shared.stages.capture import CaptureOptions, CaptureResult
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.store.versions import Versions
from netboot.workshop import smaller_captures
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from netboot.workshop.smaller_captures import SmallerCaptures
from tests.masters.images import MIB, roomy_disk
from tests.store.test_store import part, put_master
from tests.workshop.capturing import CAPTURE, block_device, capturing_workshop, disk_at, ordered
from tests.workshop.conftest import pc
from tests.workshop.player import eventually
from tests.workshop.test_makings import WHO, at_work, data, events, image, order, store

__all__ = ["data", "image", "store"]
pytestmark = pytest.mark.root

SMALLER = CaptureOptions(name="ecole", title="École", licence="MIT", version="1", smaller=True)
LONG = 120.0
"""Seconds: file systems are checked, on whatever else this machine does."""


@pytest.fixture
def workshop(record: Record, store: Store, data: Path) -> Workshop:
    return capturing_workshop(record, store, load_key(data))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (tmp_path / "pc").mkdir()
    with block_device(roomy_disk(tmp_path / "pc")) as device:
        yield disk_at(device, 768 * MIB)


def made_of(record: Record, makings: Makings, store: Store, data: Path, *, kept: str = "") -> SmallerCaptures:
    """As the server puts it together."""
    bench = StoreWorkbench(Settings(data=os.fspath(data)))
    return SmallerCaptures(record, makings, store.current, bench.order_to_shrink, lambda: {kept})


@asynccontextmanager
async def both_at_work(makings: Makings, smaller: SmallerCaptures) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(at_work(makings))
        task = asyncio.create_task(smaller.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


def current_is(store: Store, version: str) -> Callable[[], bool]:
    def told() -> bool:
        manifest = store.current("ecole")
        return manifest is not None and manifest.version == version

    return told


async def test_what_was_captured_is_made_smaller_once_nothing_else_is_also_by_the_next_server(
    record: Record, workshop: Workshop, server: TestServer, store: Store, data: Path, disk: Disk, image: Path
) -> None:
    ended = Makings(record, store.current)
    workshop.captures.on_captured.append(made_of(record, ended, store, data).captured)
    async with ordered(server, workshop, [disk], capture=SMALLER) as captured:
        result = await captured.capture(lambda: [disk])
        await captured.agent.finish(captured.order, result)
        assert isinstance(await captured.agent.order(), RunStage)
    assert [one.version for one in ended.waiting] == ["1"], "this server ends before it begins it"
    assert store.versions("ecole") == Versions(result.manifest)
    assert verify(store, public_key(load_key(data))) == ()

    makings = Makings(record, store.current)
    await makings.recover()
    other = await makings.begin(order(data, image, name="other"), WHO)
    async with both_at_work(makings, made_of(record, makings, store, data)):
        await eventually(lambda: bool(makings.waiting), within=LONG)
        await eventually(current_is(store, "1-small"), within=LONG)
        await eventually(lambda: not makings.runs, within=LONG)
    small = store.current("ecole")
    assert small is not None
    assert store.versions("ecole") == Versions(small.digest, result.manifest), "the capture stays"
    assert small.shrunk_from == 768 * MIB
    assert (record.makings.waiting(), makings.waiting) == ((), ())
    told = [(one["event"], one.get("kind", one.get("state"))) for one in events(record)]
    assert told == [
        ("making-begun", "import"), ("making-ended", "done"), ("making-begun", "shrink"), ("making-ended", "done"),
    ]  # fmt: skip
    begun = [one for one in events(record) if one["event"] == "making-begun"]
    assert begun[0]["making"] == other.id
    assert begun[1]["by"] == begun[0]["by"], "anne chose the capture, and began the import"


async def test_of_a_capture_that_is_not_current_any_more_none_is_begun(
    record: Record, store: Store, data: Path
) -> None:
    old = put_master(store, "ecole", part("a"), version="1", key=load_key(data))
    new = put_master(store, "ecole", part("b"), version="2", key=load_key(data))
    assert record.makings.put_off(ToShrink(name="ecole", version="1", digest=old.digest, job="j"))
    makings = Makings(record, store.current)
    async with both_at_work(makings, made_of(record, makings, store, data)):
        await eventually(lambda: not record.makings.waiting())
    assert makings.shown is None
    assert store.versions("ecole") == Versions(new.digest, old.digest)


async def test_of_a_capture_that_a_profile_gives_whole_by_now_none_is_begun(
    record: Record, store: Store, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    captured = put_master(store, "ecole", part("a"), version="1", key=load_key(data))
    assert record.makings.put_off(ToShrink(name="ecole", version="1", digest=captured.digest, job="j"))
    makings = Makings(record, store.current)
    async with both_at_work(makings, made_of(record, makings, store, data, kept="ecole")):
        await eventually(lambda: not record.makings.waiting())
    assert makings.shown is None
    assert "no smaller version of ecole is made: a profile gives it without customising" in caplog.text


async def test_a_record_that_is_away_when_the_server_begins_ends_nothing(
    record: Record, store: Store, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = put_master(store, "ecole", part("a"), version="1", key=load_key(data))
    put_master(store, "ecole", part("b"), version="2", key=load_key(data))
    assert record.makings.put_off(ToShrink(name="ecole", version="1", digest=old.digest, job="j"))
    real, asked = record.makings.waiting, 0

    def away_at_first() -> tuple[ToShrink, ...]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RecordAway("it is elsewhere")
        return real()

    makings = Makings(record, store.current)
    monkeypatch.setattr(smaller_captures, "AGAIN", 0.1)
    monkeypatch.setattr(record.makings, "waiting", away_at_first)
    async with both_at_work(makings, made_of(record, makings, store, data)):
        await eventually(lambda: not real())
    assert asked > 1


async def test_one_that_cannot_be_made_smaller_fails_with_its_reason_and_the_capture_stays(
    record: Record, store: Store, data: Path
) -> None:
    captured = put_master(store, "ecole", part("a"), version="1", key=load_key(data))
    assert record.makings.put_off(ToShrink(name="ecole", version="1", digest=captured.digest, job="j"))
    makings = Makings(record, store.current)
    async with both_at_work(makings, made_of(record, makings, store, data)):
        await eventually(lambda: makings.shown is not None and not makings.runs, within=LONG)
    assert makings.shown is not None
    assert (makings.shown.making.state, makings.shown.making.kind) == ("failed", "shrink")
    assert makings.shown.making.message
    assert record.makings.waiting() == ()
    assert store.versions("ecole") == Versions(captured.digest)


@pytest.mark.parametrize(("smaller", "kept", "waits"), [(True, "", True), (False, "", False), (True, "ecole", False)])
async def test_it_waits_only_where_it_was_asked_for_and_it_would_grow_again(
    record: Record, store: Store, data: Path, smaller: bool, kept: str, waits: bool
) -> None:
    options = {"capture": {"name": "ecole", "title": "École", "licence": "MIT", "smaller": smaller}}
    profile = replace(CAPTURE, options=options)
    job = Job(id="j", profile=profile, stages=new_stages(profile), inventory=pc(), hostname="pc-1")
    made = CaptureResult(
        manifest="a" * 64,
        name="ecole",
        version="1",
        source=DiskId(serial="S", size=1),
        chunks=1,
        used=1,
        sent_chunks=1,
        sent=1,
    )
    makings = Makings(record, store.current)
    await made_of(record, makings, store, data, kept=kept).captured(job, made)
    assert bool(makings.waiting) is waits
    assert bool(record.makings.waiting()) is waits


def test_so_many_wait_each_once_and_what_cannot_be_read_is_none(record: Record) -> None:
    some = [ToShrink(name="e", version=str(n), digest=f"{n:064x}", job="j") for n in range(MOST_WAITING + 1)]
    assert all(record.makings.put_off(one) for one in (*some[:-1], some[0]))
    assert not record.makings.put_off(some[-1])
    assert record.makings.waiting() == tuple(some[:-1])
    record.makings.done_with(some[3])
    assert record.makings.put_off(some[-1])
    assert record.makings.waiting() == (*some[:3], *some[4:])
    record.people.set_setting("masters.to-shrink", "[{]")
    assert record.makings.waiting() == ()


@pytest.mark.parametrize(("version", "smaller"), [("1", "1-small"), ("x" * 64, "x" * 58 + "-small")])
def test_the_name_of_a_smaller_version_is_one_that_a_manifest_can_have(version: str, smaller: str) -> None:
    assert smaller_version_of(version) == smaller
