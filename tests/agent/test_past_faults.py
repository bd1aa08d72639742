"""Passes that continue past bad sectors, wherever these lie; and ranges of bytes."""

import errno
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netboot.agent.disks.direct_io import DiskError
from netboot.agent.disks.past_faults import GaveUpError, Limits, PastFaults
from netboot.agent.disks.ranges import Ranges

BLOCK = 1024 * 1024
COUNT = 40

BYTES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda two: (min(two), max(two))), max_size=20)


@given(BYTES, st.integers(0, 60), st.integers(0, 60))
def test_ranges_are_sets_of_bytes(added: list[tuple[int, int]], one: int, other: int) -> None:
    ranges, model = Ranges(), set[int]()
    for start, end in added:
        ranges.add(start, end)
        model |= set(range(start, end))
    assert {byte for start, end in ranges for byte in range(start, end)} == model
    assert ranges.total == len(model)
    edges = [edge for piece in ranges for edge in piece]
    assert edges == sorted(set(edges)), "what touches is one"
    start, end = min(one, other), max(one, other)
    part = set(range(start, end))
    for pieces, wanted in ((ranges.within(start, end), part & model), (ranges.missing(start, end), part - model)):
        assert {byte for begin, finish in pieces for byte in range(begin, finish)} == wanted


def sweep(bad: Ranges, faults: PastFaults, *, seconds: float = 0.0) -> tuple[Ranges, int]:
    """One pass over a disk with these bad bytes: what was done, in how many calls."""
    done, calls = Ranges(), 0

    def act(start: int, end: int) -> None:
        nonlocal calls
        calls += 1
        if bad.within(start, end):
            time.sleep(seconds)
            raise DiskError(start, "Input/output error", errno.EIO)
        done.add(start, end)

    for numbers in (faults.first(), faults.again()):
        for number in numbers:
            faults.do(number, act, number * BLOCK, (number + 1) * BLOCK)
    return done, calls


SECTORS = st.lists(
    st.tuples(st.integers(0, COUNT * 2048 - 1), st.one_of(st.integers(1, 9), st.integers(1, 3 * 2048))), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(SECTORS, st.sampled_from([512, 4096]))
@example([(0, 2048 * COUNT)], 4096)
@example([(2048 * 3 - 1, 2048 * 5 + 2)], 512)
@example([(2048 * 10, 2048 * 8), (2048 * 30, 2048 * 10)], 4096)
def test_all_that_does_not_refuse_is_done(found: list[tuple[int, int]], smallest: int) -> None:
    bad = Ranges()
    for sector, count in found:
        start = sector * 512 // smallest * smallest
        end = -(-min(sector + count, COUNT * 2048) * 512 // smallest) * smallest
        bad.add(start, end)
    done, calls = sweep(bad, PastFaults(COUNT, smallest=smallest))
    assert done.missing(0, COUNT * BLOCK) == list(bad)
    assert calls <= COUNT + 2 * 2400 * (bad.total // BLOCK + 2 * len(bad))


def test_a_disk_that_takes_nothing_any_more_is_left_with_few_tries() -> None:
    bad = Ranges()
    bad.add(4 * BLOCK, 10_000 * BLOCK)
    done, calls = sweep(bad, PastFaults(10_000, smallest=4096, limits=Limits(run_calls=16)))
    assert done.total == 4 * BLOCK
    assert calls < 1500


def test_a_long_bad_part_is_left_out_and_entered_from_both_ends() -> None:
    bad = Ranges()
    bad.add(100 * BLOCK, 900 * BLOCK)
    done, calls = sweep(bad, PastFaults(1000, smallest=4096, limits=Limits(run_calls=16)))
    assert done.missing(0, 1000 * BLOCK) == list(bad)
    assert calls < 2500


def test_slow_refusals_are_bounded_by_their_time() -> None:
    bad = Ranges()
    bad.add(2 * BLOCK, 4 * BLOCK)
    began = time.monotonic()
    limits = Limits(run_seconds=0.05, narrow_seconds=0.1)
    done, calls = sweep(bad, PastFaults(COUNT, smallest=512, limits=limits), seconds=0.01)
    assert done.total >= (COUNT - 3) * BLOCK
    assert calls < 200
    assert time.monotonic() - began < 1.0
    with pytest.raises(GaveUpError):
        sweep(bad, PastFaults(COUNT, smallest=512, limits=Limits(all_seconds=0.03)), seconds=0.01)


def test_a_disk_that_is_gone_ends_the_pass_at_once() -> None:
    calls = 0

    def act(start: int, end: int) -> None:
        nonlocal calls
        calls += 1
        raise DiskError(start, "No such device", errno.ENODEV, kind="gone")

    with pytest.raises(DiskError) as caught:
        PastFaults(COUNT, smallest=512).do(0, act, 0, BLOCK)
    assert (caught.value.kind, calls) == ("gone", 1)
