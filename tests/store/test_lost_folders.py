"""What of the store cannot be told is never taken for what is not there: nothing is deleted then, and it is said."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from netboot.store import Store, StoreError
from netboot.store.store import chunk_name
from netboot.store.upkeep import collect_garbage, remove_master, verify
from tests.store.test_closed_data_folder import said
from tests.store.test_store import PUBLIC, part, put_master

UNREADABLE = Path("/proc/self/mem")
"""A regular file whose first bytes cannot be read: EIO, as of a bad sector."""


def files_of(store: Store) -> list[str]:
    return sorted(str(path) for path in store.folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def test_where_the_names_of_the_masters_are_lost_nothing_is_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put_master(store, "school", part("a"), part("b"))
    shutil.move(tmp_path / "masters", tmp_path / "lost+found")
    before = files_of(store)
    with pytest.raises(StoreError, match="masters, which says what masters there are, is lost"):
        collect_garbage(Store(tmp_path))
    assert files_of(store) == before
    shutil.move(tmp_path / "lost+found", tmp_path / "masters")
    collect_garbage(Store(tmp_path))
    assert verify(Store(tmp_path), PUBLIC) == ()


@pytest.mark.parametrize("empty", [False, True])
def test_where_the_names_are_lost_none_is_written_until_the_manifests_are_moved_away(
    tmp_path: Path, empty: bool
) -> None:
    store = Store(tmp_path)
    before = put_master(store, "school", part("a"))
    now = put_master(store, "school", part("b"), version="2")
    shutil.rmtree(tmp_path / "masters")
    if empty:
        (tmp_path / "masters").mkdir()
    for act in (
        lambda: put_master(Store(tmp_path), "office", part("c")),
        lambda: Store(tmp_path).use("school", before.digest),
        lambda: Store(tmp_path).forget_version("school", before.digest),
        lambda: collect_garbage(Store(tmp_path)),
    ):
        with pytest.raises(StoreError, match="masters, which says what masters there are, is lost"):
            act()
    assert all(store.has_chunk(chunk.sha256) for one in (before, now) for chunk in one.chunks)
    (tmp_path / "manifests").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="manifests, with all that says"):
        collect_garbage(Store(tmp_path))
    put_master(Store(tmp_path), "school", part("b"), version="2")
    assert collect_garbage(Store(tmp_path)).chunks == 2


def test_the_only_master_stays_where_its_name_is_lost(tmp_path: Path) -> None:
    school = put_master(Store(tmp_path), "school", part("a"))
    (tmp_path / "masters/school").unlink()
    with pytest.raises(StoreError, match="masters, which says what masters there are, is lost"):
        collect_garbage(Store(tmp_path))
    put_back = f"{school.digest}\n".encode()
    (tmp_path / "masters/school").write_bytes(put_back)
    assert collect_garbage(Store(tmp_path)).chunks == 0
    assert verify(Store(tmp_path), PUBLIC) == ()


def test_a_new_version_drops_no_other_where_those_that_there_are_cannot_be_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put_master(store, "school", part("a"))
    name = tmp_path / "masters/school"
    name.unlink()
    name.symlink_to(UNREADABLE)
    with pytest.raises(StoreError, match="Input/output error"):
        put_master(Store(tmp_path), "school", part("b"), version="2")
    assert name.is_symlink()


def test_an_import_replaces_a_chunk_that_cannot_be_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    school = put_master(store, "school", part("a"))
    chunk = tmp_path / chunk_name(school.chunks[0].sha256)
    chunk.unlink()
    chunk.symlink_to(UNREADABLE)
    (damage,) = verify(Store(tmp_path), PUBLIC)
    assert "Input/output error" in damage.reason
    put_master(Store(tmp_path), "school", part("a"), version="2")
    assert verify(Store(tmp_path), PUBLIC) == ()


def test_a_last_master_whose_versions_pcs_still_get_is_removed_and_others_come(tmp_path: Path) -> None:
    store = Store(tmp_path)
    held = [put_master(store, "school", part(letter), version=letter).digest for letter in "ab"]
    assert remove_master(store, "school", keep=lambda: held).manifests == 0
    assert collect_garbage(Store(tmp_path), keep=lambda: held).spared == frozenset(held)
    put_master(Store(tmp_path), "office", part("c"))
    assert collect_garbage(Store(tmp_path)).manifests == 2
    assert Store(tmp_path).blobs.list("masters") == ["masters/office"]


def test_where_there_never_was_a_master_left_chunks_go(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put_chunk(part("a"))
    assert collect_garbage(store).chunks == 1


def test_a_folder_that_is_gone_while_it_is_listed_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    manifest = put_master(store, "school", part("a"))
    unused = tmp_path / "chunks" / store.put_chunk(part("b"))[:2]
    real, gone = os.scandir, tmp_path / "chunks" / manifest.chunks[0].sha256[:2]

    def scandir(place: Any) -> Any:
        if Path(place) == gone and gone.exists():
            gone.rename(tmp_path / "lost+found")
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(StoreError, match=f"{gone} cannot be listed: No such file or directory"):
        collect_garbage(Store(tmp_path))
    assert any(unused.iterdir())


@pytest.mark.root
@pytest.mark.parametrize("closed", ["manifests", "chunks", "masters"])
def test_a_folder_that_may_not_be_read_is_told_and_nothing_is_deleted(tmp_path: Path, closed: str) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    store = Store(data / "store")
    put_master(store, "school", part("a"))
    store.put_chunk(part("b"))
    before = files_of(store)
    (store.folder / closed).chmod(0)
    status, told = said("master gc", data)
    (store.folder / closed).chmod(0o700)
    assert status == 1
    assert "Permission denied" in told
    assert "Traceback" not in told
    assert files_of(store) == before
