"""Which chunks of a master are said to be missing, without one of them being read."""

from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.shared.manifest import CHUNK_LIMIT, Chunk, Manifest
from netboot.store import BlobFolder, Store
from netboot.store.store import chunk_name
from netboot.store.stored import lacking, packed_sizes, stored
from tests.store.test_store import PUBLIC, part, put_master


@pytest.mark.parametrize("size", [0, 1, 9])
def test_what_is_gone_or_as_good_as_gone_is_missing(tmp_path: Path, size: int) -> None:
    store = Store(tmp_path / "store", accepts=PUBLIC)
    manifest = put_master(store, "debian", *(part(letter) for letter in "abcda"))
    assert lacking(manifest, packed_sizes(store, manifest)) == frozenset()
    names = [chunk.sha256 for chunk in manifest.chunks]
    store.blobs.remove(chunk_name(names[0]))
    (store.folder / chunk_name(names[1])).write_bytes(store.get_frame(names[1])[:size])
    assert lacking(manifest, packed_sizes(store, manifest)) == frozenset(names[:2])
    assert stored(store, manifest).missing == 2


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
