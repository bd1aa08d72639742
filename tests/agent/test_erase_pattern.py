"""The pattern of an overwrite: no two sectors of a disk alike, no two jobs alike."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.pattern import BLOCK, Pattern, PatternBlock, first_difference


def block(seed: bytes, number: int) -> bytes:
    buffer = bytearray(BLOCK)
    PatternBlock(Pattern(seed), buffer).become(number)
    return bytes(buffer)


def test_no_sector_of_two_blocks_is_like_another() -> None:
    both = block(b"a" * 32, 0) + block(b"a" * 32, 1)
    sectors = [both[start : start + 512] for start in range(0, len(both), 512)]
    assert len(set(sectors)) == len(sectors)


def test_no_sector_is_zero_and_none_is_that_of_another_job() -> None:
    one, two = block(b"a" * 32, 7), block(b"b" * 32, 7)
    for start in range(0, BLOCK, 512):
        assert any(one[start : start + 512])
        assert one[start : start + 512] != two[start : start + 512]


@given(st.lists(st.integers(min_value=0, max_value=2**40), min_size=1, max_size=4))
def test_a_block_that_was_another_before_is_the_same_as_a_fresh_one(numbers: list[int]) -> None:
    pattern = Pattern(b"c" * 32)
    used, fresh = bytearray(BLOCK), bytearray(BLOCK)
    reused = PatternBlock(pattern, used)
    for number in numbers:
        reused.become(number)
    PatternBlock(pattern, fresh).become(numbers[-1])
    assert used == fresh


def test_the_description_is_enough_to_make_the_pattern_again() -> None:

    description = Pattern(b"d" * 32).description
    found = re.search(r"SHAKE-256\(([0-9a-f]{64})\), (\d+) bytes", description)
    assert found is not None
    base = hashlib.shake_256(bytes.fromhex(found[1])).digest(int(found[2]))
    again = bytearray(base)
    for start in range(0, len(again), 512):
        again[start : start + 8] = (3).to_bytes(8, "big")
    assert again == block(b"d" * 32, 3)
    assert len(description) <= 256


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="seed"):
        Pattern(b"short")


@given(st.binary(min_size=1, max_size=2000), st.integers(min_value=0))
def test_the_first_difference_is_found(data: bytes, where: int) -> None:
    position = where % len(data)
    other = bytearray(data)
    other[position] ^= 1
    assert first_difference(memoryview(data), memoryview(bytes(other))) == position
    assert first_difference(memoryview(data), memoryview(data)) == len(data)
