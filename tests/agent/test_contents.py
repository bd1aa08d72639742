"""What was read back from an erased disk: how much of it is of one kind, and whether anything of before is in it."""

import os

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.contents import Contents, Viewer, sought
from netboot.agent.erase.firmware.markers import SECTOR, digest

OLD = [bytes([number]) * 8 + os.urandom(SECTOR - 8) for number in range(4)]
"""Sectors of before."""
LOOKALIKE = OLD[0][:8] + bytes(SECTOR - 8)
"""Begins as one of them, and is none."""
ZEROS, ONES = bytes(SECTOR), b"\xff" * SECTOR
PIECE = 8


def seen(*pieces: bytes) -> Contents:
    contents = Contents(sought(digest(sector) for sector in OLD))
    viewer = Viewer(contents, PIECE * SECTOR)
    for piece in pieces:
        viewer.look(memoryview(bytearray(piece)))
    return contents


@given(st.lists(st.lists(st.sampled_from([*OLD, LOOKALIKE, ZEROS, ONES]), min_size=1, max_size=PIECE), max_size=6))
def test_all_is_counted_whatever_the_pieces(pieces: list[list[bytes]]) -> None:
    contents = seen(*(b"".join(piece) for piece in pieces))
    even = [piece for piece in pieces if len(set(piece)) == 1]
    assert contents.elsewhere == sum(sector in OLD for piece in pieces for sector in piece)
    lengths = [sum(len(piece) for piece in even if piece[0] == sector) for sector in {piece[0] for piece in even}]
    assert contents.even == max(lengths, default=0) * SECTOR
    one = {sector for piece in pieces for sector in piece}
    assert contents.value == (one.pop()[0] if one in ({ZEROS}, {ONES}) else None)


def test_one_sector_again_and_again_is_of_one_kind_though_it_is_no_single_byte() -> None:
    sector = bytes.fromhex("33cc55aa") * (SECTOR // 4)
    contents = seen(sector * 8, sector * 8, sector)
    assert (contents.value, contents.even) == (None, 17 * SECTOR)


def test_more_kinds_than_are_counted_are_simply_not_the_same() -> None:
    contents = seen(*(os.urandom(SECTOR) * 2 for _ in range(500)), ZEROS * 4)
    assert (contents.value, contents.even, contents.elsewhere) == (None, 2 * SECTOR, 0)


def test_nothing_read_is_nothing_seen() -> None:
    contents = seen()
    assert (contents.value, contents.even, contents.elsewhere) == (None, 0, 0)
