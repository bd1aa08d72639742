"""An erase by the drive that does not come to a good end: what the disk refused, what the drive was at before, what a
power cut left. On a file that is opened as a disk is, whose drive says what it is told to (`scripted_drive.py`).
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks import disk_threads
from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.past_faults import Limits
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.technique import Look, Ordered
from netboot.shared.erase_begun import Begun, Cut
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.read_back import BLOCK
from netboot.shared.stages.erase import Erasure
from tests.agent.scripted_drive import (
    COMMAND,
    DISK,
    DONE,
    NEVER,
    ORDER,
    PLACES,
    RUNS,
    SIZE,
    Scripted,
    Told,
    erase,
    of,
)

GOOD = (NEVER, NEVER, RUNS, DONE)


class Fails(DirectDisk):
    """Lets `on_read` do what it wants before each read of a whole block, and `on_write` before each write."""

    on_read: Callable[[int], object] = staticmethod(lambda _: None)
    on_write: Callable[[int], object] = staticmethod(lambda _: None)

    def read(self, buffer: memoryview, offset: int) -> None:
        if len(buffer) == BLOCK:
            self.on_read(offset)
        super().read(buffer, offset)

    def write(self, buffer: memoryview, offset: int) -> None:
        self.on_write(offset)
        super().write(buffer, offset)


def gone(_offset: int) -> None:
    raise DiskError(4096, "No such device", 19, kind="gone")


async def test_a_disk_that_is_gone_before_it_was_ordered_is_as_it_was(image: Path) -> None:
    device = Fails.for_writing(image)
    device.on_write = gone
    erasure = await erase(Scripted(image, *GOOD), device=device)
    values = {"disk": label(DISK), "error": "No such device", "offset": "4096"}
    assert (erasure.verdict, erasure.problem) == ("not-erased", Problem("disk-gone", values))


async def test_one_that_is_gone_afterwards_is_not_known(image: Path) -> None:
    device = Fails.for_writing(image)
    device.on_read = gone
    erasure = await erase(Scripted(image, *GOOD), device=device)
    assert erasure.verdict == "undetermined"
    assert erasure.problem is not None
    assert erasure.problem.code == "disk-gone"
    assert (of(erasure).to_read, of(erasure).read, of(erasure).unread) == (SIZE, 0, SIZE)


async def test_one_that_hangs_is_given_up_after_so_long(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_threads, "LAST_WORDS", 0.1)
    wait = threading.Event()
    device = Fails.for_writing(image)
    device.on_read = lambda _: wait.wait(30)
    drive = Scripted(image, *GOOD)
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True, stall=1.4)
    erasure = await method.run(ORDER, DISK, device, Told().show)
    assert erasure.verdict == "undetermined"
    assert erasure.problem == Problem("erase-too-slow", {"disk": label(DISK), "seconds": "1"})
    wait.set()


async def test_one_that_does_not_give_back_all_says_how_much_is_not_known(image: Path) -> None:
    device = Fails.for_writing(image)

    def read(buffer: memoryview, offset: int, whole: Any = device.read) -> None:
        if offset < 2 * BLOCK and offset + len(buffer) > BLOCK and len(buffer) > 4096:
            raise DiskError(offset, "I/O error", 5)
        whole(buffer, offset)

    device.read = read  # type: ignore[method-assign]
    drive = Scripted(image, *GOOD)
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True, limits=Limits(all_seconds=0))
    erasure = await method.run(ORDER, DISK, device, Told().show)
    assert erasure.verdict == "undetermined"
    assert erasure.problem is not None
    assert erasure.problem.code == "erase-not-read-back", "given up, and what was not read says it"
    assert of(erasure).read + of(erasure).unread == SIZE
    assert of(erasure).unread > 0


async def test_a_verdict_goes_with_its_reason(image: Path) -> None:
    drive = Scripted(image, *GOOD)
    drive.erases = False
    erasure = await erase(drive)
    assert erasure.verdict == "not-erased"
    assert erasure.problem is not None
    assert (erasure.problem.code, erasure.problem.values["disk"]) == ("erase-marks-left", label(DISK))
    assert of(erasure).marks_left == PLACES
    assert (of(erasure).to_read, of(erasure).read) == (0, 0)


# ── what the drive was at before ────────────────────────────────────────────────────────────────────────────────────

FAILED, IDLE = Look("failed", logged=4), Look("idle", logged=4)


async def test_one_at_work_is_waited_for_and_asked_again_before_it_is_marked(image: Path) -> None:
    told = Told()
    drive = Scripted(image, RUNS, RUNS, DONE, NEVER, RUNS, DONE)
    erasure = await erase(drive, told)
    assert (erasure.verdict, of(erasure).waited, of(erasure).state_before) == ("erased", True, "never")
    assert drive.asked.count("order") == 1
    assert told.steps == ["drive", "marking", "reading"]


async def test_one_that_failed_is_ordered_once_more_and_only_if_it_is_this_disk_alone(image: Path) -> None:
    drive = Scripted(image, FAILED, RUNS, DONE, NEVER, RUNS, DONE)
    erasure = await erase(drive)
    assert (erasure.verdict, of(erasure).waited, drive.asked.count("order")) == ("erased", True, 2)
    assert drive.asked[:5] == ["look", "is this", "beside", "order", "look"]
    drive = Scripted(image, FAILED)
    drive.is_it = False
    assert (await erase(drive)).verdict == "not-erased"
    assert "order" not in drive.asked


async def test_one_that_failed_while_it_was_waited_for_is_ordered_once_more(image: Path) -> None:
    drive = Scripted(image, RUNS, FAILED, RUNS, DONE, NEVER, RUNS, DONE)
    assert (await erase(drive)).verdict == "erased"
    assert drive.asked.count("order") == 2


async def test_one_that_failed_and_takes_no_order_is_not_followed(image: Path) -> None:
    drive = Scripted(image, FAILED, given=Ordered(COMMAND, "no", "busy"))
    drive.erases = False
    erasure = await erase(drive)
    assert erasure.verdict == "not-erased"
    assert drive.asked.count("look") == 2, "once to see it, once before the order"


async def test_one_whose_erase_answers_at_its_end_is_not_ordered_for_what_failed_before(image: Path) -> None:
    drive = Scripted(image, FAILED, IDLE, proof=Proof(goes_on=False))
    erasure = await erase(drive)
    assert (drive.asked.count("order"), of(erasure).waited) == (1, False)


# ── an overwrite that follows ───────────────────────────────────────────────────────────────────────────────────────


async def test_an_overwrite_follows_what_is_proven_and_its_verdict_counts(image: Path) -> None:
    told = Told()
    begun = Begun(disk=DISK.id, method="overwrite", key="ab" * 32, done=SIZE)
    erasure = await erase(Scripted(image, *GOOD), told, then_overwrite=True, begun=begun)
    after = of(erasure).overwritten
    assert isinstance(after, Overwritten)
    assert (erasure.verdict, after.written, after.verified, after.resumed) == ("erased", SIZE, SIZE, 0)
    assert after.pattern
    assert begun.key not in after.pattern, "it writes a pattern of its own"
    assert of(erasure).read == SIZE
    assert {total for _, total, _ in told.progress} == {2 * SIZE, 4 * SIZE}
    behind = [done for done, total, _ in told.progress if total == 4 * SIZE]
    assert behind[0] >= 2 * SIZE
    assert behind[-1] == 4 * SIZE
    assert {part for _, _, part in told.progress} == {label(DISK)}
    assert "writing" in told.steps


async def test_an_overwrite_that_fails_makes_the_disk_no_erased_one(image: Path) -> None:
    device = Fails.for_writing(image)

    def refuse(offset: int) -> None:
        if drive.asked.count("order") and offset == BLOCK:
            raise DiskError(offset, "I/O error", 5)

    drive = Scripted(image, *GOOD)
    device.on_write = refuse
    erasure = await erase(drive, device=device, then_overwrite=True)
    assert erasure.verdict == "not-erased"
    assert erasure.problem is not None
    assert erasure.problem.code == "erase-refused"
    assert of(erasure).accepted == "yes"


async def test_nothing_is_overwritten_of_what_is_not_proven(image: Path) -> None:
    drive = Scripted(image, *GOOD)
    drive.erases = False
    assert of(await erase(drive, then_overwrite=True)).overwritten is None
    assert of(await erase(Scripted(image, *GOOD))).overwritten is None


# ── after a power cut ───────────────────────────────────────────────────────────────────────────────────────────────


async def begun_on(image: Path) -> Begun:
    """What the record keeps of an order that the drive took."""
    told = Told()
    drive = Scripted(image, *GOOD)
    drive.erases = False
    await erase(drive, told)
    return replace(told.kept.all[-1], at=1.7e9)


async def followed(image: Path, begun: Begun, *looks: Look, proof: Proof | None = None, **order: Any) -> Erasure:
    drive = Scripted(image, *looks, proof=proof)
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True, stall=2.0)
    with DirectDisk.for_writing(image) as device:
        erasure = await method.follow_up(replace(ORDER, begun=begun, **order), DISK, device, Told().show)
    assert "order" not in drive.asked
    return erasure


def found(erasure: Erasure) -> str:
    assert erasure.cut is not None
    assert erasure.cut == Cut(method="nvme-sanitize-block", at=1.7e9, found=erasure.cut.found)
    return erasure.cut.found


async def test_what_was_told_before_the_cut_is_the_evidence_of_its_order(image: Path) -> None:
    begun = await begun_on(image)
    image.write_bytes(bytes(SIZE))
    erasure = await followed(image, begun, RUNS, RUNS, DONE)
    said = of(erasure)
    assert (erasure.verdict, found(erasure)) == ("erased", "followed")
    assert (said.command, said.accepted, said.ordered, said.pattern) == (COMMAND, "yes", 2, None)
    assert (said.state_before, said.logged_before, said.untouched_before) == ("never", 0, True)
    assert (said.announced, said.media_errors_before, said.media_errors) == (7, 1, 2)
    assert (said.resumed, said.tool) == ("running", "played 1")
    assert (said.to_mark, said.marked, said.compared) == (PLACES, PLACES, 0)
    assert (said.read, said.value) == (SIZE, 0)


@pytest.mark.parametrize(
    ("look", "word"),
    [
        (Look("never"), "undone"), (Look("idle"), "undone"), (FAILED, "failed"), (Look(), "unclear"),
        (Look("running", logged=4), "unclear"), (Look("running"), "unclear"),
        (Look("done", logged=4), "unclear"),
    ],
)  # fmt: skip
async def test_what_is_found_otherwise_is_not_followed(image: Path, look: Look, word: str) -> None:
    begun = await begun_on(image)
    erasure = await followed(image, begun, look)
    assert found(erasure) == word
    assert of(erasure).command == ""


@pytest.mark.parametrize("changes", [{"taken": False}, {"key": ""}])
async def test_what_was_not_taken_or_has_no_marks_is_not_asked_of(image: Path, changes: dict[str, Any]) -> None:
    begun = replace(await begun_on(image), **changes)
    assert found(await followed(image, begun, RUNS, DONE)) == "undone"
    at_once = Proof(goes_on=False)
    assert found(await followed(image, await begun_on(image), RUNS, DONE, proof=at_once)) == "undone"


async def test_one_that_is_not_the_disk_that_is_held_is_not_followed(image: Path) -> None:
    begun = await begun_on(image)
    drive = Scripted(image, RUNS, DONE)
    drive.is_it = False
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True)
    with DirectDisk.for_writing(image) as device:
        erasure = await method.follow_up(replace(ORDER, begun=begun), DISK, device, Told().show)
    assert found(erasure) == "unclear"
    assert of(erasure).command == ""


async def test_how_it_ended_is_what_became_of_it(image: Path) -> None:
    begun = await begun_on(image)
    for looks, word in (
        ((RUNS, RUNS, Look("failed", logged=2)), "failed"),
        ((RUNS, RUNS, Look()), "unclear"),
        ((RUNS, RUNS, DONE), "unclear"),  # and its marks are there
    ):
        assert found(await followed(image, begun, *looks)) == word
    image.write_bytes(bytes(SIZE))
    sampled = await followed(image, begun, RUNS, RUNS, DONE, sample=25)
    assert (found(sampled), of(sampled).sample) == ("followed", 25)
    whole = await followed(image, begun, DONE, sample=25)
    assert (found(whole), of(whole).sample, of(whole).read) == ("followed", 100, SIZE)


def test_only_what_may_be_written_and_is_of_its_kind_suits() -> None:
    for of_kind in (True, False):
        method = FirmwareErase("nvme-sanitize-block", Scripted(Path(), NEVER), lambda _, of_kind=of_kind: of_kind)  # type: ignore[misc]
        assert method.suits(DISK) == of_kind
        assert not method.suits(replace(DISK, read_only=True))
        assert method.work(1000) == 2000
        assert method.name == "nvme-sanitize-block"
