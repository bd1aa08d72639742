"""Masters made by a process of the server's own: what it tells, how it ends, and what is on the record of it."""

import asyncio
import errno
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from netboot.auth.server_keys import load_key, public_key
from netboot.jobs.making import ImportOrder, Making, MakingKind, MakingState
from netboot.masters.account import account
from netboot.masters.bundle.format import MAGIC
from netboot.records.record import Record
from netboot.records.refusals import AtWork
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.workshop import makings as module
from netboot.workshop.makings import Makings
from tests.masters.images import LINUX, MIB, SWAP, ext4, gpt_disk, is_empty, sized
from tests.store.test_store import part, put_master
from tests.workshop.player import eventually

pytestmark = pytest.mark.root

WHO = "anne"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir(mode=0o700)
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Store:
    return Store(data / "store", accepts=public_key(load_key(data)))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small disk with swap alone, whose import takes no time."""
    swap = sized(tmp_path / "swap", 2 * MIB)
    run(["mkswap", swap])
    return gpt_disk(tmp_path, [(SWAP, swap)], name="swap.raw", size=8 * MIB)


def order(data: Path, file: Path, *, name: str = "ecole", version: str = "2") -> ImportOrder:
    return ImportOrder(
        data=os.fspath(data), bootfiles=os.fspath(data / "none"), file=os.fspath(file),
        name=name, version=version, title="École", licence="MIT",
    )  # fmt: skip


@asynccontextmanager
async def at_work(makings: Makings) -> AsyncIterator[None]:
    """As a server's service; ended as the server ends it."""
    task = asyncio.create_task(makings.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def state(makings: Makings) -> MakingState | None:
    return makings.shown.making.state if makings.shown is not None else None


def is_over(makings: Makings) -> Callable[[], bool]:
    return lambda: not makings.runs


def workers_of(file: Path) -> list[int]:
    """The processes that take in this file."""
    pids = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"netboot.masters.worker" in words and os.fsencode(file) in words:
            pids.append(int(entry.name))
    return pids


async def worker_of(file: Path) -> int:
    """The process that takes in this file, once it is there."""
    await eventually(lambda: bool(workers_of(file)))
    return workers_of(file)[0]


def events(record: Record) -> list[dict[str, str]]:
    told = [event for event in record.journal.read(limit=100) if event.kind.startswith("making-")]
    return [{"event": event.kind, **json.loads(event.body)} for event in told]


async def test_a_disk_is_taken_in_and_the_record_knows_who_ordered_it_and_what_came_of_it(
    record: Record, data: Path, store: Store, tmp_path: Path
) -> None:
    file = gpt_disk(tmp_path, [(LINUX, ext4(tmp_path))])
    makings = Makings(record, store.current)
    steps = set()
    async with at_work(makings), makings.watch() as changed:
        making = await makings.begin(order(data, file), WHO)
        with pytest.raises(AtWork):
            await makings.begin(order(data, file, name="other"), WHO)
        while makings.runs:
            await changed.wait()
            changed.clear()
            assert makings.shown is not None
            steps.add((makings.shown.step, makings.shown.percent))
    manifest = store.current("ecole")
    assert manifest is not None
    assert (manifest.version, manifest.title, manifest.licence) == ("2", "École", "MIT")
    assert {"checking", "packing"} <= {step for step, _ in steps}
    assert ("packing", 100) in steps
    ended = record.makings.newest()
    assert ended is not None
    assert (ended.state, ended.digest, ended.version) == ("done", manifest.digest, "2")
    assert ended.account == account(manifest), "what the command line says of it"
    assert [row.digest for row in record.masters.all()] == [manifest.digest]
    begun, end = events(record)
    assert (begun["event"], begun["making"], begun["kind"], begun["name"]) == (
        "making-begun", making.id, "import", "ecole",
    )  # fmt: skip
    assert begun["by"]
    assert WHO not in json.dumps([begun, end])
    assert (end["event"], end["state"], end["digest"]) == ("making-ended", "done", manifest.digest)


async def test_what_is_refused_says_why_and_what_to_do_and_leaves_nothing(
    record: Record, data: Path, store: Store, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.raw"
    cut.write_bytes(b"no disk" * 1000)
    makings = Makings(record, store.current)
    async with at_work(makings):
        await makings.begin(order(data, cut), WHO)
        await eventually(is_over(makings))
    ended = record.makings.newest()
    assert ended is not None
    assert ended.state == "failed"
    assert "cut.raw" in ended.message
    assert ended.hint
    assert is_empty(store)
    assert "cut.raw" not in json.dumps(events(record)), "the name of somebody's file is on no chain"


async def test_a_bundle_is_left_to_the_command_line_where_its_key_is_compared(
    record: Record, data: Path, store: Store, tmp_path: Path
) -> None:
    bundle = tmp_path / "from-metz.netboot"
    bundle.write_bytes(MAGIC + bytes(4096))
    makings = Makings(record, store.current)
    async with at_work(makings):
        await makings.begin(order(data, bundle), WHO)
        await eventually(is_over(makings))
    assert makings.shown is not None
    assert "another workshop" in makings.shown.making.message
    assert "netboot master import" in makings.shown.making.hint


async def test_one_that_a_person_stops_ends_and_leaves_what_was_there_as_it_was(
    record: Record, data: Path, store: Store, image: Path
) -> None:
    before = put_master(store, "ecole", part("a"), version="1", key=load_key(data))
    makings = Makings(record, store.current)
    async with at_work(makings):
        with store.exclusive():  # as a clean-up does: the import waits for it
            making = await makings.begin(order(data, image), WHO)
            await worker_of(image)
            assert not makings.stop("another", WHO)
            assert makings.stop(making.id, WHO)
            await eventually(is_over(makings))
        assert not makings.stop(making.id, WHO), "it is over"
        current = store.current("ecole")
        assert current is not None
        assert current.digest == before.digest
        assert state(makings) == "stopped"
        assert events(record)[-1]["by"], "who stopped it"
        await makings.begin(order(data, image), WHO)
        await eventually(is_over(makings))
        assert state(makings) == "done", "another one begins"


async def test_a_process_that_is_killed_is_told_and_the_store_stays_clean(
    record: Record, data: Path, store: Store, image: Path
) -> None:
    makings = Makings(record, store.current)
    async with at_work(makings):
        with store.exclusive():
            await makings.begin(order(data, image), WHO)
            os.kill(await worker_of(image), signal.SIGKILL)
            await eventually(is_over(makings))
    assert makings.shown is not None
    assert (makings.shown.making.state, makings.shown.making.message) == (
        "failed", "the work was killed from outside, or for want of memory",
    )  # fmt: skip
    assert verify(store, public_key(load_key(data))) == ()
    assert store.current("ecole") is None


async def test_what_no_one_foresaw_is_told_with_its_last_words(record: Record, data: Path, store: Store) -> None:
    makings = Makings(record, store.current, worker=(sys.executable, "-c", "raise RuntimeError('unforeseen')"))
    async with at_work(makings):
        await makings.begin(order(data, data), WHO)
        await eventually(is_over(makings))
    assert makings.shown is not None
    assert makings.shown.making.message == "the work ended with status 1"
    assert "RuntimeError: unforeseen" in makings.shown.making.hint


async def test_a_server_that_is_stopped_ends_it_and_the_next_one_says_that_it_was_interrupted(
    record: Record, data: Path, store: Store, image: Path
) -> None:
    makings = Makings(record, store.current)
    with store.exclusive():
        async with at_work(makings):
            await makings.begin(order(data, image), WHO)
            pid = await worker_of(image)
        assert not Path(f"/proc/{pid}").exists()
    again = Makings(record, store.current)
    await again.recover()
    assert state(again) == "interrupted"
    assert not again.runs


async def test_a_master_that_was_there_when_the_server_was_killed_is_told_as_made(
    record: Record, data: Path, store: Store
) -> None:
    making = Making(id="m", kind="build", name="ecole", source="ecole.yaml", began=1.0)
    record.makings.begin(making, WHO)
    made = put_master(store, "ecole", part("a"), version="7", key=load_key(data))
    record.makings.note(replace(making, publishing=made.digest))
    makings = Makings(record, store.current)
    await makings.recover()
    assert makings.shown is not None
    assert (makings.shown.making.state, makings.shown.making.digest) == ("done", made.digest)
    assert makings.shown.making.version == "7"
    assert [row.digest for row in record.masters.all()] == [made.digest]


SILENT = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"


def worker_that_publishes(digest: str) -> tuple[str, ...]:
    """One that is about to publish this and says nothing more, as one that is killed right then."""
    told = json.dumps({"type": "publishing", "digest": digest})
    return (sys.executable, "-c", SILENT, told)


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("end", ["stopped", "killed", "server"])
async def test_what_was_published_before_the_work_could_say_so_is_told_as_made_and_nobody_elses(
    record: Record, data: Path, store: Store, tmp_path: Path, end: str, *, others: bool
) -> None:
    put_master(store, "ecole", part("b"), version="6", key=load_key(data))
    made = put_master(Store(tmp_path / "elsewhere"), "ecole", part("a"), version="7", key=load_key(data))
    makings = Makings(record, store.current, worker=worker_that_publishes(made.digest))
    async with at_work(makings):
        making = await makings.begin(order(data, data), WHO)
        await eventually(lambda: (kept := record.makings.newest()) is not None and kept.publishing == made.digest)
        if others:  # as `netboot master import` beside it
            put_master(store, "ecole", part("c"), version="8", key=load_key(data))
        else:
            put_master(store, "ecole", part("a"), version="7", key=load_key(data))
        if end == "stopped":
            assert makings.stop(making.id, WHO)
        elif end == "killed":
            os.kill(silent()[0], signal.SIGKILL)
        if end != "server":
            await eventually(is_over(makings))
    ended = record.makings.newest()
    assert ended is not None
    if others:
        states = {"stopped": "stopped", "killed": "failed", "server": "interrupted"}
        assert (ended.state, ended.digest) == (states[end], "")
        assert record.masters.all() == ()
        return
    assert (ended.state, ended.digest, ended.version, ended.message) == ("done", made.digest, "7", "")
    assert ended.account == account(made)
    assert [row.digest for row in record.masters.all()] == [made.digest]
    assert "by" not in events(record)[-1], "nobody stopped it"


def silent() -> list[int]:
    """The silent processes of this one."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if os.fsencode(SILENT) in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_whatever_goes_wrong_around_the_work_it_ends_and_another_one_begins(
    record: Record, data: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_words: object, **_options: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    makings = Makings(record, store.current, worker=(sys.executable, "-c", "raise SystemExit(3)"))
    async with at_work(makings):
        with monkeypatch.context() as patched:
            patched.setattr(module, "follow", no_memory)
            await makings.begin(order(data, data), WHO)
            await eventually(is_over(makings))
        assert makings.shown is not None
        assert makings.shown.making.state == "failed"
        assert "Cannot allocate memory" in makings.shown.making.message
        await makings.begin(order(data, data), WHO)
        await eventually(is_over(makings))
    assert makings.shown.making.message == "the work ended with status 3"


async def test_an_end_that_the_record_does_not_take_is_kept_before_the_next_one_begins(
    record: Record, data: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_values: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    makings = Makings(record, store.current, worker=(sys.executable, "-c", "raise SystemExit(3)"))
    async with at_work(makings):
        with monkeypatch.context() as patched:
            patched.setattr(record.makings, "end", full)
            first = await makings.begin(order(data, data), WHO)
            await eventually(is_over(makings))
            assert state(makings) == "failed"
            with pytest.raises(OSError, match="No space left"):
                await makings.begin(order(data, data), WHO)
        await makings.begin(order(data, data, version="3"), WHO)
        await eventually(is_over(makings))
    told = [(one["event"], one["making"], one.get("state")) for one in events(record)]
    assert told[:2] == [("making-begun", first.id, None), ("making-ended", first.id, "failed")]
    assert len(told) == 4


async def test_a_making_that_another_version_wrote_keeps_no_server_from_starting(
    record: Record, data: Path, store: Store
) -> None:
    making = Making(id="m", kind="build", name="ecole", source="ecole.yaml", began=1.0)
    record.makings.begin(replace(making, kind=cast(MakingKind, "another")), WHO)
    makings = Makings(record, store.current)
    await makings.recover()
    assert makings.shown is None
    assert (await makings.begin(order(data, data), WHO)).state == "running"
