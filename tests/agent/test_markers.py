"""The marks that prove an erase: where they stand, that no disk has them by chance, and what counts as still there."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.erase.firmware.markers import SECTOR, Marks, is_left, is_unchanged, remembered
from netboot.agent.erase.firmware.marking import Marking
from netboot.shared.mark_places import MOST, PAGE, mark_places

SEED = bytes(range(32))
TEXT = (b"the donor's last letter to the bank " * 200)[:PAGE]


@given(st.integers(0, 2**35).map(lambda sectors: sectors * SECTOR))
def test_marks_stand_at_both_ends_and_all_over_the_disk(size: int) -> None:
    marks = Marks(SEED, size)
    assert marks.places == mark_places(size)
    assert len(marks.places) <= MOST + 1
    assert all(place % SECTOR == 0 and 0 <= place <= size - PAGE for place in (*marks.places, *marks.beside))
    every = sorted((*marks.places, *marks.beside))
    assert all(after - before >= PAGE for before, after in pairwise(every)), "none on another"
    if size < 2 * PAGE:
        assert len(marks.places) < 2, "too few to prove anything"
        return
    assert marks.places[0] == 0
    assert marks.places[-1] == size - PAGE, "its very last sectors, also of a disk that is no whole number of pages"
    gaps = [after - before for before, after in pairwise(marks.places)]
    assert max(gaps, default=0) <= max(5 * PAGE, size // (MOST - 2) + 2 * PAGE)


def test_a_mark_is_of_its_place_and_of_its_job() -> None:
    ours, other = Marks(SEED, 2**30), Marks(bytes(32), 2**30)
    every = {ours.mark(place) for place in ours.places} | {other.mark(place) for place in other.places}
    assert len(every) == len(ours.places) + len(other.places)
    assert ours.mark(0) == Marks(SEED, 2**20).mark(0)
    assert all(len(mark) == PAGE for mark in every)


def test_one_sector_of_a_mark_is_enough_for_it_to_be_there() -> None:
    mark = Marks(SEED, 2**20).mark(0)
    for kept in range(0, PAGE, SECTOR):
        page = bytearray(PAGE)
        assert not is_left(memoryview(page), mark)
        page[kept : kept + SECTOR] = mark[kept : kept + SECTOR]
        assert is_left(memoryview(page), mark)
    moved = mark[SECTOR:] + mark[:SECTOR]
    assert not is_left(memoryview(moved), mark), "each sector at its own place"


def test_one_sector_of_what_was_there_is_enough_for_it_to_be_unchanged() -> None:
    known = remembered(memoryview(TEXT))
    assert known is not None
    page = bytearray(PAGE)
    assert not is_unchanged(memoryview(page), known)
    page[3 * SECTOR : 4 * SECTOR] = TEXT[3 * SECTOR : 4 * SECTOR]
    assert is_unchanged(memoryview(page), known)


def test_what_an_erase_may_leave_as_well_is_not_remembered() -> None:
    """Or a disk that was erased twice in the same way would be called not erased."""
    for left in (b"\0", b"\xff", b"\x33\xcc\x55\xaa", bytes(range(8)), bytes(range(256))):
        assert remembered(memoryview(left * (PAGE // len(left)))) is None
    halves = memoryview(bytes(PAGE // 2) + b"\xff" * (PAGE // 2))
    assert remembered(halves) is None, "two sorts of sectors, of which neither tells anything"
    nearly = memoryview(bytearray(PAGE - 1) + b"\1")
    known = remembered(nearly)
    assert known is not None
    assert [one is not None for one in known] == [False] * 7 + [True], "its other sectors are zeros"
    assert is_unchanged(nearly, known)
    assert not is_unchanged(memoryview(bytes(PAGE - 1) + b"\2"), known)


class _CannotFlush(DirectDisk):
    """A disk that refuses FLUSH CACHE, as the kernel tells it (EIO from fdatasync)."""

    def sync(self) -> None:
        raise DiskError(0, "Input/output error", 5)


async def test_marks_that_the_disk_does_not_say_are_on_its_medium_are_none(tmp_path: Path) -> None:
    """They might be in its cache alone, and go without any erase."""
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(4 << 20))
    for kind, marked in ((DirectDisk, len(mark_places(4 << 20))), (_CannotFlush, 0)):
        with kind.for_writing(image) as device:
            marking = Marking(device, SEED, 10.0)
            await marking.put(lambda _share, _stuck: None)
            assert (marking.to_mark, marking.marked) == (len(mark_places(4 << 20)), marked)
