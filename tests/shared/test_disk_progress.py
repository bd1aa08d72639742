"""What is said of several disks at work: as long as the slowest, and no more than is known."""

from typing import get_args

import pytest

from netboot.shared.disk_progress import DiskProgress, DiskStep, Left, left_of_all, step_name
from netboot.shared.language import Language

WRITES = DiskProgress(disk="A 1.0 TB", step="writing", permille=100, left=3600.0)
ERASES = DiskProgress(disk="B 1.0 TB", step="drive", permille=300, left=120.0, more=True)
OVER = DiskProgress(disk="C 1.0 TB", step="done", permille=1000)
FAILED = DiskProgress(disk="D 1.0 TB", step="failed", permille=1000)


@pytest.mark.parametrize(
    ("disks", "left"),
    [
        ((WRITES,), Left(3600.0, at_least=False)),
        ((WRITES, OVER, FAILED), Left(3600.0, at_least=False)),
        ((WRITES, ERASES), Left(3600.0, at_least=True)),
        ((ERASES,), Left(120.0, at_least=True)),
        ((WRITES, DiskProgress(disk="E")), Left(3600.0, at_least=True)),
        ((DiskProgress(disk="E", step="drive", late=True),), None),
        ((OVER, FAILED), None),
        ((), None),
    ],
)
def test_all_take_as_long_as_the_slowest_or_at_least_so_long(
    disks: tuple[DiskProgress, ...], left: Left | None
) -> None:
    assert left_of_all(disks) == left


@pytest.mark.parametrize("language", get_args(Language))
def test_each_step_has_its_words_and_a_late_drive_is_called_late_until_it_is_over(language: Language) -> None:
    names = [step_name(DiskProgress(disk="A", step=step), language) for step in get_args(DiskStep)]
    assert len(set(names)) == len(names)
    late = step_name(DiskProgress(disk="A", step="drive", late=True), language)
    assert late.startswith(step_name(DiskProgress(disk="A", step="drive"), language) + ", ")
    assert "," not in step_name(DiskProgress(disk="A", step="failed", late=True), language)
