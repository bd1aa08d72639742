"""The PC's clocks: what the battery's says, and whose time the agent goes by."""

import time
from pathlib import Path

import pytest

from netboot.agent.hardware import pc_clock
from netboot.agent.host import Host
from netboot.shared.protocol import VERSION, Welcome
from tests.agent.test_visit import seen_after


def with_clock(root: Path, said: str) -> Host:
    (root / "sys/class/rtc/rtc0").mkdir(parents=True)
    (root / "sys/class/rtc/rtc0/since_epoch").write_text(said)
    return Host(root)


@pytest.mark.parametrize(
    ("said", "seconds"), [("315532800\n", 315532800), ("0\n", 0), ("", 0), ("-5\n", 0), ("9" * 15, 0)]
)
def test_the_batterys_clock_is_told_as_it_is_and_a_date_without_sense_is_none(
    tmp_path: Path, said: str, seconds: int
) -> None:
    assert pc_clock.read_rtc(with_clock(tmp_path, said)) == seconds


def test_a_pc_without_such_a_clock_tells_none(tmp_path: Path) -> None:
    assert pc_clock.read_rtc(Host(tmp_path)) is None


def test_the_kernels_clock_is_set_from_the_servers_where_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[float] = []
    monkeypatch.setattr(time, "clock_settime", lambda clock, now: set_to.append(now))
    pc_clock.set_clock(time.time())
    pc_clock.set_clock(0.0)
    assert set_to == []
    pc_clock.set_clock(time.time() + 86_400)
    assert len(set_to) == 1


async def test_every_welcome_says_the_servers_time(tmp_path: Path) -> None:
    told: list[float] = []
    welcome = Welcome(version=VERSION, visit="v", token="t", machine="pc", wait=60, now=1_800_000_000.0)
    await seen_after(tmp_path, welcome, welcome, set_clock=told.append)
    assert told == [1_800_000_000.0] * 2
