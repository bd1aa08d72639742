"""The marks that prove an erase: where they stand, and that no disk has them by chance."""

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.markers import MOST, PAGE, Marks, digest, is_one_value

SEED = bytes(range(32))


@given(st.integers(0, 2**44))
def test_marks_stand_at_both_ends_and_all_over_the_disk(size: int) -> None:
    marks = Marks(SEED, size)
    pages = size // PAGE
    assert len(marks.places) <= MOST + 1
    assert list(marks.places) == sorted(set(marks.places))
    assert not set(marks.places) & set(marks.beside)
    assert all(place % PAGE == 0 and place + PAGE <= size for place in (*marks.places, *marks.beside))
    if not pages:
        assert marks.places == ()
        return
    assert marks.places[0] == 0
    assert marks.places[-1] == (pages - 1) * PAGE
    gaps = [after - before for before, after in zip(marks.places, marks.places[1:], strict=False)]
    assert max(gaps, default=0) <= max(4 * PAGE, size // (MOST - 2) + PAGE)


def test_a_mark_is_of_its_place_and_of_its_job() -> None:
    ours, other = Marks(SEED, 2**30), Marks(bytes(32), 2**30)
    every = {ours.mark(place) for place in ours.places} | {other.mark(place) for place in other.places}
    assert len(every) == len(ours.places) + len(other.places)
    assert ours.mark(0) == Marks(SEED, 2**20).mark(0)
    assert all(len(mark) == PAGE for mark in every)


def test_a_page_of_one_value_tells_nothing() -> None:
    for value in (0, 0xFF, 0x41):
        assert is_one_value(memoryview(bytes([value]) * PAGE)) == value
        assert digest(memoryview(bytes([value]) * PAGE)) is None
    nearly = bytearray(PAGE)
    nearly[-1] = 1
    assert is_one_value(memoryview(nearly)) is None
    assert digest(memoryview(nearly)) != digest(memoryview(bytes(PAGE - 1) + b"\2"))
