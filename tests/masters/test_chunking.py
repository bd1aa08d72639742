"""Chunking: what is in use goes into the store, in order, and lays out the same disk again."""

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.masters.chunking import put_chunks
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk
from netboot.store import Store
from netboot.survey.disk_file import open_disk
from netboot.survey.used_ranges import GRAIN, Range, align

SIZE = 4 * 1024 * 1024

Lay = Callable[[Iterable[Chunk], Store, Path, int], None]


@given(
    st.lists(st.tuples(st.integers(0, SIZE), st.integers(1, SIZE // 3)).map(lambda r: (r[0], r[0] + r[1])), max_size=6)
)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_used_ranges_come_back_and_the_rest_is_left_alone(
    tmp_path_factory: pytest.TempPathFactory, lay: Lay, ranges: list[Range]
) -> None:
    folder = tmp_path_factory.mktemp("disk")
    image, target = folder / "image", folder / "target"
    # Half of it zeros: they must be written as well, because the target does not hold zeros.
    plain = random.Random(1).randbytes(SIZE // 2) + bytes(SIZE // 2)
    image.write_bytes(plain)
    aligned = align(ranges, GRAIN, SIZE)
    with open_disk(image) as disk:
        chunks = put_chunks(disk, aligned, store := Store(folder / "store"), lambda _: None, workers=2)
    lay(chunks, store, target, SIZE)
    expected = bytearray(b"\xa5" * SIZE)
    for start, end in aligned:
        expected[start:end] = plain[start:end]
    assert target.read_bytes() == expected


def test_chunks_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(random.Random(2).randbytes(SIZE))
    with open_disk(image) as disk:
        made = [
            put_chunks(disk, ((0, SIZE),), Store(tmp_path / str(workers)), lambda _: None, workers=workers)
            for workers in (1, 3)
        ]
    assert made[0] == made[1]
    assert len(made[0]) > 4


def test_zeros_are_kept_once(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.touch()
    os.truncate(image, SIZE)
    store = Store(tmp_path / "store")
    done: list[int] = []
    with open_disk(image) as disk:
        chunks = put_chunks(disk, ((0, SIZE),), store, done.append)
    assert len({chunk.sha256 for chunk in chunks}) == 1
    assert done[-1] == SIZE
    assert store.get_chunk(chunks[0].sha256) == bytes(chunks[0].length)


def test_an_image_that_was_cut_short_is_noticed(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(SIZE))
    with open_disk(image) as disk, pytest.raises(NetbootError, match="ends before"):
        put_chunks(disk, ((0, SIZE + GRAIN),), Store(tmp_path / "store"), lambda _: None)
