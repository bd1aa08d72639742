"""What an earlier order left of a drive is brought to its end before it is marked and ordered anew.

By a drive that says what it is told to say (`scripted_drive.py`): it proves the engine's own steps.
"""

import threading
from pathlib import Path

import pytest

from netboot.agent.erase.firmware import held_drive
from netboot.agent.erase.firmware.technique import Look
from tests.agent.scripted_drive import DONE, RUNS, Scripted, Told, erase, of

FAILED = Look("failed", logged=1, announced=700, errors=1)
LEFT = Look("done", logged=1, announced=700, errors=1)
WORKS = Look("running", 10, logged=1, announced=700, errors=1)
MAY_BE = ["is this", "beside"]
ORDERED = [*MAY_BE, *MAY_BE, "order"]


def announced(told: Told) -> list[bool]:
    """Of what was told of the drive, whether it was by the 700 s that it announced."""
    return [doing.left is not None and doing.left > 600 for doing in told.doing if doing.step == "drive"]


@pytest.mark.parametrize("between", [(WORKS,), ()])
async def test_one_that_failed_is_told_to_begin_again_and_followed_to_its_end_first(
    image: Path, between: tuple[Look, ...]
) -> None:
    told, drive = Told(), Scripted(image, FAILED, *between, LEFT, LEFT, RUNS, DONE)
    erasure = await erase(drive, told)
    assert (erasure.verdict, of(erasure).waited) == ("erased", True)
    first = ["look", *MAY_BE, "order", *["look" for _ in between], "look"]
    assert drive.asked == [*first, "look", *ORDERED, "look", "look"]
    assert announced(told)[0]


async def test_one_that_is_at_work_is_followed_to_its_end_first(image: Path) -> None:
    told, drive = Told(), Scripted(image, WORKS, WORKS, LEFT, LEFT, RUNS, DONE)
    erasure = await erase(drive, told)
    assert (erasure.verdict, of(erasure).waited) == ("erased", True)
    assert drive.asked == ["look", "look", "look", "look", *ORDERED, "look", "look"]
    assert announced(told)[0]


async def test_one_that_never_answers_that_order_is_marked_and_ordered_all_the_same(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_drive, "_ANSWER", 0.2)
    answers, drive = threading.Event(), Scripted(image, FAILED, FAILED, RUNS, DONE)

    def first_is_silent() -> None:
        if drive.asked.count("order") == 1:
            answers.wait(20)

    drive.on_order = first_is_silent
    erasure = await erase(drive)
    answers.set()
    assert (erasure.verdict, of(erasure).waited) == ("erased", True)
    assert drive.asked == ["look", *MAY_BE, "order", "look", *ORDERED, "look", "look"]
