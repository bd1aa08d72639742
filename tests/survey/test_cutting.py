"""Cutting: all of it comes, within bounds; what moved is cut as before; edges are kept."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.shared.errors import NetbootError
from netboot.survey.cutting import BLOCK, SHAPE, cut, length_of_first, split
from netboot.survey.used_ranges import Range

MIB = 1024 * 1024


def pieces_of(disk: bytes, ranges: list[Range] | None = None, edges: tuple[int, ...] = ()) -> list[tuple[int, bytes]]:
    made = cut(lambda start, end: disk[start:end], ranges or [(0, len(disk))], edges)
    return [(at, bytes(plain)) for at, plain in made]


def blocks(*parts: tuple[str, int]) -> bytes:
    """Random blocks ("r"), zeros ("0"), or the one block that is a beginning over and over ("b"), so many of each."""
    source = random.Random(5)
    made = {"0": lambda: bytes(BLOCK), "r": lambda: source.randbytes(BLOCK), "b": lambda: beginning}
    return b"".join(made[kind]() for kind, count in parts for _ in range(count))


beginning = next(
    block
    for number in range(10_000)
    if length_of_first(bytes(SHAPE.shortest) + (block := number.to_bytes(4, "big") * (BLOCK // 4)) * 2)
    == SHAPE.shortest
)


@given(st.lists(st.tuples(st.sampled_from("0rb"), st.integers(1, 900)), min_size=1, max_size=5), st.data())
@settings(max_examples=25, deadline=None)
def test_every_byte_comes_once_in_order_whatever_is_on_the_disk(
    parts: list[tuple[str, int]], data: st.DataObject
) -> None:
    disk = blocks(*parts) + b"\x01" * data.draw(st.sampled_from([0, 512]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(disk) // BLOCK), max_size=6)))
    ranges = [(start * BLOCK, end * BLOCK) for start, end in zip(cuts[::2], cuts[1::2], strict=False)] or [
        (0, len(disk))
    ]
    edges = tuple(data.draw(st.lists(st.integers(0, len(disk)), max_size=4)))
    made = pieces_of(disk, ranges, edges)
    assert all(plain == disk[start : start + len(plain)] for start, plain in made)
    assert all(0 < len(plain) <= SHAPE.longest for _, plain in made)
    assert b"".join(plain for _, plain in made) == b"".join(disk[start:end] for start, end in ranges)
    starts = {start for start, _ in made}
    ends = {start for start, _ in ranges} | {edge for edge in edges if edge % BLOCK == 0}
    for start, plain in made:
        if len(plain) < SHAPE.shortest:
            assert start + len(plain) in starts | {end for _, end in ranges}
            assert start + len(plain) in ends | {end for _, end in ranges}, "only an edge or an end makes it shorter"


def test_what_moved_is_cut_as_it_was() -> None:
    old = blocks(("r", 8000))
    new = blocks(("b", 1)) + old[: 3000 * BLOCK] + random.Random(6).randbytes(7 * BLOCK) + old[3000 * BLOCK :]
    before, after = {plain for _, plain in pieces_of(old)}, {plain for _, plain in pieces_of(new)}
    shared = sum(map(len, before & after))
    assert shared > 0.75 * len(old)


def test_zeros_come_to_chunks_of_one_length() -> None:
    lengths = [len(plain) for _, plain in pieces_of(bytes(9 * MIB))]
    assert lengths == [SHAPE.longest] * 4 + [MIB]


def test_chunks_are_about_as_many_as_on_the_grid() -> None:
    """`masters/intake.py` judges by the grid, before anything is read, whether a manifest becomes too long."""
    assert 48 < len(pieces_of(blocks(("r", 64 * MIB // BLOCK)))) < 120


def test_a_piece_ends_where_a_partition_begins() -> None:
    disk = blocks(("r", 1000))
    starts = {start for start, _ in pieces_of(disk, edges=(100 * BLOCK, 101 * BLOCK, 777, len(disk)))}
    assert {100 * BLOCK, 101 * BLOCK} <= starts
    assert 777 not in starts
    alone = pieces_of(disk[101 * BLOCK :])
    assert [plain for start, plain in pieces_of(disk, edges=(101 * BLOCK,)) if start >= 101 * BLOCK] == [
        plain for _, plain in alone
    ]


def test_ranges_are_split_at_edges_inside_them_alone() -> None:
    assert list(split([(0, 3 * BLOCK), (5 * BLOCK, 6 * BLOCK)], (BLOCK, 0, 3 * BLOCK, 4 * BLOCK, 5 * BLOCK + 1))) == [
        (0, BLOCK),
        (BLOCK, 3 * BLOCK),
        (5 * BLOCK, 6 * BLOCK),
    ]


def test_a_disk_that_ends_before_the_range_is_noticed() -> None:
    with pytest.raises(NetbootError, match="ends before"):
        pieces_of(bytes(MIB), [(0, 2 * MIB)])
