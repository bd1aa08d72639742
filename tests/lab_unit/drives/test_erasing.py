"""An erase by a lab drive's firmware: progress and endings by the clock, and what has happened to the data by then."""

from pathlib import Path

import pytest

from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower
from netboot.lab.drives.eraser import catch_up, due
from netboot.lab.drives.erasing import (
    Ending,
    Fill,
    begin,
    ending,
    power_came,
    power_lost,
    progress,
    seconds_left,
)
from netboot.lab.drives.medium import Medium


def _behaviour(erase: Outcome = Outcome.GOOD, without_power: WithoutPower = WithoutPower.GOES_ON) -> Behaviour:
    return Behaviour(erase=erase, erase_seconds=10, erase_stops_at=0.4, without_power=without_power)


@pytest.mark.parametrize(
    ("erase", "at", "reached", "end"),
    [
        (Outcome.GOOD, 0, 0, None),
        (Outcome.GOOD, 5, 0.5, None),
        (Outcome.GOOD, 10, 1, Ending.DONE),
        (Outcome.GOOD, 99, 1, Ending.DONE),
        (Outcome.LIES, 9.9, 0.99, None),
        (Outcome.LIES, 10, 1, Ending.DONE),
        (Outcome.FORGETS, 10, 1, Ending.DONE),
        (Outcome.FAILS, 3.9, 0.39, None),
        (Outcome.FAILS, 4, 0.4, Ending.FAILED),
        (Outcome.FAILS, 99, 0.4, Ending.FAILED),
        (Outcome.HANGS, 3, 0.3, None),
        (Outcome.HANGS, 9999, 0.4, None),
    ],
)
def test_progress_and_ending_by_the_clock(erase: Outcome, at: float, reached: float, end: Ending | None) -> None:
    behaviour = _behaviour(erase)
    erasing = begin(Fill.PATTERN, b"\0", behaviour, 1000)
    assert progress(erasing, behaviour, 1000 + at) == pytest.approx(reached)
    assert ending(erasing, behaviour, 1000 + at) is end


def test_passes_take_as_often_as_long_and_no_time_is_over_at_once() -> None:
    behaviour = _behaviour()
    assert progress(begin(Fill.PATTERN, b"\0", behaviour, 0, times=4), behaviour, 10) == pytest.approx(0.25)
    at_once = Behaviour(erase_seconds=0)
    assert ending(begin(Fill.PATTERN, b"\0", at_once, 5), at_once, 5) is Ending.DONE


def test_when_to_look_again() -> None:
    behaviour = _behaviour()
    erasing = begin(Fill.PATTERN, b"\0", behaviour, 0)
    assert seconds_left(erasing, behaviour, 4) == pytest.approx(6)
    hanging = _behaviour(Outcome.HANGS)
    assert seconds_left(begin(Fill.PATTERN, b"\0", hanging, 0), hanging, 4) is None
    waiting = power_lost(erasing, _behaviour(without_power=WithoutPower.WAITS), 4)
    assert waiting is not None
    assert seconds_left(waiting, behaviour, 4) is None


def test_without_power_it_goes_on_or_waits_or_is_forgotten() -> None:
    going = _behaviour()
    erasing = begin(Fill.PATTERN, b"\0", going, 0)
    assert power_lost(erasing, going, 4) == erasing
    assert power_came(erasing, 7) == erasing

    waiting = _behaviour(without_power=WithoutPower.WAITS)
    stood = power_lost(erasing, waiting, 4)
    assert stood is not None
    assert progress(stood, waiting, 5000) == pytest.approx(0.4)
    assert progress(power_came(stood, 5000), waiting, 5003) == pytest.approx(0.7)

    assert power_lost(erasing, _behaviour(Outcome.FORGETS), 4) is None


@pytest.fixture(name="media")
def _media(tmp_path: Path) -> list[Medium]:
    for name, size in (("one", 64 << 10), ("two", 192 << 10)):
        (tmp_path / name).write_bytes(b"old!" * (size // 4))
    return [Medium(tmp_path / name, 512, Behaviour()) for name in ("one", "two")]


def _both(media: list[Medium]) -> bytes:
    return b"".join(medium.read(0, medium.sectors) for medium in media)


def test_the_data_goes_as_the_progress_does_over_all_media(media: list[Medium]) -> None:
    behaviour = _behaviour()
    erasing = begin(Fill.PATTERN, b"\xff", behaviour, 0)
    erasing = catch_up(erasing, media, behaviour, 5)
    assert erasing.erased == 128 << 10
    assert _both(media) == b"\xff" * (128 << 10) + b"old!" * (32 << 10)
    erasing = catch_up(erasing, media, behaviour, 10, budget=4096)
    assert erasing.erased == (128 << 10) + 4096 < due(erasing, media, behaviour, 10)
    erasing = catch_up(erasing, media, behaviour, 11)
    assert erasing.erased == 256 << 10 == due(erasing, media, behaviour, 11)
    assert _both(media) == b"\xff" * (256 << 10)
    assert catch_up(erasing, media, behaviour, 12) == erasing


@pytest.mark.parametrize("erase", [Outcome.FAILS, Outcome.HANGS])
def test_what_stops_leaves_the_rest(media: list[Medium], erase: Outcome) -> None:
    behaviour = _behaviour(erase)
    erasing = catch_up(begin(Fill.NOISE, b"", behaviour, 0), media, behaviour, 99)
    assert erasing.erased == (256 << 10) * 4 // 10 // 4096 * 4096
    data = _both(media)
    assert b"old!" not in data[: erasing.erased]
    assert data[erasing.erased :] == b"old!" * ((len(data) - erasing.erased) // 4)


def test_a_liar_comes_to_its_end_and_keeps_everything(media: list[Medium]) -> None:
    behaviour = _behaviour(Outcome.LIES)
    erasing = catch_up(begin(Fill.NOISE, b"", behaviour, 0), media, behaviour, 99)
    assert erasing.erased == due(erasing, media, behaviour, 99) == 256 << 10
    assert _both(media) == b"old!" * (64 << 10)
