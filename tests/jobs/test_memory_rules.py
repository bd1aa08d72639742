"""The memory test as the server orders and judges it: how long, and what is told of one that proves nothing."""

import pytest
from msgspec.structs import replace

from netboot.jobs.stages.memory import RULES, memory_seconds
from netboot.jobs.stages.rules import Line
from netboot.shared.problems import Problem
from netboot.shared.stages.memory import Memory, MemoryResult
from tests.jobs.conftest import SSD, inventory, job

GIB = 1 << 30


@pytest.mark.parametrize(
    ("memory", "seconds"),
    [(0, 40), (2 * GIB, 40), (3 * GIB - 1, 40), (3 * GIB, 60), (89 * GIB, 1780), (90 * GIB, 1800), (91 * GIB, 1800)],
)
def test_each_gib_is_tested_for_twenty_seconds_within_bounds(memory: int, seconds: int) -> None:
    assert memory_seconds(memory) == seconds
    assert RULES.order(job(inventory=replace(inventory(SSD), memory=memory))) == Memory(seconds=seconds)


@pytest.mark.parametrize(("tested", "copied"), [(0, 0), (0, 100), (100, 99)])
def test_memory_that_was_not_all_compared_is_told_as_untested(tested: int, copied: int) -> None:
    result = MemoryResult(tested=tested, copied=copied, rounds=1, seconds=40, wrong=0)
    assert RULES.unproven(Memory(seconds=40), result) == Problem("memory-untested", {"error": "memory: no evidence"})


@pytest.mark.parametrize("wrong", [1, 12])
def test_faulty_memory_is_told_with_how_much_was_wrong(wrong: int) -> None:
    result = MemoryResult(tested=1, copied=1, rounds=1, seconds=40, wrong=wrong)
    assert RULES.unproven(Memory(seconds=40), result) == Problem("memory-faulty", {"wrong": str(wrong)})
    assert RULES.unproven(Memory(seconds=40), replace(result, wrong=0)) is None


def test_the_page_says_how_much_was_tested_and_how_much_was_wrong_in_the_readers_words() -> None:
    result = MemoryResult(tested=7_500_000_000, copied=1, rounds=1, seconds=40, wrong=12)
    assert RULES.shown is not None
    assert RULES.shown(result, "fr") == (Line("7,5 Go testés, valeurs fausses : 12"),)
    assert RULES.shown(result, "en") == (Line("7.5 GB tested, wrong values: 12"),)
