"""The SMART stage on the PC: every ordered disk is asked, side by side, and one that is gone stops nothing."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from netboot.agent.at_work import AtWork
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import NO_BEGINS, DiskAt
from netboot.agent.stages.smart import run
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.smart import Smart
from tests.agent.test_smart_report import RECORDED

SECONDS = 1.0
"""How long each disk takes to answer."""
GONE = DiskId(serial="GONE", size=10**9)


class Shown:
    """What the stage tells while it runs."""

    def __init__(self) -> None:
        self.said: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, part: str = "") -> None:
        self.said.append((done, total, part))

    begins = NO_BEGINS

    def held_up(self, stuck: Sequence[Stuck]) -> None: ...

    def disks(self, at: Sequence[DiskAt]) -> None: ...


def disk(name: str, serial: str) -> Disk:
    return Disk(name=name, id=DiskId(serial=serial, size=10**9), model="Drive", transport="nvme")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A smartctl that takes its time, and answers as a real NVMe drive without a self-test; where it notes whom."""
    notes = tmp_path / "asked"
    program = tmp_path / "smartctl"
    program.write_text(f'#!/bin/sh\necho "$*" >> {notes}\nsleep {SECONDS}\ncat {RECORDED / "nvme-worn.json"}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return notes


async def test_all_disks_are_asked_at_once_a_controller_once_and_what_each_says_stands_in_the_order_of_the_disks(
    asked: Path,
) -> None:
    disks = [disk(f"nvme{number}n1", f"S{number}") for number in range(8)] + [disk("nvme0n2", "S0-2")]
    ordered = (disks[8].id, GONE, *(one.id for one in disks[:8]))
    shown = Shown()
    began = time.monotonic()
    result = await run(Smart(disks=ordered), AtWork(ServerPlace(""), b"", "", shown, read_disks=lambda: disks))
    assert time.monotonic() - began < 4 * SECONDS, "one after the other it is eight"
    assert [health.disk for health in result.disks] == list(ordered)
    assert [health.uncorrectable for health in result.disks] == [7, None, *[7] * 8]
    assert result.disks[1].said == Problem("disk-gone", {"disk": "GONE"}).sentence("en")
    lines = sorted(asked.read_text().splitlines())
    assert lines == [f"--json=c --all --device=nvme,0xffffffff /dev/nvme{number}" for number in range(8)]
    assert shown.said[0] == (0, 800, "Drive S0 1.0 GB")
    assert shown.said[-1] == (800, 800, "")


async def test_a_pc_without_a_disk_has_nothing_to_say() -> None:
    result = await run(Smart(disks=()), AtWork(ServerPlace(""), b"", "", Shown(), read_disks=lambda: ()))
    assert result.disks == ()
