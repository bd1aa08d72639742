"""Disks that refuse: real loop devices over files that cannot take or give every byte.

A file in a tmpfs without room refuses to fill its holes, so the device refuses just these parts with an error of its
own, and takes all others. For that its requests have to be as small as a page: of a larger one that the file takes in
part, Linux's loop driver says that all of it was written (lo_complete_rq), as disks do that lie.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import get_args

import msgspec
import pytest

from netboot.agent.disks.direct_io import DirectDisk, DiskError, Kind
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.past_faults import Limits
from netboot.agent.erase.overwrite import Overwrite
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.jobs.evidence import judge
from netboot.shared.disk_counts import COUNTS, DiskCounts
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.overwrite import BadRange, Overwritten
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.language import Language
from netboot.shared.protocol import StageFinished, decode_from_agent, encode
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.agent.test_erase import MIB, disk_of, loop, silent
from tests.orders import ordered, overwriting, overwritten

pytestmark = pytest.mark.root

MARKER = b"the donor's last letter "
SIZE = 12 * MIB + 3 * 4096


@contextmanager
def full_room(folder: Path, size: int = SIZE + MIB) -> Iterator[Path]:
    """A tmpfs of its own; `fill` leaves no room in it."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def make_disk(path: Path, holes: Sequence[tuple[int, int]], size: int = SIZE) -> Path:
    """A disk full of old data; the holes, each from its start up to before its end, will refuse to be written."""
    path.write_bytes((MARKER * (size // len(MARKER) + 1))[:size])
    for start, end in holes:
        subprocess.run(
            ["fallocate", "--punch-hole", "--offset", str(start), "--length", str(end - start), path], check=True
        )
    return path


def fill(folder: Path) -> None:
    """Leave no room."""
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


@contextmanager
def refusing(image: Path) -> Iterator[Path]:
    """A loop device that refuses its image's holes."""
    with loop(image) as device:
        longest = Path(f"/sys/block/{device.name}/queue/max_sectors_kb")
        before = longest.read_text()
        longest.write_text("4")
        try:
            yield device
        finally:
            longest.write_text(before)  # the device's number keeps it for whoever is next


async def erased(*disks: Disk) -> tuple[StageFailed, tuple[Erasure, ...]]:
    """What an erase that fails says."""
    with pytest.raises(StageFailed) as caught:
        await run_erase(overwriting(*(disk.id for disk in disks)), lambda: disks, progress=silent)
    assert isinstance(caught.value.result, EraseResult)
    return caught.value, caught.value.result.erasures


def left_of(path: Path, outside: Sequence[tuple[int, int]]) -> int:
    """Bytes of old data outside of these parts."""
    data = bytearray(path.read_bytes())
    for start, end in outside:
        data[start:end] = bytes(end - start)
    return data.count(MARKER)


HOLES = {
    "one sector's page": [(5 * MIB + 8192, 5 * MIB + 12288)],
    "the first page": [(0, 4096)],
    "the last page": [(SIZE - 4096, SIZE)],
    "over two blocks": [(3 * MIB - 65536, 3 * MIB + 131072)],
    "whole blocks": [(4 * MIB, 6 * MIB)],
    "many": [(start, start + 4096) for start in range(MIB, 4 * MIB, 65536)],
    "all but the first": [(MIB, SIZE)],
}


@pytest.mark.parametrize("holes", HOLES.values(), ids=list(HOLES))
async def test_everything_but_what_refuses_is_overwritten_and_read_back(
    tmp_path: Path, holes: list[tuple[int, int]]
) -> None:
    bad = sum(end - start for start, end in holes)
    with full_room(tmp_path / "room") as room:
        image = make_disk(room / "disk.img", holes)
        fill(room)
        with refusing(image) as device:
            failed, (erasure,) = await erased(disk_of(device))
        assert left_of(image, holes) == 0
    assert (erasure.verdict, erasure.level) == ("not-erased", "none")
    assert (overwritten(erasure).unwritten, overwritten(erasure).written, overwritten(erasure).verified) == (
        bad,
        SIZE - bad,
        SIZE - bad,
    )
    assert overwritten(erasure).bad == tuple(
        BadRange(start=start, length=end - start, what="unwritten") for start, end in holes
    )
    assert failed.problem.code == "erase-refused"
    assert "jusqu'à" in failed.problem.sentence("fr")
    assert "up to" in failed.problem.sentence("en")


async def test_a_disk_that_drops_the_rest_of_a_write_in_silence_is_not_erased(tmp_path: Path) -> None:
    with full_room(tmp_path / "room") as room:
        image = make_disk(room / "disk.img", [(5 * MIB + 8192, 5 * MIB + 12288)])
        fill(room)
        with loop(image) as device:
            failed, (erasure,) = await erased(disk_of(device))
    assert (erasure.verdict, overwritten(erasure).written, failed.problem.code) == (
        "not-erased",
        SIZE,
        "erase-mismatch",
    )
    assert overwritten(erasure).different == SIZE - overwritten(erasure).verified > 0


async def test_so_many_bad_parts_are_counted_and_the_report_stays_a_message(tmp_path: Path) -> None:
    holes = [(start, start + 4096) for start in range(0, 8 * MIB, 8192)]
    with full_room(tmp_path / "room") as room:
        image = make_disk(room / "disk.img", holes)
        fill(room)
        with refusing(image) as device:
            failed, (erasure,) = await erased(disk_of(device))
    assert len(overwritten(erasure).bad) + overwritten(erasure).more_bad == len(holes)
    assert overwritten(erasure).unwritten == 4 * MIB
    report = StageFinished(
        number=1, job="j", stage="erase", at=1e9, outcome="failed", problem=failed.problem, result=failed.result
    )
    assert decode_from_agent(encode(report)) == report


async def test_a_message_holds_the_bad_parts_of_as_many_disks_as_a_pc_may_have(tmp_path: Path) -> None:
    from netboot.agent.erase.stage import _bounded

    parts = tuple(BadRange(start=2**62 + 1024 * n, length=512, what="unwritten") for n in range(256))
    status = DiskStatus(
        name="x" * 60, serial="x" * 60, wwn="x" * 60, firmware="x" * 60, size=2**62, logical_sector=512,
        visible_sectors=2**53, native_sectors=2**53, real_sectors=2**53, smart="passed",
    )  # fmt: skip
    counts = DiskCounts(**dict.fromkeys(COUNTS, 200), said="smartctl has nothing to say of such a disk")
    one = Erasure(
        disk=DiskId(serial="S" * 40, size=2**62), model="M" * 40, verdict="not-erased",
        evidence=Overwritten(bad=parts, pattern="p" * 180), before=status, after=status,
        counts_before=counts, counts_after=counts, support=("ATA Enhanced Security Erase (Purge)",) * 16,
    )  # fmt: skip
    result = EraseResult(erasures=_bounded([one] * 128))
    assert sum(len(overwritten(each).bad) + overwritten(each).more_bad for each in result.erasures) == 128 * 256
    report = StageFinished(number=1, job="j", stage="erase", at=1.0, outcome="failed", result=result)
    decode_from_agent(encode(report))


async def test_each_of_several_bad_disks_says_its_own_and_the_server_believes_it(tmp_path: Path) -> None:
    with full_room(tmp_path / "room", 4 * SIZE) as room, ExitStack() as stack:
        images = [
            make_disk(room / "one.img", [(MIB, MIB + 4096)]),
            make_disk(room / "two.img", []),
            make_disk(room / "three.img", [(0, 8192), (2 * MIB, 3 * MIB)]),
        ]
        fill(room)
        disks = [disk_of(stack.enter_context(refusing(image)), serial=image.stem) for image in images]
        failed, erasures = await erased(*disks)
    assert [erasure.verdict for erasure in erasures] == ["not-erased", "erased", "not-erased"]
    assert [e.problem.values["left"] for e in erasures if e.problem is not None] == ["4.1 kB", "1.1 MB"]
    assert (failed.problem.code, failed.problem.values) == (
        "several-not-erased", {"count": "2", "disks": "one, three"},
    )  # fmt: skip
    record = judge(overwriting(*(disk.id for disk in disks)), "failed", failed.problem, failed.result)
    assert record.problem == failed.problem == erase_problem(erasures)
    # What was wanted is the server's to say: it ordered.
    assert record.result == EraseResult(erasures=tuple(msgspec.structs.replace(e, wanted="clear") for e in erasures))


async def test_a_disk_that_shrinks_is_told_by_what_it_has(tmp_path: Path) -> None:
    """As the kernel says it of a disk that was unplugged or shrank: no space left on device."""
    image = make_disk(tmp_path / "disk.img", [])
    with loop(image) as device:
        disk = disk_of(device)

        def shrink(done: int, total: int, part: str = "") -> None:
            if not shrunk and done:
                shrunk.append(done)
                os.truncate(image, 4 * MIB)
                subprocess.run(["losetup", "--set-capacity", device], check=True)

        shrunk: list[int] = []
        with DirectDisk.for_writing(device) as opened:
            erasure = await _slowly(opened, disk, shrink)
    assert erasure.problem is not None
    assert (erasure.verdict, erasure.problem.code) == ("not-erased", "disk-resized")
    assert "Il ne compte pas comme effacé" in erasure.problem.sentence("fr")
    assert overwritten(erasure).unwritten >= SIZE - 4 * MIB - 3 * MIB


async def _slowly(opened: DirectDisk, disk: Disk, look: Callable[..., None]) -> Erasure:
    """Erase a disk that looks at its progress after every block, one after the other: nothing is written meanwhile."""
    write, turn = opened.write, Lock()

    def told(buffer: memoryview, offset: int) -> None:
        with turn:
            write(buffer, offset)
            look(offset + len(buffer), 2 * opened.size)

    opened.write = told  # type: ignore[method-assign]
    return await Overwrite().run(ordered(disk), disk, opened, silent)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("kind", get_args(Kind))
def test_no_sentence_about_a_disk_has_the_kernels_words_or_an_offset(kind: Kind, language: Language) -> None:
    problem = problem_of(DiskError(92_160_000, "No space left on device", 28, kind=kind), "WD 1.0 TB")
    sentence = problem.sentence(language)
    assert "space" not in sentence
    assert "92160000" not in sentence
    assert problem.values["error"] == "No space left on device", "the record keeps it"


async def test_a_disk_that_refuses_everything_for_too_long_is_given_up(tmp_path: Path) -> None:
    """With limits of its own; all of it counts as never written."""
    with full_room(tmp_path / "room") as room:
        image = make_disk(room / "disk.img", [(0, SIZE)])
        fill(room)
        with refusing(image) as device, DirectDisk.for_writing(device) as opened:
            erasure = await Overwrite(limits=Limits(all_seconds=0.0)).run(
                ordered(disk_of(device)), disk_of(device), opened, silent
            )
    assert erasure.problem is not None
    assert (erasure.verdict, erasure.problem.code, overwritten(erasure).unwritten) == (
        "not-erased",
        "erase-refused",
        SIZE,
    )
    assert overwritten(erasure).bad == (BadRange(start=0, length=SIZE, what="unwritten"),)
