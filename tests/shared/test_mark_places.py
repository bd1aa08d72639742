"""Where the marks of an erase stand, to the byte: server and agent must mean the same places."""

import hashlib

import pytest

from netboot.agent.erase.firmware.markers import Marks
from netboot.shared.mark_places import MOST, PAGE, mark_places, places_beside


@pytest.mark.parametrize(
    ("size", "marks", "beside"),
    [
        (0, [], []),
        (PAGE - 512, [], []),
        (PAGE, [0], []),
        (2 * PAGE, [0, 1], []),
        (2 * PAGE + 512, [0, 1.125], []),
        (3 * PAGE, [0, 2], []),
        (4 * PAGE, [0, 3], [2]),
        (6 * PAGE, [0, 4, 5], [2]),
        (7 * PAGE, [0, 4, 6], [2]),
        (8 * PAGE, [0, 4, 7], [2, 6]),
        (11 * PAGE, [0, 4, 8, 10], [2, 6]),
    ],
)
def test_a_small_disk_is_marked_every_fourth_page_and_at_its_end(
    size: int, marks: list[float], beside: list[int]
) -> None:
    assert mark_places(size) == tuple(int(page * PAGE) for page in marks)
    assert places_beside(size) == tuple(page * PAGE for page in beside)


@pytest.mark.parametrize("step", [5, 1001])
def test_a_large_disk_has_as_many_as_it_may(step: int) -> None:
    size = step * (MOST - 1) * PAGE
    marks, beside = mark_places(size), places_beside(size)
    assert len(marks) == MOST
    assert marks[:3] == (0, step * PAGE, 2 * step * PAGE)
    assert marks[-1] == size - PAGE
    assert beside[:2] == (step // 2 * PAGE, (step + step // 2) * PAGE)
    assert len(beside) == MOST - 1
    assert mark_places(size + PAGE)[1] == (step + 1) * PAGE
    assert len(mark_places((MOST + 1) * 1000 * PAGE)) == MOST


def test_a_mark_is_a_hash_of_the_jobs_seed_and_its_place() -> None:
    """For ever: one that was written before a power cut is looked for after it, by whichever netboot is there then."""
    seed = bytes(range(32))
    assert Marks(seed, 2**30).mark(0x1234) == hashlib.shake_256(seed + b"\0\0\0\0\0\0\x12\x34").digest(PAGE)
