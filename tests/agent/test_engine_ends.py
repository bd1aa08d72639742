"""How an erase by the drive ends: without an order, without a reading, or with an overwrite behind it.

By a drive that says what it is told to say (`scripted_drive.py`): it proves the engine's own steps.
"""

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.past_faults import LIMITS, Limits
from netboot.agent.erase.firmware import engine
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.technique import Look, Ordered
from netboot.agent.erase.overwrite import Overwrite
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.shared.firmware_verdict import values_of
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from tests.agent.scripted_drive import DISK, DONE, NEVER, RUNS, Scripted, Told, erase, of


class Timed(Told):
    """And when progress was told last."""

    last = 0.0

    def show(self, done: int, total: int, part: str = "") -> None:
        super().show(done, total, part)
        self.last = time.monotonic()


def test_a_disk_is_asked_about_by_what_it_is(image: Path) -> None:
    method = FirmwareErase("nvme-sanitize-block", Scripted(image, NEVER), lambda disk: disk == DISK)
    assert method.suits(DISK)
    assert not method.suits(Disk(name="other", id=DISK.id))


async def test_one_that_no_order_reached_says_that_it_was_refused_and_why(image: Path) -> None:
    drive = Scripted(image, NEVER, given=Ordered("", "no", "no such command"))
    erasure = await erase(drive, sample=25)
    said = of(erasure)
    assert (said.sample, said.said, erasure.verdict) == (25, "no such command", "not-erased")
    assert erasure.problem == Problem("erase-refused-by-drive", values_of(said, label(DISK)))
    assert erasure.problem.values["disk"] == label(DISK)


@pytest.mark.parametrize("last", [Look("running", 400, logged=2, announced=0), Look("failed", logged=2)])
async def test_nothing_is_read_of_one_that_stands_still_or_failed(image: Path, last: Look) -> None:
    told, drive = Told(), Scripted(image, NEVER, NEVER, RUNS, last)
    drive.erases = False
    erasure = await erase(drive, told)
    assert (of(erasure).state_after, of(erasure).marks_left) == (last.state, 0)
    assert "reading" not in told.steps


async def test_an_overwrite_behind_it_is_given_up_as_it_is_and_ends_it(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[float, Limits]] = []

    def made(*, stall: float, limits: Limits) -> Overwrite:
        given.append((stall, limits))
        return Overwrite(stall=stall, limits=limits)

    monkeypatch.setattr(engine, "Overwrite", made)
    told = Timed()
    erasure = await erase(Scripted(image, NEVER, NEVER, RUNS, DONE), told, then_overwrite=True)
    assert given == [(0.5, LIMITS)]
    assert erasure.ended >= told.last > 0


async def test_a_fault_counts_though_all_that_was_seen_is_good_and_the_pcs_clock_is_told(image: Path) -> None:
    drive, before = Scripted(image, NEVER, NEVER, RUNS, DONE), pc_clock()
    erasure = await erase(drive)
    assert before <= erasure.pc_clock <= pc_clock()
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True)
    fault = Problem("disk-gone", {"disk": label(DISK), "error": "no such device"})
    judged = method._judged(erasure, of(erasure), label(DISK), fault)
    assert judged == replace(erasure, verdict="undetermined", problem=fault)
