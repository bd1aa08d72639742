"""Folders of profiles in a store: what a server or a job gives PCs stays, whoever cleans up, and all else goes."""

import hashlib
import shutil
from pathlib import Path

import pytest

from netboot.files.parcel_folder import read_folder
from netboot.serve.parcels import take_in_folders
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import Parcel, PlacedFolder
from netboot.store import Store, StoreError
from netboot.store.parcels import parcels_there, read_parcel, served_parcels
from netboot.store.store import chunk_name
from netboot.store.upkeep import collect_garbage, taking_back_unused_chunks, verify

KEY = bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def folder(tmp_path: Path, name: str, content: bytes) -> tuple[Path, PlacedFolder]:
    path = tmp_path / name
    path.mkdir(exist_ok=True)
    (path / "fw.bin").write_bytes(content)
    parcel = read_folder(path, len)
    listing = parcel.listing
    digest = hashlib.sha256(listing).hexdigest()
    placed = PlacedFolder(path="/lib/firmware", beside=name, parcel=digest, listed=len(listing), size=parcel.size)
    return path, placed


def whole(store: Store, digest: str) -> bool:
    parcel: Parcel = read_parcel(store, digest)
    return all(store.has_chunk(name) for name in parcel.pieces)


def test_what_the_server_gives_is_in_the_store_and_stays(store: Store, tmp_path: Path) -> None:
    first, second = folder(tmp_path, "one", b"one" * 700_000), folder(tmp_path, "two", b"two")
    take_in_folders(store, dict([first, second]))
    both = {first[1].parcel, second[1].parcel}
    assert served_parcels(store) == set(parcels_there(store)) == both
    collect_garbage(store)
    assert all(whole(store, digest) for digest in both)
    take_in_folders(store, dict([first, second]))
    assert verify(store, KEY) == ()


def test_what_no_server_gives_any_more_goes_once_no_job_holds_it(store: Store, tmp_path: Path) -> None:
    path, old = folder(tmp_path, "one", b"old")
    take_in_folders(store, {path: old})
    path, new = folder(tmp_path, "one", b"new")
    take_in_folders(store, {path: new})
    collect_garbage(store, keep=lambda: (old.parcel,))
    assert whole(store, old.parcel)
    deleted = collect_garbage(store)
    assert (deleted.chunks, parcels_there(store)) == (2, (new.parcel,))
    assert whole(store, new.parcel)
    take_in_folders(store, {})
    assert collect_garbage(store).chunks == 2
    assert parcels_there(store) == ()


def test_an_import_that_fails_takes_no_folder_with_it(store: Store, tmp_path: Path) -> None:
    path, old = folder(tmp_path, "one", b"old")
    take_in_folders(store, {path: old})
    take_in_folders(store, {})

    def fail() -> None:
        with taking_back_unused_chunks(store):
            store.put_chunk(b"half an import")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert whole(store, old.parcel)
    assert len(store.blobs.list("chunks")) == 2


def test_a_damaged_folder_is_told_and_deletes_nothing(store: Store, tmp_path: Path) -> None:
    path, one = folder(tmp_path, "one", b"one")
    take_in_folders(store, {path: one})
    (piece,) = read_parcel(store, one.parcel).pieces
    store.blobs.put(chunk_name(piece), b"damaged")
    (damage,) = verify(store, KEY)
    assert (damage.masters, damage.part) == ((f"the folder {one.parcel[:12]}",), piece)
    store.blobs.put(chunk_name(one.parcel), b"damaged")
    store.put_chunk(b"unused")
    with pytest.raises(StoreError):
        collect_garbage(store)
    assert len(store.blobs.list("chunks")) == 3
    assert {damage.part for damage in verify(store, KEY)} == {one.parcel}
    take_in_folders(store, {path: one})
    assert verify(store, KEY) == ()


def test_where_it_is_lost_which_folders_are_kept_nothing_is_deleted(store: Store, tmp_path: Path) -> None:
    path, one = folder(tmp_path, "one", b"one")
    take_in_folders(store, {path: one})
    shutil.rmtree(store.folder / "folders")
    with pytest.raises(StoreError, match="which folders of profiles are kept is lost") as told:
        collect_garbage(store)
    assert "restart `serve`" in told.value.hint
    assert whole(store, one.parcel)
    take_in_folders(store, {path: one})
    assert collect_garbage(store).chunks == 0
    shutil.rmtree(store.folder / "folders")
    take_in_folders(store, {})
    assert collect_garbage(store).chunks == 2


def test_a_folder_that_changes_between_reading_and_keeping_stops_the_start(store: Store, tmp_path: Path) -> None:
    path, one = folder(tmp_path, "one", b"one")
    (path / "fw.bin").write_bytes(b"two")
    with pytest.raises(NetbootError, match="was changed just now"):
        take_in_folders(store, {path: one})
    assert served_parcels(store) == frozenset()
    (path / "fw.bin").unlink()
    with pytest.raises(NetbootError, match="holds no file"):
        take_in_folders(store, {path: one})


def test_a_server_without_folders_writes_nothing(store: Store) -> None:
    take_in_folders(store, {})
    assert not store.folder.exists()


def test_a_full_disk_keeps_no_server_from_its_start_that_has_it_all(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, one = folder(tmp_path, "one", b"one")
    take_in_folders(store, {path: one})

    def full(wanted: int) -> None:
        raise StoreError(f"no room for {wanted}", hint="")

    monkeypatch.setattr(store, "require_space", full)
    monkeypatch.setattr(store.blobs, "put", lambda name, data: full(len(data)))
    monkeypatch.setattr(store.blobs, "put_soon", lambda name, data: full(len(data)))
    take_in_folders(store, {path: one})
    path, other = folder(tmp_path, "two", b"two")
    with pytest.raises(StoreError):
        take_in_folders(store, {path: other})


def test_a_damaged_note_of_what_is_served_is_written_anew_by_the_next_start(store: Store, tmp_path: Path) -> None:
    path, one = folder(tmp_path, "one", b"one")
    for folders in ({path: one}, dict[Path, PlacedFolder]()):
        take_in_folders(store, {path: one})
        store.blobs.put("served/folders", b"\xff\n")
        with pytest.raises(StoreError, match="served/folders cannot be read") as told:
            collect_garbage(store)
        assert "restart `serve`" in told.value.hint
        assert whole(store, one.parcel)
        take_in_folders(store, folders)
        assert served_parcels(store) == {known.parcel for known in folders.values()}
        collect_garbage(store)


def test_a_lost_listing_is_told_with_what_brings_it_back(store: Store, tmp_path: Path) -> None:
    path, one = folder(tmp_path, "one", b"one")
    take_in_folders(store, {path: one})
    store.blobs.remove(chunk_name(one.parcel))
    with pytest.raises(StoreError) as told:
        collect_garbage(store)
    assert "restart `serve`" in told.value.hint
    take_in_folders(store, {path: one})
    collect_garbage(store)
    assert whole(store, one.parcel)
