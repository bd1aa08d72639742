"""A version that fits smaller disks, made by a process of the server's own of a master that is in the store."""

import json
import os
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, public_key
from netboot.jobs.making import ShrinkOrder
from netboot.masters.account import account
from netboot.masters.importing import import_master
from netboot.masters.shrinking import as_it_is
from netboot.masters.smaller_version import make_smaller_version
from netboot.records.record import Record
from netboot.shared.manifest import Manifest
from netboot.store import Store, StoreError
from netboot.store.upkeep import verify
from netboot.store.versions import Versions
from netboot.workshop.makings import Makings
from tests.masters.images import roomy_disk
from tests.store.test_store import part, put_master
from tests.workshop.player import eventually
from tests.workshop.test_makings import WHO, at_work, data, events, is_over, store

__all__ = ["data", "store"]
pytestmark = pytest.mark.root


def taken_whole(folder: Path, data: Path, store: Store) -> Manifest:
    """A master in its image's own size, which is mostly free."""
    about = {"name": "ecole", "version": "1", "licence": "MIT", "title": "École"}
    return import_master(roomy_disk(folder), store, load_key(data), None, as_it_is, **about, progress=lambda _: None)


def order(data: Path, whole: Manifest) -> ShrinkOrder:
    return ShrinkOrder(data=os.fspath(data), name="ecole", digest=whole.digest, of="1", version="1-small")


async def test_a_smaller_version_is_made_and_the_one_it_was_made_of_stays_as_the_version_before(
    record: Record, data: Path, store: Store, tmp_path: Path
) -> None:
    whole = taken_whole(tmp_path, data, store)
    makings = Makings(record, store.current)
    steps = set()
    async with at_work(makings), makings.watch() as changed:
        await makings.begin(order(data, whole), WHO)
        while makings.runs:
            await changed.wait()
            changed.clear()
            assert makings.shown is not None
            steps.add(makings.shown.step)
    small = store.current("ecole")
    assert small is not None
    assert store.versions("ecole") == Versions(small.digest, whole.digest)
    assert verify(store, public_key(load_key(data))) == ()
    assert {"laying-out", "shrinking", "packing"} <= steps
    ended = record.makings.newest()
    assert ended is not None
    assert (ended.state, ended.kind, ended.source, ended.version) == ("done", "shrink", "1", "1-small")
    assert (ended.disk, ended.shrunk_from) == (small.disk, whole.disk)
    assert small.disk < whole.disk
    assert ended.account == account(small)
    begun, end = events(record)
    assert (begun["kind"], begun["name"], end["digest"]) == ("shrink", "ecole", small.digest)
    assert WHO not in json.dumps([begun, end])


async def test_of_a_version_that_is_not_current_any_more_none_is_made(
    record: Record, data: Path, store: Store, tmp_path: Path
) -> None:
    whole = taken_whole(tmp_path, data, store)
    newer = put_master(store, "ecole", part("a"), version="2", key=load_key(data))
    makings = Makings(record, store.current)
    async with at_work(makings):
        await makings.begin(order(data, whole), WHO)
        await eventually(is_over(makings), within=120.0)
    assert makings.shown is not None
    assert (makings.shown.making.state, makings.shown.making.message) == (
        "failed", "ecole 1 is not the current version: nothing was changed",
    )  # fmt: skip
    assert store.versions("ecole") == Versions(newer.digest, whole.digest)


def test_of_a_version_that_is_not_current_any_more_once_all_is_packed_none_takes_its_place(
    data: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put_master(store, "ecole", part("a"), version="0", key=load_key(data))
    whole = taken_whole(tmp_path, data, store)
    real = store.blobs.sync

    def somebody_goes_back() -> None:
        monkeypatch.setattr(store.blobs, "sync", real)
        real()
        Store(store.folder).use("ecole", before.digest)

    monkeypatch.setattr(store.blobs, "sync", somebody_goes_back)
    with pytest.raises(StoreError, match="ecole has another current version since: nothing was changed"):
        make_smaller_version(store, whole.digest, load_key(data), version="1-small", progress=lambda _: None)
    assert store.versions("ecole") == Versions(before.digest, whole.digest)
    assert len(store.blobs.list("manifests")) == 2
    assert verify(store, public_key(load_key(data))) == ()


async def test_what_cannot_be_made_smaller_says_why_and_stays_as_it_was(
    record: Record, data: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = taken_whole(tmp_path, data, store)
    (tmp_path / "tools").mkdir()
    failing = tmp_path / "tools" / "resize2fs"
    failing.write_text("#!/bin/sh\necho 'resize2fs: Input/output error' >&2\nexit 1\n", encoding="ascii")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:{os.environ['PATH']}")
    makings = Makings(record, store.current)
    async with at_work(makings):
        await makings.begin(order(data, whole), WHO)
        await eventually(is_over(makings), within=120.0)
    assert makings.shown is not None
    ended = makings.shown.making
    assert (ended.state, ended.step) == ("failed", "shrinking")
    assert ended.message == "ecole 1 cannot be made smaller, or by too little: nothing was changed"
    assert "resize2fs ended with status 1" in ended.hint
    assert store.versions("ecole") == Versions(whole.digest)
    assert not list((store.folder / "drafts").iterdir())
