"""An erase by the drive itself that a power cut ended, at the next boot: on real block devices, whose drive is played
(`played_drive.py`). What a boot's end leaves is the drive, and what the server was told."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.claim import ReadDisks, claim
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase import stage
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.stage import Methods, run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.erase_begun import Begun
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from tests.agent.begun_erases import Kept, forever
from tests.agent.played_drive import Played, full, impatient
from tests.agent.test_erase import SIZE, disk_of, loop, silent

pytestmark = pytest.mark.root

AT_WORK = 3.0
"""Seconds that a played drive needs while it is to be found at work."""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return full(tmp_path / "disk.img")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


@contextmanager
def disk_with(image: Path) -> Iterator[Disk]:
    with loop(image) as device:
        disk = disk_of(device, serial="CUT")
        yield replace(disk, id=replace(disk.id, sequence=7))


async def erase(drive: Played, kept: Kept, **order: Any) -> Erasure:
    """What comes of this order of the drive."""
    with disk_with(drive.image) as disk:
        one = replace(DiskErase(disk=disk.id, method="nvme-sanitize-block", level="purge"), **order)
        methods: Methods = {
            "nvme-sanitize-block": FirmwareErase("nvme-sanitize-block", drive, lambda _: True),
            "overwrite": OVERWRITE,
        }
        try:
            given: object = await run_erase(
                Erase(disks=(one,)), lambda: [disk], progress=silent, methods=methods, begins=kept
            )
        except StageFailed as failed:
            given = failed.result
    assert isinstance(given, EraseResult)
    return given.erasures[0]


async def cut(drive: Played, *, taken: bool = True, **order: Any) -> Begun:
    """Erase, and let the power go as soon as the order is on the record, or when the drive has taken it."""
    kept = Kept()

    async def power(begun: Begun) -> None:
        if begun.taken == taken:
            await forever(begun)

    kept.on_begun = power
    task = asyncio.create_task(erase(drive, kept, **order))
    while not (kept.all and kept.all[-1].taken == taken):
        await asyncio.sleep(0.02)
        if task.done():
            task.result()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return kept.newest


def of(erasure: Erasure) -> FirmwareErased:
    assert isinstance(erasure.evidence, FirmwareErased)
    return erasure.evidence


def told(erasure: Erasure) -> tuple[str, str, str]:
    return (
        erasure.verdict,
        erasure.problem.code if erasure.problem else "",
        erasure.cut.found if erasure.cut else "",
    )


async def test_nothing_is_ordered_before_it_is_on_the_record(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive, taken=False)
    assert drive.asked == []
    assert (begun.method, begun.taken, begun.state_before, len(begun.key)) == (
        "nvme-sanitize-block",
        False,
        "never",
        64,
    )
    assert begun.missing == ()


async def test_one_that_is_found_at_work_is_followed_to_its_end_and_not_ordered_again(image: Path) -> None:
    drive = Played(image, seconds=AT_WORK)
    begun = await cut(drive)
    erasure = await erase(drive, kept := Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "followed")
    said = of(erasure)
    assert len(drive.asked) == 1
    assert kept.all == [], "nothing new was begun"
    assert (said.resumed, said.accepted, said.state_before, said.state_after) == ("running", "yes", "never", "done")
    assert (said.command, said.ordered, said.logged) == (drive.asked[0], 2, 2)
    assert said.marked > 1000
    assert said.to_mark == said.marked
    assert (said.marks_left, said.unchanged, said.read, said.value) == (0, 0, SIZE, 0xFF)
    assert erasure.cut is not None
    assert (erasure.cut.method, erasure.cut.at) == ("nvme-sanitize-block", begun.at)
    assert erasure.level == "purge"


async def test_one_without_a_word_for_success_is_followed_to_its_rest_and_begun_anew_where_it_is_found_at_rest(
    image: Path,
) -> None:
    drive = Played(image, seconds=AT_WORK, proof=Proof(goes_on=True, rests=True))
    begun = await cut(drive)
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "followed")
    assert (of(erasure).resumed, of(erasure).state_after, len(drive.asked)) == ("running", "idle", 1)
    drive = Played(image, seconds=0.5, proof=Proof(goes_on=True, rests=True))
    begun = await cut(drive)
    await asyncio.sleep(0.6)
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "undone")
    assert (of(erasure).resumed, len(drive.asked)) == ("", 2)


async def test_one_that_nobody_can_claim_before_its_end_is_followed_by_what_was_seen_of_it_meanwhile(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = Played(image, seconds=AT_WORK, proof=Proof(goes_on=True, rests=True))
    begun = await cut(drive)

    def waits(wanted: DiskId, read_disks: ReadDisks) -> tuple[Disk, DirectDisk]:
        """As the kernel has whoever opens a SCSI disk wait for the end of its sanitize."""
        while drive.look(Disk(name="x", id=begun.disk)).state == "running":
            time.sleep(0.05)
        return claim(wanted, read_disks)

    monkeypatch.setattr(stage, "claim", waits)
    erasure = await erase(drive, kept := Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "followed")
    assert (of(erasure).resumed, of(erasure).state_after, len(drive.asked)) == ("running", "idle", 1)
    assert [one.state for one in of(erasure).states][:: len(of(erasure).states) - 1] == ["running", "idle"]
    assert len(of(erasure).states) > 3, "it was asked while nobody could claim it"
    assert kept.all == [], "nothing new was begun"


async def test_one_that_is_found_done_is_read_whole_whatever_sample_was_wanted(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive, sample=10)
    await asyncio.sleep(drive.seconds)
    erasure = await erase(drive, Kept(), begun=begun, sample=10)
    assert told(erasure) == ("erased", "", "followed")
    assert (of(erasure).resumed, of(erasure).to_read, of(erasure).read) == ("done", SIZE, SIZE)
    assert len(drive.asked) == 1


async def test_one_that_is_found_done_and_holds_various_values_is_erased_anew(image: Path) -> None:
    """Nobody saw it at work: what is there may have been written since, on another bench."""
    drive = Played(image)
    begun = await cut(drive)
    await asyncio.sleep(drive.seconds)
    with image.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(b"a new owner's letter")
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "unclear")
    assert of(erasure).resumed == ""
    assert len(drive.asked) == 2
    assert b"letter" not in image.read_bytes()


async def test_what_a_drive_scrambled_counts_when_it_was_seen_at_work(image: Path) -> None:
    drive = Played(image, how="scrambles", seconds=AT_WORK)
    begun = await cut(drive)
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "followed")
    assert of(erasure).value is None


async def test_one_that_failed_meanwhile_is_told_and_ordered_again(image: Path) -> None:
    drive = Played(image, how="fails")
    begun = await cut(drive)
    await asyncio.sleep(drive.seconds)
    drive.look(disk=Disk(name="x", id=begun.disk))
    drive.how = "good"
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "failed")
    assert of(erasure).waited
    assert len(drive.asked) == 3, "once before the cut, once so that it takes marks, once to prove it"


async def test_one_that_fails_while_it_is_followed_is_ordered_again(image: Path) -> None:
    drive = Played(image, how="fails", seconds=AT_WORK)
    begun = await cut(drive)

    def be_good() -> None:
        drive.how = "good"

    drive.on_order = be_good
    assert told(await erase(drive, Kept(), begun=begun)) == ("erased", "", "failed")


async def test_one_that_forgot_it_without_power_is_ordered_again(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive)
    drive.state, drive.logged = "never", 0
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "undone")
    assert len(drive.asked) == 2


async def test_an_order_of_which_it_is_not_known_whether_the_drive_took_it_is_given_again(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive, taken=False)
    drive.state, drive.logged, drive.ends = "running", 2, time.monotonic() + 0.4
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "undone")
    assert of(erasure).waited, "what is at work is waited for"


async def test_an_erase_that_somebody_else_ordered_since_is_none_of_ours(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive)
    drive.state, drive.logged, drive.ends = "running", 4, time.monotonic() + 0.4
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "unclear")
    assert len(drive.asked) == 2


async def test_a_drive_that_lies_is_not_called_erased_after_a_cut_either(image: Path) -> None:
    drive = Played(image, how="lies", seconds=AT_WORK)
    begun = await cut(drive)
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("not-erased", "erase-marks-left", "unclear")
    assert len(drive.asked) == 2


async def test_one_that_stands_still_is_undetermined_and_nothing_else_is_ordered_of_it(image: Path) -> None:
    drive = Played(image, how="hangs")
    begun = await cut(drive)
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("undetermined", "erase-stands-still", "followed")
    assert len(drive.asked) == 1


async def test_where_another_method_is_wanted_now_the_disk_is_erased_by_that(image: Path) -> None:
    drive = Played(image)
    begun = await cut(drive)
    await asyncio.sleep(drive.seconds)
    erasure = await erase(drive, Kept(), begun=begun, method="overwrite")
    assert (erasure.method, *told(erasure)) == ("overwrite", "erased", "", "undone")


async def test_an_erase_that_answers_at_its_end_is_found_undone_and_done_again(image: Path) -> None:
    drive = Played(image, seconds=0, proof=Proof(goes_on=False))
    begun = await cut(drive, taken=False, password="netboot-0123456789abcdef")
    assert begun.password == "netboot-0123456789abcdef", "on the record before the drive hears it"
    erasure = await erase(drive, Kept(), begun=begun)
    assert told(erasure) == ("erased", "", "undone")


async def test_a_disk_that_has_another_size_since_is_erased_anew_since_its_marks_stood_elsewhere(image: Path) -> None:
    """As one that gives back in this boot what it hid when it was marked."""
    drive = Played(image)
    begun = await cut(drive)
    await asyncio.sleep(drive.seconds)
    with image.open("r+b") as file:
        file.seek(SIZE)
        file.write(bytes([0xFF]) * 2**22)
    with disk_with(image) as disk:
        larger = replace(begun, disk=disk.id)
    erasure = await erase(drive, Kept(), begun=larger)
    assert told(erasure) == ("erased", "", "unclear")
    assert (of(erasure).resumed, len(drive.asked)) == ("", 2)
