"""What a disk holds that was read back: one sector again and again, others, and whether any was sought."""

import hashlib
import os

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.contents import Contents, Viewer, sought
from netboot.agent.erase.firmware.markers import SECTOR, digest

ZEROS = bytes(SECTOR)
OURS = [hashlib.shake_256(bytes([number])).digest(SECTOR) for number in range(16)]
MOST = 8 * SECTOR


def looked(*pieces: bytes, at: tuple[bytes, ...] = ()) -> Contents:
    """What is seen in these pieces, where these sectors are sought."""
    contents = Contents(sought(digest(sector) for sector in at))
    viewer = Viewer(contents, MOST)
    for piece in pieces:
        viewer.look(memoryview(piece))
    return contents


def told(contents: Contents) -> tuple[int | None, int, int]:
    return contents.value, contents.even, contents.elsewhere


def test_before_anything_was_read_nothing_is_told() -> None:
    assert told(looked()) == (None, 0, 0)


def test_a_disk_of_one_byte_throughout_tells_it_and_how_much_it_is() -> None:
    for value in (0, 0xA5, 0xFF):
        piece = bytes([value]) * MOST
        assert told(looked(piece, piece, piece[: 3 * SECTOR])) == (value, 2 * MOST + 3 * SECTOR, 0)


def test_one_sector_again_and_again_is_even_and_no_single_byte() -> None:
    piece = (b"\x33\xcc\x55\xaa" * MOST)[:MOST]
    assert told(looked(piece, piece)) == (None, 2 * MOST, 0)
    nearly = b"\0" * (SECTOR - 1) + b"\1"
    assert told(looked(nearly * 8)) == (None, MOST, 0)


def test_of_several_the_commonest_is_counted() -> None:
    ones = b"\1" * MOST
    assert told(looked(bytes(MOST), ones, ones[:SECTOR], bytes(SECTOR), bytes(SECTOR))) == (None, MOST + 2 * SECTOR, 0)


def test_a_piece_of_various_sectors_is_none_again_and_again() -> None:
    zeros = bytes(MOST)
    for place in range(8):
        various = bytearray(MOST)
        various[place * SECTOR + 511] = 1
        assert told(looked(zeros, bytes(various))) == (None, MOST, 0)
    assert told(looked(os.urandom(MOST))) == (None, 0, 0)


def test_so_many_different_sectors_are_counted_and_of_more_it_is_known_that_they_are() -> None:
    kinds = [bytes([number]) * MOST for number in range(64)]
    contents = looked(*kinds, kinds[63])
    assert (contents._other, contents.even) == (False, 2 * MOST)
    contents = looked(*kinds, b"\x40" * MOST, kinds[0], b"\x40" * MOST)
    assert (contents._other, contents.even) == (True, 2 * MOST), "those that are known are counted on"
    alone = looked(bytes(MOST))
    alone.saw_various(0)
    assert alone.value is None


def test_sectors_that_are_sought_are_found_wherever_they_stand() -> None:
    assert told(looked(b"".join(OURS[:8]), at=tuple(OURS))) == (None, 0, 8)
    assert told(looked(b"".join(OURS[8:]), b"".join(OURS[:8]), at=tuple(OURS[4:12]))) == (None, 0, 8)
    for place in range(8):
        piece = bytearray(MOST)
        piece[place * SECTOR : (place + 1) * SECTOR] = OURS[0]
        assert looked(bytes(piece), bytes(piece), at=(OURS[0],)).elsewhere == 2


def test_a_sector_that_only_begins_like_one_that_is_sought_is_another() -> None:
    like = OURS[0][:-1] + bytes([OURS[0][-1] ^ 1])
    assert looked(like + ZEROS * 7, at=(OURS[0],)).elsewhere == 0
    both = (OURS[0], like)
    assert looked(like + OURS[0] + ZEROS * 6, at=both).elsewhere == 2, "several may begin alike"


def test_a_sector_is_remembered_by_its_first_word_and_its_digest() -> None:
    assert digest(OURS[0]) == OURS[0][:8] + hashlib.sha256(OURS[0]).digest()


@given(st.lists(st.sampled_from([ZEROS, *OURS[:4]]), min_size=1, max_size=8), st.sets(st.sampled_from(OURS[:4])))
def test_what_is_found_is_what_is_there(sectors: list[bytes], at: set[bytes]) -> None:
    contents = looked(b"".join(sectors), at=tuple(at))
    assert contents.elsewhere == sum(sector in at for sector in sectors)
    assert contents.even == (SECTOR * len(sectors) if len(set(sectors)) == 1 else 0)


def test_one_that_is_sought_again_and_again_is_found_each_time() -> None:
    assert told(looked(OURS[0] * 8, OURS[0] * 3, OURS[1] * 2, at=(OURS[0],))) == (None, 11 * SECTOR, 11)
    assert isinstance(looked(OURS[0] * 8, at=(OURS[0],)).elsewhere, int)
