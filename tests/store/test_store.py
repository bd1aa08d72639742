"""The store: what is put is what is got, nothing half-written is ever seen, foreign names open no file."""

import hashlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk, FileSystem, Manifest, Partition, UefiLoader, parse_signed
from netboot.shared.process import run
from netboot.store import BlobFolder, BlobStore, ForeignError, Store, StoreBusyError, StoreError
from netboot.store.blobs import read_blob
from netboot.store.store import chunk_name, manifest_name
from netboot.store.upkeep import (
    Deleted,
    collect_garbage,
    copy_master,
    forget_drafts,
    remove_master,
    taking_back_unused_chunks,
    verify,
)
from tests.store.memory_blobs import MemoryBlobs

KEY = SigningKey(b"\x07" * 32)
PUBLIC = bytes(KEY.verify_key)
SECTOR = 512


class Stores:
    """Makes stores whose blobs lie in one kind of place; the same folder means the same blobs."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._memory: dict[Path, BlobStore] = {}

    def blobs(self, folder: Path) -> BlobStore:
        if self._kind == "memory":
            return self._memory.setdefault(folder, MemoryBlobs())
        return BlobFolder(folder / "elsewhere" / "blobs" if self._kind == "another folder" else folder)

    def __call__(self, folder: Path, *, accepts: bytes | None = None) -> Store:
        if self._kind == "its folder":
            return Store(folder, accepts=accepts)
        return Store(folder, accepts=accepts, blobs=self.blobs(folder))


@pytest.fixture(scope="session", params=["its folder", "another folder", "memory"])
def make(request: pytest.FixtureRequest) -> Stores:
    return Stores(request.param)


def put_master(store: Store, name: str, *parts: bytes, version: str = "1", key: SigningKey = KEY) -> Manifest:
    """Publish a master whose disk is these parts, one after the other (each a whole number of sectors)."""
    root = Partition(number=1, start=0, length=SECTOR, type="83", role="root", filesystem=FileSystem(kind="ext4"))
    chunks, at = [], 0
    for part in parts:
        chunks.append(Chunk(at, len(part), store.put_chunk(part)))
        at += len(part)
    manifest = Manifest(
        name=name,
        version=version,
        title=name,
        licence="MIT",
        created="2026-01-02T03:04:05Z",
        architecture="amd64",
        sector=512,
        disk=1024 * 1024,
        table="gpt",
        partitions=(root,),
        uefi=UefiLoader(partition=1, path="/EFI/BOOT/BOOTX64.EFI", label="BOOT"),
        chunks=tuple(chunks),
    )
    store.publish(manifest, key)
    return manifest


def part(letter: str) -> bytes:
    return letter.encode() * SECTOR


@given(st.binary(min_size=1, max_size=5000))
@settings(max_examples=50)
def test_a_chunk_comes_back_as_it_was_put(make: Stores, tmp_path_factory: pytest.TempPathFactory, plain: bytes) -> None:
    store = make(tmp_path_factory.mktemp("store"))
    sha256 = store.put_chunk(plain)
    assert sha256 == hashlib.sha256(plain).hexdigest()
    assert store.get_chunk(sha256) == plain
    assert store.has_chunk(sha256)
    assert store.blobs.list("chunks") == [f"chunks/{sha256[:2]}/{sha256}.zst"]


@given(st.text(max_size=80))
def test_foreign_names_are_no_path(name: str) -> None:
    store = Store(Path("/nonexistent"))
    assert not store.has_chunk(name)
    with pytest.raises(StoreError):
        manifest_name(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", ".", "..", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_name_is_refused(make: Stores, tmp_path: Path, name: str) -> None:
    store = make(tmp_path)
    for call in (store.get_chunk, chunk_name, store.manifest, manifest_name):
        with pytest.raises(StoreError):
            call(name)
    if len(name) != 63 and name != "A" * 64:
        with pytest.raises(StoreError):
            store.current(name)


def test_a_published_master_is_current_and_signed(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    manifest = put_master(store, "small", part("a"), part("b"))
    fresh = make(tmp_path)
    assert fresh.current("small") == manifest
    assert parse_signed(read_blob(fresh.blobs, manifest_name(manifest.digest)), PUBLIC) == manifest
    assert fresh.current("other") is None


def test_a_manifest_whose_chunks_are_missing_is_not_published(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    manifest = put_master(store, "small", part("a"))
    store.blobs.remove(chunk_name(manifest.chunks[0].sha256))
    with pytest.raises(StoreError, match="missing"):
        store.publish(manifest, KEY)


def test_putting_a_chunk_again_repairs_a_damaged_one(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    sha256 = store.put_chunk(part("a"))
    for damage in (b"", b"garbage", store.get_frame(store.put_chunk(part("b")))):
        store.blobs.put(chunk_name(sha256), damage)
        with pytest.raises(StoreError):
            store.get_chunk(sha256)
        assert store.put_chunk(part("a")) == sha256
        assert store.get_chunk(sha256) == part("a")


def test_verify_names_the_masters_that_a_damaged_chunk_belongs_to(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    shared = put_master(store, "one", part("a"), part("b")).chunks[0].sha256
    put_master(store, "two", part("a"))
    put_master(store, "three", part("c"))
    assert verify(store, PUBLIC) == ()
    frame = bytearray(store.get_frame(shared))
    frame[-1] ^= 1
    store.blobs.put(chunk_name(shared), bytes(frame))
    (damage,) = verify(store, PUBLIC)
    assert damage.masters == ("one 1", "two 1")
    assert damage.part == shared


def test_verify_names_a_master_signed_by_another_workshop(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    put_master(store, "one", part("a"))
    (damage,) = verify(store, bytes(SigningKey(b"\x08" * 32).verify_key))
    assert damage.masters == ("one",)
    assert "signature" in damage.reason


def test_garbage_is_what_no_master_and_no_job_needs(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    old = put_master(store, "one", part("a"), part("b"))
    before = put_master(store, "one", part("e"), version="1.9")
    new = put_master(store, "one", part("b"), part("c"), version="2")
    gone = put_master(store, "two", part("d"))
    with store.draft(""):
        (tmp_path / "drafts" / "left-by-a-crash").write_bytes(b"x")
    deleted = remove_master(store, "two", keep=lambda: [old.digest, "f" * 64])
    assert (deleted.manifests, deleted.chunks, deleted.spared) == (1, 1, frozenset({old.digest}))
    assert not store.has_chunk(gone.chunks[0].sha256)
    assert not store.blobs.exists(manifest_name(gone.digest))
    assert store.get_chunk(old.chunks[0].sha256) == part("a")
    assert not any((tmp_path / "drafts").iterdir())
    deleted = collect_garbage(store)
    assert (deleted.manifests, deleted.chunks) == (1, 1)
    assert store.current("one") == new
    assert store.get_chunk(before.chunks[0].sha256) == part("e")
    assert verify(store, PUBLIC) == ()
    assert collect_garbage(store) == Deleted(0, 0, 0)


def test_a_chunk_that_is_here_whole_is_not_replaced_by_one_that_is_packed_otherwise(
    make: Stores, tmp_path: Path
) -> None:
    """A master that was published may need it, and what replaces it is not on the disk yet."""
    store = make(tmp_path)
    sha256 = store.put_chunk(part("a"))
    kept, other = store.get_frame(sha256), zstandard.ZstdCompressor(level=19, write_checksum=True).compress(part("a"))
    assert other != kept
    store.put_frame(sha256, other)
    assert store.get_frame(sha256) == kept


def test_nothing_is_deleted_while_a_build_writes(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    with store.writing():
        sha256 = store.put_chunk(part("a"))
        with pytest.raises(StoreBusyError):
            collect_garbage(make(tmp_path))
    assert store.has_chunk(sha256)


def test_nothing_is_deleted_when_a_manifest_that_must_stay_cannot_be_read(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    manifest = put_master(store, "one", part("a"))
    orphan = store.put_chunk(part("b"))
    store.blobs.put(manifest_name(manifest.digest), b"damaged")
    with pytest.raises(StoreError):
        collect_garbage(make(tmp_path))
    assert store.has_chunk(orphan)


def test_a_copied_master_is_signed_by_its_new_workshop(make: Stores, tmp_path: Path) -> None:
    source, target = make(tmp_path / "source"), make(tmp_path / "target")
    manifest = put_master(source, "one", part("a"), part("b"), part("a"))
    other = SigningKey(b"\x08" * 32)
    assert copy_master(source, target, manifest, other) == manifest.digest
    assert target.current("one") == manifest
    assert verify(target, bytes(other.verify_key)) == ()


def test_a_damaged_source_is_not_copied(make: Stores, tmp_path: Path) -> None:
    source, target = make(tmp_path / "source"), make(tmp_path / "target")
    manifest = put_master(source, "one", part("a"))
    source.blobs.put(chunk_name(manifest.chunks[0].sha256), source.get_frame(source.put_chunk(part("b"))))
    with pytest.raises(StoreError, match="damaged"):
        copy_master(source, target, manifest, KEY)
    assert target.current("one") is None


def test_copying_repairs_a_damaged_target(make: Stores, tmp_path: Path) -> None:
    source, target = make(tmp_path / "source"), make(tmp_path / "target")
    manifest = put_master(source, "one", part("a"))
    copy_master(source, target, manifest, KEY)
    target.blobs.put(chunk_name(manifest.chunks[0].sha256), b"garbage")
    copy_master(source, target, manifest, KEY)
    assert verify(target, PUBLIC) == ()


def test_too_little_space_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="MiB free") as caught:
        Store(tmp_path).require_space(1 << 60)
    assert "master remove" in caught.value.hint


def test_a_master_signed_by_another_key_is_no_master_where_the_key_is_told(make: Stores, tmp_path: Path) -> None:
    manifest = put_master(make(tmp_path), "one", part("a"))
    assert make(tmp_path, accepts=PUBLIC).current("one") == manifest
    other = make(tmp_path, accepts=bytes(SigningKey(b"\x08" * 32).verify_key))
    with pytest.raises(ForeignError, match="signature") as caught:
        other.current("one")
    assert caught.value.digest == manifest.digest
    assert "signing.key" in caught.value.hint


def test_an_import_that_fails_takes_back_what_no_manifest_needs(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    old = put_master(store, "one", part("a"), part("b"))
    put_master(store, "one", part("b"), version="2")

    def fails() -> None:
        with taking_back_unused_chunks(store):
            store.put_chunk(part("c"))
            raise NetbootError("the image ends too early")

    with pytest.raises(NetbootError):
        fails()
    assert not store.has_chunk(hashlib.sha256(part("c")).hexdigest())
    assert all(store.has_chunk(chunk.sha256) for chunk in old.chunks), "a running job may still need the older one"


@pytest.mark.root
def test_what_is_mounted_in_a_left_draft_and_in_use_is_not_deleted(tmp_path: Path) -> None:
    """A killed build's root may have /proc and /sys in it."""
    store = Store(tmp_path / "store")
    place = tmp_path / "store" / "drafts" / "left.build" / "root" / "mounted"
    place.mkdir(parents=True)
    run(["mount", "--types", "tmpfs", "ours", place])
    try:
        with (place / "kept").open("w") as in_use:
            in_use.write("not the store's")
            forget_drafts(store)
            assert (place / "kept").exists()
    finally:
        run(["umount", place], expect=None)
    forget_drafts(store)
    assert not place.parent.parent.exists()


