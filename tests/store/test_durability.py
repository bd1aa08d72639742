"""What outlasts a power cut or a disk that takes no more: never a published master whose chunks are not on the disk."""

import errno
import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from netboot.shared.process import run
from netboot.store import BlobFolder, Store, StoreError
from netboot.store.store import chunk_name, manifest_name
from netboot.store.upkeep import verify
from tests.store.test_store import KEY, PUBLIC, part, put_master


def test_a_write_that_dies_leaves_nothing_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def power_cut(_: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", power_cut)
    name = manifest_name("0" * 64)
    with pytest.raises(StoreError, match="power cut"):
        store.blobs.put(name, part("a"))
    assert not store.blobs.exists(name)
    assert not any((tmp_path / "drafts").iterdir())


def test_data_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    name = manifest_name("0" * 64)
    named_at_sync: list[bool] = []
    real = os.fsync

    def watched(handle: int) -> None:
        named_at_sync.append(store.blobs.exists(name))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    store.blobs.put(name, part("a"))
    # The file before the rename, its folder after it.
    assert named_at_sync == [False, True]


def test_chunks_are_on_the_disk_before_their_manifest_is_and_that_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    put, soon, sync = BlobFolder.put, BlobFolder.put_soon, BlobFolder.sync

    def noted_put(folder: BlobFolder, name: str, data: bytes) -> None:
        put(folder, name, data)
        happened.append(name.partition("/")[0])

    def noted_soon(folder: BlobFolder, name: str, data: bytes) -> None:
        happened.append(name.partition("/")[0])
        soon(folder, name, data)

    def noted_sync(folder: BlobFolder) -> None:
        sync(folder)
        happened.append("sync")

    put_master(Store(tmp_path), "before", part("a"))
    monkeypatch.setattr(BlobFolder, "put", noted_put)
    monkeypatch.setattr(BlobFolder, "put_soon", noted_soon)
    monkeypatch.setattr(BlobFolder, "sync", noted_sync)
    put_master(Store(tmp_path), "one", part("b"), part("c"))
    assert happened == ["chunks", "chunks", "lengths", "sync", "manifests", "masters"]
    happened.clear()
    put_master(Store(tmp_path), "two", part("a"))
    assert happened == ["lengths", "sync", "manifests", "masters"], "what another has put may not be on the disk yet"


@pytest.mark.parametrize("left", [b"", b"\0" * 30, None], ids=["empty", "zeros", "cut"])
def test_a_chunk_that_a_power_cut_left_in_part_is_not_taken_for_there(tmp_path: Path, left: bytes | None) -> None:
    store = Store(tmp_path)
    sha256 = store.put_chunk(part("a"))
    frame = store.get_frame(sha256)
    file = store.blobs.path_of(chunk_name(sha256))
    assert file is not None
    file.write_bytes(frame[:-3] if left is None else left)
    assert not store.has_chunk(sha256)
    store.put_frame(sha256, frame)
    assert store.has_chunk(sha256)
    file.write_bytes(frame[:-3] if left is None else left)
    put_master(store, "one", part("a"))
    assert verify(Store(tmp_path), PUBLIC) == ()


@pytest.fixture
def lying_disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A file system that takes much into its memory, on a disk that has no room for it: only a sync tells. Where it is
    mounted, and what its disk lies on."""
    small, folder = tmp_path / "small", tmp_path / "store"
    small.mkdir()
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=12m", "ours", small])
    try:
        image = small / "disk.img"
        image.touch()
        os.truncate(image, 64 << 20)
        run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "nodiscard,lazy_itable_init=1", image])
        run(["mount", "-o", "loop", image, folder])
        try:
            yield folder, small
            gc.collect()  # the store's handle on its folder goes with it
        finally:
            run(["umount", folder])
    finally:
        run(["umount", small])


def put_noise(store: Store) -> None:
    noise = random.Random(3).randbytes(24 << 20)
    for at in range(0, len(noise), 1 << 20):
        store.put_chunk(noise[at : at + (1 << 20)])


@pytest.mark.root
def test_a_master_whose_chunks_the_disk_did_not_take_is_not_published(lying_disk: tuple[Path, Path]) -> None:
    folder, _ = lying_disk
    store = Store(folder / "store")
    put_noise(store)
    with pytest.raises(StoreError, match="cannot be written to"):
        put_master(store, "one", part("a"))
    assert Store(folder / "store").names() == {}


@pytest.mark.root
def test_every_import_that_was_at_work_learns_that_the_disk_did_not_take_its_chunks(
    lying_disk: tuple[Path, Path], tmp_path: Path
) -> None:
    """The kernel tells one of them; what the others have put by then is as doubtful."""
    folder, below = lying_disk
    store = Store(folder / "store")
    others = put_master(Store(tmp_path / "elsewhere"), "other", part("b"), part("c"))
    for chunk in others.chunks:
        store.put_chunk(part("b") if chunk.offset == 0 else part("c"))
    put_noise(store)
    with pytest.raises(StoreError, match="cannot be written to"):
        put_master(store, "one", part("a"))
    assert not any(store.has_chunk(chunk.sha256) for chunk in others.chunks), "as a capture asks, to have it sent anew"
    with pytest.raises(StoreError):
        store.publish(others, KEY)
    assert Store(folder / "store").names() == {}
    run(["mount", "-o", "remount,size=64m", below])
    store.blobs.sync()
    with pytest.raises(StoreError, match="is missing"):
        store.publish(others, KEY)
    put_master(store, "other", part("b"), part("c"))
    run(["sync", "--file-system", folder])
    assert verify(Store(folder / "store"), PUBLIC) == ()


def test_a_disk_that_takes_no_more_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        put_master(store, "one", part("a"))
    assert "larger disk" in caught.value.hint
    assert not any((tmp_path / "drafts").iterdir())
