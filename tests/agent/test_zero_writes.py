"""Whether a drive stores no zeros, by time: on files, which store what they are told; others are in tests/lab/."""

from pathlib import Path

import pytest

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.pattern import BLOCK, SEED, Pattern
from netboot.agent.erase.zero_writes import is_elided, time_zero_writes, usual

PATTERN = Pattern(bytes(SEED))


@pytest.mark.parametrize(
    ("zeros", "stored", "elided"),
    [
        (0.0, 0.0, False),
        (0.001, 0.019, False),  # many times as long, and chance
        (0.0, 0.021, True),
        (0.1, 0.4, False),
        (0.1, 0.41, True),
        (0.5, 0.3, False),
        (1.0, 3.9, False),
    ],
)
def test_zeros_that_take_much_less_time_are_not_stored(zeros: float, stored: float, elided: bool) -> None:
    assert is_elided(zeros, stored) == elided


def test_both_are_written_where_the_overwrite_comes_again(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    image.write_bytes(b"\xff" * 20 * BLOCK)
    with DirectDisk.for_writing(image) as device:
        found = time_zero_writes(device, PATTERN)
    assert found is not None
    assert found.zeros > 0
    assert found.pattern > 0
    assert found.elided == is_elided(found.zeros, found.pattern)
    content = image.read_bytes()
    assert content[: 4 * BLOCK] == bytes(4 * BLOCK)
    assert content[4 * BLOCK :] == b"\xff" * 16 * BLOCK


def test_a_disk_too_small_for_it_is_left_alone(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    image.write_bytes(b"\xff" * (8 * BLOCK - 512))
    with DirectDisk.for_writing(image) as device:
        assert time_zero_writes(device, PATTERN) is None
    assert image.read_bytes() == b"\xff" * (8 * BLOCK - 512)


def test_a_disk_that_refuses_tells_nothing(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    image.write_bytes(bytes(8 * BLOCK))
    with DirectDisk.for_reading(image) as device:
        assert time_zero_writes(device, PATTERN) is None


def test_writes_that_something_else_held_up_are_chance() -> None:
    """As a lab's disk at 40 MiB/s was told to store no zeros, since one write took seconds on a busy machine."""
    steady, held_up = [0.1] * 8, [0.1] * 5 + [3.6, 0.4, 0.2]
    assert usual(held_up) == usual(steady) == pytest.approx(0.8)
    assert not is_elided(usual(steady), usual(held_up))
    assert is_elided(usual([0.01] * 8), usual(steady))
