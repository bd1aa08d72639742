"""A drive that was seen at work on an earlier boot's order before its disk could be claimed, and tells of no end.

On a file that is opened as a disk is, and whose drive says what it is told to say (`scripted_drive.py`): so does a SCSI
disk at a sanitize, as it was seen in whole PCs (`tests/lab/test_scsi_drives.py`).
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.firmware import account, held_drive
from netboot.agent.erase.firmware.at_work import AtWork, look_before
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.operation import Operation
from netboot.agent.erase.firmware.technique import Look
from netboot.shared.erase_begun import Begun
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, label
from netboot.shared.stages.erase import DiskErase, Erasure
from tests.agent.scripted_drive import (
    COMMAND,
    DISK,
    DONE,
    NEVER,
    ORDER,
    RUNS,
    SIZE,
    Scripted,
    Told,
    erase,
    of,
)

RESTS = Proof(goes_on=True, rests=True)
WORKS, FURTHER, IDLE, FAILED = Look("running", 400), Look("running", 700), Look("idle"), Look("failed")


async def begun_on(image: Path, *, erased: bool = True) -> Begun:
    """What the record keeps of an order that the drive took; the disk is as it is after its end, or was before."""
    told = Told()
    drive = Scripted(image, NEVER, NEVER, RUNS, DONE)
    drive.erases = False
    await erase(drive, told)
    if erased:
        image.write_bytes(bytes(SIZE))
    return told.kept.all[-1]


def method_of(drive: Scripted) -> FirmwareErase:
    return FirmwareErase("nvme-sanitize-block", drive, lambda _: True, stall=2.0)


async def watched(
    drive: Scripted, order: DiskErase, until: Sequence[Look] = (IDLE,), told: Told | None = None
) -> AtWork | None:
    """What is seen of it until it is about to say the first of these looks: while it does, the disk is claimed."""
    told = told or Told()
    at_work = await method_of(drive).seen_at_work(order, DISK, told.show, told.stuck.append, told.doing.append)
    if at_work is not None:
        loop = asyncio.get_running_loop()
        claimed: asyncio.Future[object] = loop.create_future()

        def claim() -> None:
            if not claimed.done():
                claimed.set_result(None)

        def on_look() -> None:
            if drive.looks == list(until):
                loop.call_soon_threadsafe(claim)

        drive.on_look = on_look
        await asyncio.wait_for(at_work.until(claimed), 20)
        drive.on_look = lambda: None
    return at_work


async def followed(
    drive: Scripted, order: DiskErase, at_work: AtWork | None, disk: Disk = DISK, told: Told | None = None
) -> Erasure:
    told = told or Told()
    with DirectDisk.for_writing(drive.image) as device:
        erasure = await method_of(drive).follow_up(
            order, disk, device, told.show, told.stuck.append, told.doing.append, at_work
        )
    assert "order" not in drive.asked
    return erasure


def found(erasure: Erasure) -> str:
    assert erasure.cut is not None
    return erasure.cut.found


async def test_one_that_was_at_work_and_is_at_rest_once_it_is_claimed_has_come_to_its_end(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image), sample=25)
    drive, told = Scripted(image, WORKS, WORKS, FURTHER, IDLE, proof=RESTS), Told()
    at_work = await watched(drive, order, until=(FURTHER, IDLE), told=told)
    assert at_work is not None
    erasure = await followed(drive, order, at_work, told=told)
    said = of(erasure)
    assert (erasure.verdict, erasure.problem, found(erasure)) == ("erased", None, "followed")
    assert (said.resumed, said.command, said.accepted, said.state_after) == ("running", COMMAND, "yes", "idle")
    assert [(one.state, one.permille) for one in said.states] == [("running", 400), ("running", 700), ("idle", None)]
    assert erasure.began == at_work.began
    assert erasure.pc_clock == at_work.pc_clock > 0
    assert 0 < said.states[-1].at < said.seconds < erasure.ended - erasure.began < 20, "else it is not believed"
    assert said.sample == 25, "somebody saw it at work"
    shares = [done / total for done, total, _ in told.progress]
    assert shares == sorted(shares)
    assert any(abs(share - (0.02 + 0.7 * 0.49)) < 0.001 for share in shares), "it is told meanwhile how far it is"
    assert {(total, part) for _, total, part in told.progress} == {(2 * SIZE, label(DISK))}
    assert told.steps == ["drive", "reading"]


async def test_one_that_is_at_rest_before_it_is_claimed_too_has_come_to_its_end(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    drive = Scripted(image, WORKS, IDLE, IDLE, IDLE, proof=RESTS)
    erasure = await followed(drive, order, await watched(drive, order))
    assert (erasure.verdict, found(erasure), of(erasure).resumed) == ("erased", "followed", "running")
    assert [one.state for one in of(erasure).states] == ["running", "idle"]


async def test_what_a_lying_drive_kept_is_found_all_the_same(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image, erased=False))
    drive = Scripted(image, WORKS, WORKS, IDLE, proof=RESTS)
    erasure = await followed(drive, order, await watched(drive, order))
    assert (erasure.verdict, found(erasure)) == ("not-erased", "unclear")
    assert of(erasure).marks_left > 0


async def test_nothing_is_made_of_a_drive_that_nobody_saw_at_work(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    for look in (IDLE, FAILED, Look(), Look("never")):
        drive = Scripted(image, look, IDLE, proof=RESTS)
        assert await watched(drive, order) is None
        assert found(await followed(drive, order, None)) == "undone"


@pytest.mark.parametrize(
    ("proof", "changes"),
    [
        (Proof(goes_on=True, action=2), {}),
        (Proof(goes_on=False, rests=True), {}),
        (RESTS, {"taken": False}),
        (RESTS, {"key": ""}),
    ],
)
async def test_one_whose_end_tells_of_itself_or_proves_nothing_is_not_asked_before(
    image: Path, proof: Proof, changes: dict[str, Any]
) -> None:
    drive = Scripted(image, WORKS, proof=proof)
    assert await watched(drive, replace(ORDER, begun=replace(await begun_on(image), **changes))) is None
    assert drive.asked == []


def test_what_the_record_kept_is_what_the_drive_had_said() -> None:
    begun = Begun(
        disk=DISK.id,
        method="nvme-sanitize-block",
        at=1.0,
        state_before="failed",
        logged_before=5,
        untouched_before=True,
    )
    assert look_before(begun) == Look("failed", logged=5, untouched=True)


async def test_what_was_said_before_the_order_is_what_it_is_followed_by(image: Path) -> None:
    order = replace(ORDER, begun=replace(await begun_on(image), state_before="failed"))
    at_work = await watched(Scripted(image, WORKS, IDLE, proof=RESTS), order)
    assert at_work is not None
    assert at_work.follow.before.state == "failed"


async def test_one_that_never_answers_is_not_seen_at_work(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_drive, "_ANSWER", 0.1)
    order = replace(ORDER, begun=await begun_on(image))
    drive, answers = Scripted(image, WORKS, proof=RESTS), threading.Event()

    def never() -> None:
        answers.wait(10)

    drive.on_look = never
    assert await watched(drive, order) is None
    answers.set()


async def test_the_first_device_of_a_boot_is_known_by_its_number_too(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    at_work = await watched(Scripted(image, WORKS, IDLE, proof=RESTS), order)
    assert at_work is not None
    at_work.account.disk = first = replace(DISK, id=replace(DISK.id, sequence=1))
    assert at_work.counts_for(first)


@pytest.mark.parametrize(("name", "sequence"), [("nvme0n1", 8), ("nvme0n1", 0), ("nvme1n1", 7)])
async def test_what_was_seen_of_a_device_that_was_away_since_counts_for_no_other(
    image: Path, name: str, sequence: int
) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    drive = Scripted(image, WORKS, WORKS, IDLE, proof=RESTS)
    at_work = await watched(drive, order)
    assert at_work is not None
    assert at_work.counts_for(DISK)
    other = replace(DISK, name=name, id=replace(DISK.id, sequence=sequence))
    assert not at_work.counts_for(other)
    drive.look = lambda disk: IDLE  # type: ignore[method-assign]
    assert found(await followed(drive, order, at_work, other)) == "undone"


async def test_a_device_whose_number_the_kernel_does_not_tell_is_not_known_to_be_the_same(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    at_work = await watched(Scripted(image, WORKS, WORKS, IDLE, proof=RESTS), order)
    assert at_work is not None
    unknown = replace(DISK, id=replace(DISK.id, sequence=0))
    at_work.account.disk = unknown
    assert not at_work.counts_for(unknown)


async def test_one_that_told_a_failure_meanwhile_has_not_come_to_a_good_end(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    drive = Scripted(image, WORKS, FAILED, IDLE, proof=RESTS)
    assert found(await followed(drive, order, await watched(drive, order))) == "undone"


async def test_one_that_is_at_work_still_is_followed_as_it_is_found_then(image: Path) -> None:
    order = replace(ORDER, begun=await begun_on(image))
    drive = Scripted(image, WORKS, WORKS, WORKS, WORKS, IDLE, proof=RESTS)
    erasure = await followed(drive, order, await watched(drive, order, until=(WORKS, WORKS, IDLE)))
    assert (erasure.verdict, found(erasure), of(erasure).resumed) == ("erased", "followed", "running")
    order = replace(order, begun=replace(order.begun or await begun_on(image), announced=0))
    drive = Scripted(image, WORKS, proof=RESTS)
    hangs = await followed(drive, order, await watched(drive, order, until=(WORKS,)))
    assert (hangs.verdict, found(hangs)) == ("undetermined", "followed"), "nothing else could be ordered of it"


async def test_it_is_asked_until_the_claim_is_over_however_it_ends_and_told_as_stuck(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_STUCK_AFTER", 0.1)
    order = replace(ORDER, begun=replace(await begun_on(image), announced=None))
    told = Told()
    drive = Scripted(image, WORKS, proof=RESTS)
    at_work = await method_of(drive).seen_at_work(order, DISK, told.show, told.stuck.append, told.doing.append)
    assert at_work is not None

    def claim() -> object:
        until = time.monotonic() + 30
        while drive.asked.count("look") < 12 and time.monotonic() < until:
            time.sleep(0.01)
        raise OSError("nobody can claim it")

    claimed = start(claim)
    await asyncio.wait_for(at_work.until(claimed), 20)
    assert isinstance(claimed.exception(), OSError)
    asked = drive.asked.count("look")
    await at_work.until(claimed)
    assert drive.asked.count("look") == asked
    stuck = [one for several in told.stuck for one in several]
    assert {(one.disk, one.what) for one in stuck} == {(label(DISK), "drive")}


async def test_one_found_at_work_by_its_log_is_told_by_what_the_record_kept_of_its_order(image: Path) -> None:
    begun = replace(await begun_on(image), announced=700, pattern=7)
    told, runs = Told(), Look("running", 10, logged=2)
    erasure = await followed(Scripted(image, runs, runs, DONE), replace(ORDER, begun=begun), None, told=told)
    assert (of(erasure).pattern, of(erasure).announced, of(erasure).resumed) == (7, 700, "running")
    first = told.doing[0]
    assert first.step == "drive"
    assert first.left is not None
    assert 600 < first.left <= 700


async def test_one_whose_disk_goes_while_it_is_followed_up_is_unclear(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def goes(*_: object) -> None:
        raise DiskError(0, "no such device", 19)

    monkeypatch.setattr(Operation, "follow_up", goes)
    erasure = await followed(Scripted(image, DONE), replace(ORDER, begun=await begun_on(image)), None)
    assert (found(erasure), erasure.verdict) == ("unclear", "not-erased")