def test_a_manifest_under_the_name_of_another_is_not_taken(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    older, newer = put_master(store, "debian", part("a")), put_master(store, "debian", part("b"), version="2")
    store.blobs.put(manifest_name(newer.digest), read_blob(store.blobs, manifest_name(older.digest)))
    with pytest.raises(StoreError):
        make(tmp_path).manifest(newer.digest)


def test_blobs_are_what_was_put_last_and_listed_by_what_they_are_below(make: Stores, tmp_path: Path) -> None:
    blobs = make.blobs(tmp_path)
    assert blobs.list("a") == []
    for name, data in {"a/2/x": b"old", "a/1": b"one", "ab/1": b"other", "a/2/y": b""}.items():
        blobs.put(name, data)
    blobs.put("a/2/x", b"new")
    assert blobs.list("a") == ["a/1", "a/2/x", "a/2/y"]
    assert read_blob(blobs, "a/2/x") == b"new"
    assert blobs.exists("a/2/y")
    assert not blobs.exists("a/2")
    blobs.remove("a/2/x")
    assert not blobs.exists("a/2/x")
    for ask in (blobs.open, blobs.remove):
        with pytest.raises(FileNotFoundError):
            ask("a/2/x")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "a/../../b", "a//b", "./a", "drafts/x", ".lock", "a/\0"])
def test_a_folder_opens_no_file_that_is_no_blob(tmp_path: Path, name: str) -> None:
    blobs = BlobFolder(tmp_path)
    for ask in (blobs.open, blobs.exists, blobs.list, blobs.remove, blobs.path_of):
        with pytest.raises(StoreError):
            ask(name)
    with pytest.raises(StoreError):
        blobs.put(name, b"")


def test_nobody_deletes_while_somebody_has_a_draft_or_writes(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    for held in (store.draft(".raw"), store.writing(), store.blobs.writing()):
        with held, pytest.raises(StoreBusyError), make(tmp_path).exclusive():
            pass
    with store.exclusive():
        assert store.forget_unfinished() == 0


def test_a_build_is_found_again_by_what_went_into_it(make: Stores, tmp_path: Path) -> None:
    store = make(tmp_path)
    manifest = put_master(store, "one", part("a"))
    inputs = "ab" * 32
    assert store.find_build(inputs) is None
    store.remember_build(inputs, manifest)
    assert make(tmp_path).find_build(inputs) == manifest
    store.blobs.put(manifest_name(manifest.digest), b"damaged")
    assert make(tmp_path).find_build(inputs) is None
