"""The steps of an erase that a drive does by itself, on real block devices whose drive is played
(`played_drive.py`)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskBusyError
from netboot.agent.erase.firmware import account
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.stage import Methods, run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.protocol import Stuck
from netboot.shared.read_back import BLOCK
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from tests.agent.played_drive import Played, full, impatient
from tests.agent.test_erase import MARKER, SIZE, disk_of, loop, silent

pytestmark = pytest.mark.root


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return full(tmp_path / "disk.img")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


@contextmanager
def disk_with(image: Path) -> Iterator[Disk]:
    with loop(image) as device:
        yield disk_of(device)


async def erase(drive: Played, *, seen: list[float] | None = None, **order: Any) -> Erasure:
    """What comes of this order of the drive."""
    with disk_with(drive.image) as disk:
        one = replace(DiskErase(disk=disk.id, method="nvme-sanitize-block", level="purge"), **order)
        methods: Methods = {
            "nvme-sanitize-block": FirmwareErase("nvme-sanitize-block", drive, lambda _: True),
            "overwrite": OVERWRITE,
        }

        def progress(done: int, total: int, part: str = "") -> None:
            if seen is not None:
                seen.append(done / total)

        try:
            given: object = await run_erase(Erase(disks=(one,)), lambda: [disk], progress=progress, methods=methods)
        except StageFailed as failed:
            given = failed.result
    assert isinstance(given, EraseResult)
    return given.erasures[0]


def of(erasure: Erasure) -> FirmwareErased:
    assert isinstance(erasure.evidence, FirmwareErased)
    return erasure.evidence


def told(erasure: Erasure) -> tuple[str, str]:
    return erasure.verdict, erasure.problem.code if erasure.problem else ""


async def test_a_drive_that_does_it_is_erased_and_the_evidence_says_how(image: Path) -> None:
    shares: list[float] = []
    erasure = await erase(Played(image), seen=shares)
    assert told(erasure) == ("erased", "")
    said = of(erasure)
    assert (erasure.level, said.accepted, said.state_before, said.state_after) == ("purge", "yes", "never", "done")
    assert (said.tool, said.ordered, said.logged, said.announced) == ("played 1", 2, 2, 0)
    assert any(one.state == "running" for one in said.states)
    assert said.marked == said.to_mark > 1000
    assert said.compared > 1000
    assert (said.marks_left, said.marks_unread, said.unchanged) == (0, 0, 0)
    assert (said.to_read, said.read, said.unread, said.value) == (SIZE, SIZE, 0, 0xFF)
    assert (said.even, said.elsewhere) == (SIZE, 0)
    assert (said.media_errors_before, said.media_errors, said.sample) == (1, 1, 100)
    assert erasure.support is None, "a loop device is nothing that openSeaChest may be asked of"
    assert erasure.counts_before is not None
    assert erasure.counts_after is not None
    assert not erasure.counts_after.tells
    assert erasure.counts_after.said, "and why nothing is counted is told"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


async def test_what_reads_otherwise_afterwards_need_not_be_one_value(image: Path) -> None:
    erasure = await erase(Played(image, how="scrambles"))
    assert told(erasure) == ("erased", "")
    assert (of(erasure).value, of(erasure).even) == (None, 0)


async def test_a_drive_that_lies_is_never_called_erased(image: Path) -> None:
    erasure = await erase(Played(image, how="lies"))
    said = of(erasure)
    assert told(erasure) == ("not-erased", "erase-marks-left")
    assert (said.state_after, said.marks_left, said.unchanged) == ("done", said.marked, said.compared)
    assert said.read == 0, "the rest need not be read"
    assert erasure.level == "none"


async def test_half_an_erase_is_none(image: Path) -> None:
    erasure = await erase(Played(image, how="half"))
    assert told(erasure) == ("not-erased", "erase-marks-left")
    assert 0 < of(erasure).marks_left < of(erasure).marked


async def test_an_erase_that_skips_sectors_is_none(image: Path) -> None:
    """Each page has changed, and none is erased."""
    erasure = await erase(Played(image, how="skips"))
    assert told(erasure) == ("not-erased", "erase-marks-left")
    assert (of(erasure).marks_left, of(erasure).unchanged) == (of(erasure).marked, of(erasure).compared)


async def test_a_part_that_was_kept_between_two_marks_is_seen_when_all_is_read(image: Path) -> None:
    with image.open("r+b") as file:
        file.write(os.urandom(32 * 4096))
    erasure = await erase(Played(image, how="keeps"))
    assert told(erasure) == ("undetermined", "erase-uneven")
    said = of(erasure)
    assert (said.marks_left, said.unchanged, said.read, said.value) == (0, 0, SIZE, None)
    assert said.even == SIZE - BLOCK
    by_key = Played(image, how="keeps", proof=Proof(goes_on=True, action=2, even=False))
    assert told(await erase(by_key)) == ("erased", ""), "which a change of key may well leave"


async def test_what_is_found_again_at_another_address_is_left(image: Path) -> None:
    erasure = await erase(Played(image, how="moves"))
    said = of(erasure)
    assert told(erasure) == ("not-erased", "erase-marks-left")
    assert (said.marks_left, said.unchanged) == (0, 0)
    assert said.elsewhere >= 8 * (said.marked + said.compared)
    assert erasure.problem is not None
    assert erasure.problem.values["left"] == str(said.elsewhere)


async def test_a_drive_that_fails_says_so(image: Path) -> None:
    assert told(await erase(Played(image, how="fails"))) == ("not-erased", "erase-failed-in-drive")


async def test_a_drive_that_stands_still_is_given_up_and_undetermined(image: Path) -> None:
    erasure = await erase(Played(image, how="hangs"))
    assert told(erasure) == ("undetermined", "erase-stands-still")
    assert of(erasure).states[-1].permille == 400
    assert of(erasure).read == 0


async def test_while_a_drive_stands_still_it_is_told_how_much_longer_it_is_given(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_STUCK_AFTER", 0.1)
    heard: list[Stuck] = []
    with disk_with(image) as disk:
        method = FirmwareErase("nvme-sanitize-block", Played(image, how="hangs"), lambda _: True)
        device = DirectDisk.for_writing(Path("/dev") / disk.name)
        order = DiskErase(disk=disk.id, method="nvme-sanitize-block")
        await method.run(order, disk, device, silent, heard.extend)
        device.close()
    assert {one.what for one in heard} == {"drive"}
    assert [one.seconds for one in heard] == sorted(one.seconds for one in heard)
    assert 0 <= heard[-1].left < heard[0].left < 1


async def test_a_drive_that_falls_silent_is_undetermined_though_its_data_is_gone(image: Path) -> None:
    erasure = await erase(Played(image, how="silent"))
    assert told(erasure) == ("undetermined", "erase-not-told")
    assert of(erasure).marks_left == 0


async def test_the_success_of_an_earlier_erase_proves_nothing(image: Path) -> None:
    """A drive that takes the order and does nothing; its log says what it said before, even of the same command."""
    drive = Played(image, how="deaf", state="done", logged=2)
    assert told(await erase(drive)) == ("not-erased", "erase-marks-left")

    def erase_by_stealth() -> None:
        image.write_bytes(bytes(SIZE))

    drive.on_order = erase_by_stealth
    image.write_bytes(MARKER * (SIZE // len(MARKER)) + bytes(SIZE % len(MARKER)))
    assert told(await erase(drive)) == ("undetermined", "erase-unseen")


async def test_one_that_is_at_work_already_is_waited_for_and_then_ordered_anew(image: Path) -> None:
    drive = Played(image, state="running", logged=4, ends=time.monotonic() + 0.4)
    erasure = await erase(drive)
    assert told(erasure) == ("erased", "")
    assert of(erasure).waited
    assert (of(erasure).state_before, of(erasure).logged_before) == ("done", 4)
    assert len(drive.asked) == 1


async def test_one_that_failed_before_is_told_to_begin_again_before_it_is_marked(image: Path) -> None:
    drive = Played(image, state="failed", logged=2)
    erasure = await erase(drive)
    assert told(erasure) == ("erased", "")
    assert of(erasure).waited
    assert len(drive.asked) == 2, "once so that it takes the marks, once to prove it"


async def test_where_the_drive_refuses_the_next_method_of_the_order_is_taken(image: Path) -> None:
    drive = Played(image, how="refuses")
    erasure = await erase(drive)
    assert told(erasure) == ("not-erased", "erase-refused-by-drive")
    assert erasure.problem is not None
    assert "INVALID_FIELD" in erasure.problem.technical
    second = await erase(drive, instead=("overwrite",))
    assert (second.verdict, second.method, second.level) == ("erased", "overwrite", "none")
    assert MARKER not in image.read_bytes()


async def test_a_drive_that_failed_is_tried_by_no_other_method(image: Path) -> None:
    erasure = await erase(Played(image, how="fails"), instead=("overwrite",))
    assert (erasure.verdict, erasure.method) == ("not-erased", "nvme-sanitize-block")


async def test_nothing_is_ordered_of_a_device_that_is_not_the_one_that_is_held(image: Path) -> None:
    drive = Played(image, is_it=False)
    assert told(await erase(drive)) == ("not-erased", "disk-gone")
    assert drive.asked == []


async def test_nothing_is_ordered_where_something_else_would_be_erased_as_well(image: Path) -> None:
    drive = Played(image, others="nvme0n2")
    erasure = await erase(drive)
    assert told(erasure) == ("not-erased", "erase-beside")
    assert erasure.problem is not None
    assert "nvme0n2" in erasure.problem.sentence("en")
    assert drive.asked == []
    assert (await erase(drive, instead=("overwrite",))).verdict == "erased"


async def test_an_overwrite_follows_where_it_is_ordered(image: Path) -> None:
    erasure = await erase(Played(image), then_overwrite=True)
    after = of(erasure).overwritten
    assert told(erasure) == ("erased", "")
    assert after is not None
    assert (after.written, after.verified) == (SIZE, SIZE)
    assert isinstance(after, Overwritten)


async def test_a_sample_is_as_large_as_was_asked_for(image: Path) -> None:
    erasure = await erase(Played(image), sample=25)
    assert told(erasure) == ("erased", "")
    assert of(erasure).to_read == of(erasure).read < SIZE
    assert of(erasure).read >= SIZE // 4 - BLOCK


async def test_the_marks_are_on_the_disk_when_it_is_ordered_and_the_old_data_beside_them(image: Path) -> None:
    found: list[bytes] = []
    drive = Played(image, on_order=lambda: found.append(image.read_bytes()))
    said = of(await erase(drive))
    assert found[0][:4096].count(MARKER) == 0
    assert found[0].count(MARKER) > 100
    assert said.marked > 1000


async def test_nobody_else_holds_the_disk_meanwhile(image: Path) -> None:
    busy: list[bool] = []

    with disk_with(image) as disk:
        method = FirmwareErase("nvme-sanitize-block", drive := Played(image), lambda _: True)

        def try_to_open() -> None:
            try:
                DirectDisk.for_writing(Path("/dev") / disk.name).close()
                busy.append(False)
            except DiskBusyError:
                busy.append(True)

        drive.on_order = try_to_open
        order = Erase(disks=(DiskErase(disk=disk.id, method="nvme-sanitize-block"),))
        await run_erase(order, lambda: [disk], progress=silent, methods={"nvme-sanitize-block": method})
    assert busy == [True]
