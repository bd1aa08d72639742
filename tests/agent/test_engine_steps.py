"""Each step of an erase that the drive does by itself: what it is asked, what is told of it, what is kept as evidence.

On a file that is opened as a disk is, and whose drive says what it is told to say (`scripted_drive.py`). The
same steps on real block devices are in `test_firmware_erase.py` and `test_cut_erases.py`.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks import sweep
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware import account, held_drive, operation
from netboot.agent.erase.firmware.held_drive import leads_to
from netboot.agent.erase.firmware.marking import Marking
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.progress import Doing
from netboot.shared.erase_begun import Begun
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import label
from netboot.shared.protocol import Stuck
from netboot.shared.read_back import BLOCK
from netboot.shared.stages.erase import Erasure
from tests.agent.scripted_drive import (
    COMMAND,
    COMPARED,
    DISK,
    DONE,
    NEVER,
    ORDER,
    PLACES,
    RUNS,
    SIZE,
    TOOK,
    Scripted,
    Told,
    erase,
    of,
)

# ── from the first question to the last byte ────────────────────────────────────────────────────────────────────────


async def test_the_evidence_is_what_was_said_and_seen(image: Path) -> None:
    drive, told = Scripted(image, NEVER, NEVER, RUNS, DONE), Told()
    before = time.monotonic()
    erasure = await erase(drive, told)
    assert (erasure.disk, erasure.model, erasure.verdict, erasure.problem) == (DISK.id, "SSD", "erased", None)
    assert before <= erasure.began <= erasure.ended <= time.monotonic()
    said = of(erasure)
    assert (said.tool, said.command, said.accepted, said.ordered, said.said) == ("played 1", COMMAND, "yes", 2, "")
    assert (said.state_before, said.logged_before, said.untouched_before, said.announced) == ("never", 0, True, 7)
    assert (said.state_after, said.logged, said.untouched, said.purged) == ("done", 2, True, True)
    assert (said.media_errors_before, said.media_errors) == (1, 2)
    assert [(one.state, one.permille) for one in said.states] == [("running", 400), ("done", None)]
    assert (said.to_mark, said.marked, said.compared) == (PLACES, PLACES, COMPARED)
    assert (said.marks_left, said.marks_unread, said.unchanged, said.elsewhere) == (0, 0, 0, 0)
    assert (said.to_read, said.read, said.unread, said.value, said.even) == (SIZE, SIZE, 0, 0, SIZE)
    assert (said.sample, said.pattern, said.resumed, said.waited, said.shut) == (100, None, "", False, False)
    assert 0 < said.seconds < erasure.ended - erasure.began
    assert drive.asked == ["look", "look", "is this", "beside", "is this", "beside", "order", "look", "look"]


async def test_what_is_told_before_and_after_the_order_is_enough_to_follow_it_up(image: Path) -> None:
    told = Told()
    drive = Scripted(image, NEVER, NEVER, RUNS, DONE, given=replace_ordered(TOOK, pattern=7))
    ordered: list[int] = []
    drive.on_order = lambda: ordered.append(len(told.kept.all))
    assert of(await erase(drive, told)).pattern == 7
    first, second = told.kept.all
    assert ordered == [1], "the first is on the record before the drive hears it"
    assert first == Begun(
        disk=DISK.id, size=SIZE, method="nvme-sanitize-block", tool="played 1", key=first.key, state_before="never",
        logged_before=0, untouched_before=True, announced=7, media_errors_before=1,
    )  # fmt: skip
    assert len(first.key) == 64
    assert second == replace(first, taken=True, command=COMMAND, ordered=2, pattern=7)
    other = Told()
    await erase(Scripted(image, NEVER, NEVER, RUNS, DONE), other)
    assert other.kept.all[0].key != first.key, "nobody can guess the marks of one job from another's"


def replace_ordered(given: Ordered, **changes: Any) -> Ordered:
    fields = {name: getattr(given, name) for name in ("command", "accepted", "said", "dword", "pattern")}
    return Ordered(**{**fields, **changes})


async def test_one_that_answers_at_its_end_is_told_with_the_password_that_it_is_locked_by(image: Path) -> None:
    told = Told()
    at_once = Scripted(image, Look("idle", errors=1), proof=Proof(goes_on=False))
    erasure = await erase(at_once, told)
    assert [(one.password, one.taken) for one in told.kept.all] == [(ORDER.password, False)]
    assert (erasure.verdict, of(erasure).state_after, of(erasure).states) == ("erased", "done", ())
    assert of(erasure).media_errors == 1
    assert 0 < of(erasure).seconds < erasure.ended - erasure.began


@pytest.mark.parametrize(
    ("accepted", "after", "state", "verdict"),
    [
        ("yes", "idle", "done", "erased"),
        ("yes", "not-told", "done", "erased"),
        ("yes", "running", "running", "undetermined"),
        ("not-told", "idle", "not-told", "undetermined"),
        ("not-told", "running", "running", "undetermined"),
        ("not-told", "failed", "failed", "not-erased"),
    ],
)
async def test_what_answers_at_its_end_has_ended_by_its_answer_alone(
    image: Path, accepted: str, after: str, state: str, verdict: str
) -> None:
    given = replace_ordered(TOOK, accepted=accepted, dword=None)
    looks = (Look("idle"), Look("idle"), Look(after))  # type: ignore[arg-type]
    erasure = await erase(Scripted(image, *looks, given=given, proof=Proof(goes_on=False)))
    assert (of(erasure).state_after, erasure.verdict) == (state, verdict)
    assert (of(erasure).read == SIZE) == (state not in ("running", "failed") and accepted == "yes")


async def test_an_end_that_the_drive_told_of_before_the_order_is_not_its_end(image: Path) -> None:
    old = Look("done", logged=1, untouched=False, errors=1)
    erasure = await erase(Scripted(image, old, old, old, DONE))
    assert erasure.verdict == "erased"
    assert [(one.state, one.permille) for one in of(erasure).states] == [("done", None)]
    assert (of(erasure).logged_before, of(erasure).logged) == (1, 2)


@pytest.mark.parametrize("announced", [1000, None])
async def test_one_that_answers_at_its_end_is_as_far_as_its_time_is_over(image: Path, announced: int | None) -> None:
    told = Told()
    drive = Scripted(image, Look("idle", announced=announced), proof=Proof(goes_on=False))
    shares: list[float] = []

    def takes_its_time() -> None:
        time.sleep(0.3)
        shares.append(told.progress[-1][0] / (2 * SIZE))

    drive.on_order = takes_its_time
    await erase(drive, told)
    assert [doing.step for doing in told.doing].count("drive") > 2
    assert shares[0] < 0.021, "a second of a thousand is nearly nothing"
    assert (shares[0] > 0.02) == (announced is not None)


async def test_the_screen_is_told_the_disk_and_a_share_that_only_grows(image: Path) -> None:
    told = Told()
    await erase(Scripted(image, NEVER, NEVER, RUNS, RUNS, RUNS, DONE), told)
    assert {(total, part) for _, total, part in told.progress} == {(2 * SIZE, label(DISK))}
    shares = [done / total for done, total, _ in told.progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(abs(share - 0.02) < 0.001 for share in shares), "the marks"
    assert any(abs(share - (0.02 + 0.4 * 0.49)) < 0.001 for share in shares), "four tenths of the erase"
    assert told.steps == ["marking", "drive", "reading"]
    assert any(6 < (doing.left or 0) <= 7 for doing in told.doing), "what it announced"
    assert all(not stuck for stuck in told.stuck)


async def test_the_reading_is_half_of_the_work(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_LOOK_EVERY", 0.02)

    class Slow(DirectDisk):
        """Takes its time for whole blocks."""

        def read(self, buffer: memoryview, offset: int) -> None:
            time.sleep(0.1 * offset / BLOCK if len(buffer) == BLOCK else 0)
            super().read(buffer, offset)

    told = Told()
    await erase(Scripted(image, NEVER, NEVER, RUNS, DONE), told, Slow.for_writing(image))
    shares = {round(done / total, 4) for done, total, _ in told.progress}
    assert shares & {round(0.51 + 0.49 * part / 4, 4) for part in (1, 2, 3)}
    assert told.progress[-1][:2] == (2 * SIZE, 2 * SIZE)


async def test_a_drive_that_does_not_move_on_is_told_as_stuck(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_STUCK_AFTER", 0.1)
    told = Told()
    looks = [replace_look(look, announced=None) for look in (NEVER, NEVER, *[RUNS] * 12, DONE)]
    erasure = await erase(Scripted(image, *looks), told)
    assert erasure.verdict == "erased"
    stuck = [one for several in told.stuck for one in several]
    assert stuck
    assert {one.disk for one in stuck} == {label(DISK)}
    assert all(0.1 < one.seconds < erasure.ended - erasure.began for one in stuck)
    patient = Told()
    await erase(Scripted(image, NEVER, NEVER, *[RUNS] * 12, DONE), patient)
    assert not any(patient.stuck), "not before the time that it announced"


def replace_look(look: Look, **changes: Any) -> Look:
    fields = ("state", "permille", "logged", "untouched", "announced", "errors", "purged", "shut")
    return Look(**{name: getattr(look, name) for name in fields} | changes)


async def test_one_that_answers_at_its_end_is_shown_by_the_time_that_is_gone(image: Path) -> None:
    told = Told()
    drive = Scripted(image, Look("idle", announced=1000), proof=Proof(goes_on=False))
    drive.on_order = lambda: time.sleep(0.2)
    await erase(drive, told)
    left = [doing.left or 0 for doing in told.doing if doing.step == "drive"]
    assert len(left) > 1
    assert left == sorted(left, reverse=True)
    assert 900 < left[-1] < left[0] < 1000
    late = Told()
    drive = Scripted(image, Look("idle", announced=1), proof=Proof(goes_on=False))
    drive.on_order = lambda: time.sleep(1.2)
    await erase(drive, late)
    shares = {round(done / total, 4) for done, total, _ in late.progress}
    assert round(0.02 + 0.95 * 0.49, 4) in shares, "and no further than that"
    assert any(0.021 < share < 0.02 + 0.94 * 0.49 for share in shares)
    slow = Told()
    drive = Scripted(image, Look("idle"), proof=Proof(goes_on=False))
    drive.on_order = lambda: time.sleep(0.1)
    await erase(drive, slow)
    assert {doing.left for doing in slow.doing} == {None}
    assert Doing("drive") in slow.doing


# ── what must be so before anything is ordered ──────────────────────────────────────────────────────────────────────


def refused(erasure: Erasure, code: str, said: str) -> bool:
    """Nothing was ordered, and it says why."""
    evidence = of(erasure)
    assert erasure.verdict == "not-erased"
    assert erasure.problem is not None
    assert (evidence.accepted, evidence.command, evidence.said) == ("no", "", said)
    return erasure.problem.code == code and erasure.problem.values["disk"] == label(DISK)


async def test_the_line_may_break_for_long_while_it_is_told_so_all_is_asked_once_more(image: Path) -> None:
    for change, code, said in (
        ({"is_it": False}, "disk-gone", "the device was not the one that is held"),
        ({"others": "nvme0n2"}, "erase-beside", "it would erase as well: nvme0n2"),
    ):
        drive, told = Scripted(image, NEVER, NEVER, RUNS, DONE), Told()

        async def meanwhile(_: Begun, drive: Scripted = drive, change: dict[str, Any] = change) -> None:
            vars(drive).update(change)

        told.kept.on_begun = meanwhile
        assert refused(await erase(drive, told), code, said)
        assert "order" not in drive.asked


async def test_nothing_is_begun_on_a_disk_that_is_another_or_not_alone(image: Path) -> None:
    told = Told()
    drive = Scripted(image, NEVER)
    drive.is_it = False
    erasure = await erase(drive, told)
    assert refused(erasure, "disk-gone", "the device was not the one that is held")
    assert erasure.problem is not None
    assert erasure.problem.values["error"] == "the device was not the one that is held"
    drive = Scripted(image, NEVER)
    drive.others = "x" * 300
    erasure = await erase(drive, told)
    assert refused(erasure, "erase-beside", f"it would erase as well: {'x' * 300}"[:256])
    assert erasure.problem is not None
    assert erasure.problem.values["others"] == "x" * 200
    assert told.kept.all == []


async def test_a_name_that_leads_to_another_device_is_not_the_disk(image: Path, tmp_path: Path) -> None:
    with DirectDisk.for_writing(image) as device:
        assert leads_to(device)
        device.path = Path("/dev/null")
        assert not leads_to(device)
        device.path = tmp_path / "nothing"
        assert not leads_to(device)
        device.path = image
        with image.open("r+b") as file:
            file.truncate(SIZE // 2)
        assert not leads_to(device), "nor is one of another size"


async def test_a_drive_that_never_answers_has_said_nothing(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_drive, "_ANSWER", 0.1)
    wait = threading.Event()
    drive = Scripted(image, NEVER)
    drive.beside = lambda disk: Beside(str(wait.wait(30)))  # type: ignore[method-assign]
    assert refused(await erase(drive), "erase-beside", "it would erase as well: ?")
    drive = Scripted(image, NEVER)
    drive.is_this = lambda disk: wait.wait(30)  # type: ignore[method-assign]
    assert refused(await erase(drive), "disk-gone", "the device was not the one that is held")
    drive = Scripted(image, NEVER, NEVER, RUNS, DONE)
    drive.version = lambda: "x" if wait.wait(30) else ""  # type: ignore[method-assign]
    assert (of(await erase(drive)).tool, drive.asked[-1]) == ("", "look")
    drive = Scripted(image, NEVER)
    drive.on_look = lambda: time.sleep(0.3)
    assert of(await erase(drive)).state_before == "not-told"
    wait.set()


async def test_an_order_that_the_drive_refused_is_told_in_its_words(image: Path) -> None:
    drive = Scripted(image, NEVER, given=Ordered(COMMAND, "no", "INVALID_FIELD", 2))
    drive.erases = False
    erasure = await erase(drive)
    assert (erasure.verdict, of(erasure).command, of(erasure).said) == ("not-erased", COMMAND, "INVALID_FIELD")
    assert erasure.problem is not None
    assert (erasure.problem.code, erasure.problem.values["disk"]) == ("erase-refused-by-drive", label(DISK))
    assert drive.asked[-1] == "order", "it is asked nothing more"
    assert (of(erasure).read, of(erasure).marks_left) == (0, 0)


async def test_a_shut_drive_takes_no_mark_and_says_so(image: Path) -> None:
    look = Look("idle", shut=True)
    opens = Proof(goes_on=False, even=False, opens=True)
    assert not of(await erase(Scripted(image, look, proof=opens))).shut, "it took marks, so it was not shut"

    class Shut(DirectDisk):
        """Refuses all until it is erased."""

        open = False

        def read(self, buffer: memoryview, offset: int) -> None:
            super().read(buffer, offset if self.open else self.size)

        def write(self, buffer: memoryview, offset: int) -> None:
            super().write(buffer, offset if self.open else self.size)

    for locks, shut in ((look, True), (Look("idle"), False)):
        device = Shut.for_writing(image)
        drive = Scripted(image, locks, proof=opens)
        drive.on_order = lambda device=device: setattr(device, "open", True)  # type: ignore[misc]
        erasure = await erase(drive, device=device)
        assert of(erasure).shut == shut
        assert (erasure.verdict == "erased") == shut


async def test_a_disk_that_stands_still_while_it_is_marked_is_told(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Marking):
        """Marks that a disk takes its time for."""

        async def put(self, show: Callable[[float, float], None]) -> None:
            show(0.5, 7.0)
            await super().put(show)

    monkeypatch.setattr(operation, "Marking", Slow)
    told = Told()
    await erase(Scripted(image, NEVER, NEVER, RUNS, DONE), told)
    assert told.stuck[0] == [Stuck(disk=label(DISK), seconds=7.0)]
    assert told.progress[0] == (int(0.5 * 0.02 * 2 * SIZE), 2 * SIZE, label(DISK))
