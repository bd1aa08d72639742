"""Which chunks of a master are said to be missing, without those that look right being read."""

from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.shared.manifest import CHUNK_LIMIT, Chunk, Manifest
from netboot.store import BlobFolder, Store, StoreError
from netboot.store.lengths import LENGTHS
from netboot.store.store import chunk_name, unpack_chunk
from netboot.store.stored import lacking, missing, packed_sizes, stored
from netboot.store.upkeep import collect_garbage
from tests.store.test_store import KEY, PUBLIC, Stores, part, put_master


@pytest.mark.parametrize("size", [0, 1, 9])
def test_what_is_gone_or_as_good_as_gone_is_missing(tmp_path: Path, size: int) -> None:
    store = Store(tmp_path / "store", accepts=PUBLIC)
    manifest = put_master(store, "debian", *(part(letter) for letter in "abcda"))
    assert missing(store, manifest, packed_sizes(store, manifest)) == frozenset()
    names = [chunk.sha256 for chunk in manifest.chunks]
    store.blobs.remove(chunk_name(names[0]))
    (store.folder / chunk_name(names[1])).write_bytes(store.get_frame(names[1])[:size])
    assert missing(store, manifest, packed_sizes(store, manifest)) == frozenset(names[:2])
    assert stored(store, manifest).missing == 2


def lacks(store: Store, manifest: Manifest) -> frozenset[str]:
    return missing(store, manifest, packed_sizes(store, manifest))


@pytest.fixture(params=["its folder", "memory"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Store, Manifest]:
    """A master of three chunks that cannot be packed, and its store."""
    store = Stores(request.param)(tmp_path / "store")
    random = Random(1)
    return store, put_master(store, "debian", *(random.randbytes(64 * 1024) for _ in range(3)))


@pytest.mark.parametrize("left", [32 * 1024, -1, "more"])
def test_a_chunk_that_was_cut_short_is_missing(large: tuple[Store, Manifest], left: int | str) -> None:
    store, manifest = large
    name = manifest.chunks[1].sha256
    frame = store.get_frame(name)
    store.blobs.put(chunk_name(name), frame + b"\0" if isinstance(left, str) else frame[:left])
    assert lacks(store, manifest) == {name}
    store.put_chunk(unpack_chunk(frame))
    assert lacks(store, manifest) == frozenset(), "and mended by the next import"


def test_a_chunk_that_was_packed_anew_is_read_and_not_missing(large: tuple[Store, Manifest]) -> None:
    store, manifest = large
    name = manifest.chunks[0].sha256
    plain = store.get_chunk(name)
    frame = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(plain)
    assert len(frame) != len(store.get_frame(name))
    store.blobs.put(chunk_name(name), frame)
    assert lacks(store, manifest) == frozenset()
    spoilt = bytes([*frame[:-9], frame[-9] ^ 1, *frame[-8:]])
    store.blobs.put(chunk_name(name), spoilt)
    assert lacks(store, manifest) == {name}


@pytest.mark.parametrize("note", [None, b"", b"[1]", b"[0,0,0]", b'{"a":1}', b"[1,2"])
def test_without_a_note_that_can_be_read_what_is_there_counts(
    large: tuple[Store, Manifest], note: bytes | None
) -> None:
    store, manifest = large
    place = f"{LENGTHS}/{manifest.digest}"
    store.blobs.remove(place)
    if note is not None:
        store.blobs.put(place, note)
    name = manifest.chunks[1].sha256
    store.blobs.put(chunk_name(name), store.get_frame(name)[:-1])
    assert lacks(store, manifest) == frozenset()
    store.blobs.remove(chunk_name(name))
    assert lacks(store, manifest) == {name}


def test_a_note_goes_with_its_manifest(large: tuple[Store, Manifest]) -> None:
    store, manifest = large
    newer = [put_master(store, "debian", part(letter), version=letter).digest for letter in "ab"]
    assert store.listed(LENGTHS) == sorted(f"{LENGTHS}/{digest}" for digest in (manifest.digest, *newer))
    collect_garbage(store, keep=lambda: [manifest.digest])
    assert len(store.listed(LENGTHS)) == 3, "a job gets it still"
    collect_garbage(store)
    assert store.listed(LENGTHS) == sorted(f"{LENGTHS}/{digest}" for digest in newer)


def test_what_was_never_published_leaves_no_note_behind(large: tuple[Store, Manifest]) -> None:
    store, manifest = large
    gone = replace(manifest, version="2")
    store.blobs.remove(chunk_name(manifest.chunks[0].sha256))
    with pytest.raises(StoreError, match="is missing"):
        store.publish(gone, KEY)
    assert store.listed(LENGTHS) == [f"{LENGTHS}/{manifest.digest}"]


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return put_master(Store(tmp_path_factory.mktemp("master")), "debian", part("a"))


@given(st.binary(min_size=1, max_size=64), st.integers(1, 3 * 131072), st.sampled_from([-5, 1, 3, 19]))
@example(b"\0", CHUNK_LIMIT, 3)
@example(b"\0", 512, 19)
@settings(max_examples=60, deadline=None)
def test_no_frame_that_is_whole_is_taken_for_what_is_left_of_one(
    master: Manifest, repeated: bytes, length: int, level: int
) -> None:
    plain = (repeated * (length // len(repeated) + 1))[:length]
    frame = zstandard.ZstdCompressor(level=level).compress(plain)
    manifest = replace(master, chunks=(Chunk(0, length, "ab" * 32),))
    assert lacking(manifest, {"ab" * 32: len(frame)}) == frozenset()


def test_a_folder_in_a_chunks_place_is_no_chunk(tmp_path: Path) -> None:
    blobs = BlobFolder(tmp_path)
    blobs.put("chunks/ab", b"four")
    assert blobs.size("chunks/ab") == 4
    (tmp_path / "chunks" / "cd").mkdir()
    for name in ("chunks/cd", "chunks/ef"):
        assert not blobs.exists(name)
        with pytest.raises(FileNotFoundError):
            blobs.size(name)
