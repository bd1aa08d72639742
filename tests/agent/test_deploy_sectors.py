"""A master for both sector sizes: the disk's own say which chunks it gets, and nothing else is written or read back."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from msgspec import UNSET
from msgspec.structs import replace

from netboot.agent.deploy import stage as deploy
from netboot.agent.deploy.sectors import Given
from netboot.agent.disks import sweep
from netboot.agent.disks.claim import RefusedError
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware import follow_up
from netboot.agent.erase.firmware.technique import Look
from netboot.agent.failures import StageFailed
from netboot.agent.this_boot import ThisBoot
from netboot.shared.disk_abilities import SectorSize
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import Manifest, OtherSectors
from netboot.shared.protocol import Stuck
from netboot.shared.stages.deploy import DeployResult
from netboot.survey.loop import writable_loop_device
from tests.agent.boot_http import BootHttp, manifest_of, root_partition
from tests.agent.deploy_target import MIB, OLD, SIZE, Target, matches
from tests.agent.loop_drive import (
    SET_BLOCK_SIZE,
    SET_CAPACITY,
    Counted,
    LoopDrive,
    Told,
    becomes,
    format_of,
    given,
    other,
    sector_of,
    told_to,
    with_hands,
)

ROOT = (2 * MIB, SIZE - MIB)
ALL = [(0, ROOT[0]), ROOT, (ROOT[1], SIZE)]


@pytest.fixture(scope="module")
def small(master: bytes) -> bytes:
    """The disk as it is with sectors of 512 bytes."""
    return master


@pytest.fixture(scope="module")
def large(master: bytes) -> bytes:
    """The same master with sectors of 4096 bytes: another front, of which less is in use, and another end."""
    other = random.Random(2).randbytes(SIZE)
    return other[: ROOT[0]] + master[ROOT[0] : ROOT[1]] + other[ROOT[1] :]


@pytest.fixture(scope="module")
def both(small: bytes, large: bytes) -> Manifest:
    partitions = (root_partition(ROOT[0], ROOT[1] - ROOT[0]),)
    front_and_end = manifest_of(large, partitions, used=[(0, MIB), ALL[2]], sector=4096).chunks
    other = OtherSectors(sector=4096, start=ROOT[0], end=ROOT[1], chunks=front_and_end)
    return replace(manifest_of(small, partitions, used=ALL), other=other)


@pytest.fixture
def served(both: Manifest, small: bytes, large: bytes) -> BootHttp:
    boot_http = BootHttp(both, small)
    for chunk in both.every_chunk[len(both.chunks) :]:
        boot_http.frames[chunk.sha256] = zstandard.ZstdCompressor().compress(large[chunk.offset : chunk.end])
    return boot_http


@pytest.fixture(params=[512, 4096])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Target, int]]:
    """A disk with sectors of so many bytes, and its image."""
    found = Target(tmp_path, SIZE)
    with writable_loop_device(found.path, sector=request.param) as device:
        found.disk = replace(found.disk, name=str(device), id=DiskId(serial="TARGET", size=SIZE))
        yield found, request.param


@pytest.mark.root
async def test_the_disk_gets_what_is_for_its_sectors_and_all_of_that_is_read_back(
    target: tuple[Target, int], served: BootHttp, both: Manifest, large: bytes, small: bytes
) -> None:
    disk, sector = target
    fitted = both.on_sectors(sector)
    assert fitted is not None
    async with served:
        order = replace(disk.stage(served), used=fitted.used)
        result = await disk.deploy(served, stage=order)
    assert (result.verified, result.written, result.manifest) == (fitted.used, fitted.used, served.digest)
    assert matches(disk.path, fitted)
    assert set(served.asked) == {chunk.sha256 for chunk in fitted.chunks}
    content = disk.path.read_bytes()
    # The first and the last MiB are always zeroed first.
    assert content[MIB : 2 * MIB] == (small[MIB : 2 * MIB] if sector == 512 else OLD * MIB)
    assert content[ROOT[0] :] == (small if sector == 512 else large)[ROOT[0] :]


@pytest.mark.root
async def test_a_disk_whose_sectors_are_not_those_of_the_order_is_never_written(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    other = both.on_sectors(4096 if sector == 512 else 512)
    assert other is not None
    async with served:
        with pytest.raises(StageFailed) as caught:
            await disk.deploy(served, stage=replace(disk.stage(served), used=other.used))
    problem = caught.value.problem
    assert (problem.code, problem.values["wanted"]) == ("disk-sectors", str(other.sector))
    assert problem.values["found"] == str(sector)
    assert disk.untouched()


@pytest.mark.root
async def test_a_drive_is_given_the_ordered_sectors_once_and_only_if_it_has_others(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    order, drive = format_of(disk, served, both, other(sector)), LoopDrive()
    told, this_boot = Told(drive), ThisBoot()
    first = await given(order, both, disk, drive, told, this_boot=this_boot)
    assert first.problem is None
    done = first.formatted
    assert done is not None
    assert (done.before, done.wanted, done.after, done.size) == (sector, other(sector), other(sector), SIZE)
    assert (done.done, done.how, done.ended, done.command) == (True, "done", True, f"format {other(sector)}")
    assert (done.accepted, done.tool, done.disk) == ("yes", "loop", order.target)
    begun = DriveFormat(disk=order.target, before=sector, wanted=other(sector), tool="loop")
    assert told.said == [(begun, 0), (done, 1)]
    assert await given(order, both, disk, drive, this_boot=this_boot) == Given()
    assert drive.ordered == [other(sector)]
    assert drive.rescanned == 1, "the kernel is told to look"
    assert sector_of(disk) == other(sector)
    assert this_boot.now(order.target) == order.target


@pytest.mark.root
async def test_nothing_is_formatted_for_an_order_that_does_not_go_with_the_master_or_the_disk(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    order, drive = format_of(disk, served, both, other(sector)), LoopDrive()
    told = Told(drive)
    only: SectorSize = 512 if sector == 512 else 4096
    assert await given(replace(order, used=1), both, disk, drive, told) == Given()
    assert await given(order, replace(both, disk=SIZE + 512), disk, drive, told) == Given()
    assert await given(order, replace(both, other=UNSET, sector=only), disk, drive, told) == Given()
    with pytest.raises(RefusedError):
        await given(replace(order, target=replace(order.target, serial="ANOTHER")), both, disk, drive, told)
    assert (drive.ordered, told.said) == ([], [])


@pytest.mark.root
@pytest.mark.parametrize("target", [512], indirect=True)
@pytest.mark.parametrize(("needed", "ordered"), [(SIZE + 512, []), (SIZE, [4096])])
async def test_a_disk_that_is_large_enough_only_by_a_part_of_a_sector_is_not_formatted(
    target: tuple[Target, int], served: BootHttp, both: Manifest, needed: int, ordered: list[int]
) -> None:
    disk, _ = target
    os.truncate(disk.path, SIZE + 512)
    told_to(disk.disk.name, SET_CAPACITY, 0)
    disk.disk = replace(disk.disk, id=replace(disk.disk.id, size=SIZE + 512))
    drive = LoopDrive()
    seen = await given(format_of(disk, served, both, 4096), replace(both, disk=needed), disk, drive)
    assert (drive.ordered, seen.problem) == (ordered, None)


@pytest.mark.root
@pytest.mark.parametrize(
    ("drive", "code", "says"),
    [(LoopDrive(same=False), "disk-gone", ""), (LoopDrive(beside="nvme0n2"), "sectors-beside", "nvme0n2")],
)
async def test_a_drive_that_is_another_or_holds_more_is_ordered_nothing(
    target: tuple[Target, int], served: BootHttp, both: Manifest, drive: LoopDrive, code: str, says: str
) -> None:
    disk, sector = target
    told = Told(drive)
    seen = await given(format_of(disk, served, both, other(sector)), both, disk, drive, told)
    assert seen.formatted is None
    assert seen.problem is not None
    assert seen.problem.code == code
    assert says in seen.problem.values.get("others", "")
    assert "nvme0n2" in seen.problem.sentence("fr") or code != "sectors-beside"
    assert disk.untouched()
    assert (drive.ordered, told.said) == ([], [])


@pytest.mark.root
@pytest.mark.parametrize(("change", "code"), [("same", "disk-gone"), ("others", "sectors-beside")])
async def test_a_drive_that_is_another_once_it_is_on_the_record_is_ordered_nothing_and_that_is_told(
    target: tuple[Target, int], served: BootHttp, both: Manifest, change: str, code: str
) -> None:
    disk, sector = target
    drive = LoopDrive()
    told = Told(drive)
    told.meanwhile = lambda: setattr(drive, change, "" if change == "same" else "nvme0n2")
    seen = await given(format_of(disk, served, both, other(sector)), both, disk, drive, told)
    assert seen.problem is not None
    assert seen.formatted is not None
    assert (seen.problem.code, seen.formatted.how, seen.formatted.accepted) == (code, "not-ordered", "no")
    assert (seen.formatted.after, seen.formatted.size) == (0, 0), "nobody looked"
    assert (drive.ordered, [one.ended for one, _ in told.said]) == ([], [False, True])
    assert disk.untouched()


@pytest.mark.root
@pytest.mark.parametrize(
    ("answer", "code", "how"),
    [("no", "sectors-kept", "kept"), ("yes", "sectors-kept", "kept"), ("not-told", "sectors-unclear", "unclear")],
)
async def test_what_a_drive_that_keeps_its_sectors_answered_says_whether_its_state_is_known(
    target: tuple[Target, int], served: BootHttp, both: Manifest, answer: Accepted, code: str, how: str
) -> None:
    disk, sector = target
    drive = LoopDrive(obeys=False, answer=answer, looks=(Look("idle"), Look("running"), Look("idle")))
    told = Told(drive)
    seen = await given(format_of(disk, served, both, other(sector)), both, disk, drive, told)
    assert seen.problem is not None
    assert (seen.problem.code, seen.problem.values["wanted"]) == (code, str(other(sector)))
    assert seen.formatted is not None
    assert (seen.formatted.how, seen.formatted.after, seen.formatted.accepted) == (how, sector, answer)
    assert told.said[-1] == (seen.formatted, 1)
    assert drive.rescanned == (answer != "no")


@pytest.mark.root
async def test_a_drive_that_is_at_it_without_an_answer_is_followed_and_goes_on_where_it_did_it(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    at_it = [Look("idle"), *(Look("running", permille=one) for one in (100, 100, 500, 900)), Look("idle")]
    drive = LoopDrive(answer="not-told", looks=at_it)
    awaited = Counted()
    seen = await given(format_of(disk, served, both, other(sector)), both, disk, drive, awaited=awaited)
    assert seen.problem is None
    assert seen.formatted is not None
    assert (seen.formatted.done, seen.formatted.accepted) == (True, "not-told")
    assert awaited.moves == 2 + 3, "it was waited for twice, and has come further three times"


@pytest.mark.root
async def test_a_drive_that_is_at_its_format_is_asked_nothing_and_is_told_as_waited_for_with_the_time_that_it_has(
    target: tuple[Target, int], served: BootHttp, both: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, sector = target
    drive = LoopDrive(hangs=1.0)
    told: list[tuple[Stuck, int]] = []
    monkeypatch.setattr(deploy, "give_sectors", with_hands(drive, begins=Told(drive, slow=0.7)))
    monkeypatch.setattr(sweep, "STUCK_AFTER", 0.3)
    async with served:
        order = format_of(disk, served, both, other(sector))
        await disk.deploy(
            served, stage=order, held_up=lambda stuck: told.extend((one, len(drive.ordered)) for one in stuck)
        )
    assert drive.disturbed == 0
    mine = [one for one, _ in told if one.what == "format"]
    assert mine
    assert all(ordered == 1 for _, ordered in told), "a broken line is no fault of the disk"
    assert all(one.disk == "TARGET" and 58 < one.left < 60 for one in mine)
    assert [one for one, _ in told if one.what == "target"] == []


@pytest.mark.root
@pytest.mark.parametrize("last", [Look("running", permille=400), Look()])
async def test_a_drive_that_is_at_it_still_or_silent_is_not_deployed_to_whatever_its_sectors_are(
    target: tuple[Target, int], served: BootHttp, both: Manifest, last: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, sector = target
    monkeypatch.setattr(follow_up, "SILENCE", 0.4)
    drive = LoopDrive(answer="not-told", looks=(Look("idle"), last))
    told = Told(drive)
    seen = await given(format_of(disk, served, both, other(sector)), both, disk, drive, told)
    assert seen.problem is not None
    assert seen.formatted is not None
    assert (seen.problem.code, seen.formatted.how, seen.formatted.ended) == ("sectors-unclear", "unclear", True)
    assert [one for one, _ in told.said][1:] == [seen.formatted]
    assert becomes(disk, other(sector))


@pytest.mark.root
@pytest.mark.parametrize("by_place", [True, False])
async def test_another_nameless_drive_in_its_place_afterwards_is_not_taken_for_it(
    target: tuple[Target, int], served: BootHttp, both: Manifest, by_place: bool
) -> None:
    disk, sector = target
    placed = DiskId(size=SIZE, path="pci-0000:01:00.0-nvme-1", sequence=7)
    disk.disk = replace(disk.disk, id=placed)
    order = format_of(disk, served, both, other(sector))
    order = replace(order, target=replace(placed, by_place=by_place))

    def another() -> None:
        disk.disk = replace(disk.disk, id=replace(placed, sequence=8))

    seen = await given(order, both, disk, LoopDrive(also=another))
    assert seen.problem is not None
    assert seen.formatted is not None
    assert (seen.problem.code, seen.formatted.after, seen.formatted.size) == ("sectors-unclear", 0, 0)


@pytest.mark.root
async def test_a_drive_that_never_answers_or_stands_still_is_given_up(
    target: tuple[Target, int], served: BootHttp, both: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, sector = target
    left_open: list[int] = []

    def abandoned(held: DirectDisk) -> None:
        left_open.append(held._fd)
        held._fd = -1

    monkeypatch.setattr(DirectDisk, "abandon", abandoned)
    order = format_of(disk, served, both, other(sector))
    drive = LoopDrive(obeys=False, looks=(Look("idle"), Look("running", permille=400)), hangs=4.0)
    began = time.monotonic()
    seen = await given(order, both, disk, drive, limit=0.3)
    assert time.monotonic() - began < 3.5
    (left,) = left_open
    os.close(left)
    assert seen.problem is not None
    assert seen.formatted is not None
    assert (seen.problem.code, seen.formatted.how) == ("sectors-unclear", "unclear")
    assert (seen.formatted.after, seen.formatted.size) == (0, 0), "it is held by who still waits for it"
    assert "did not answer" in seen.formatted.said


@pytest.mark.root
async def test_a_format_of_before_a_power_cut_is_waited_for_and_not_ordered_again(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    order = format_of(disk, served, both, other(sector))

    class Finishes(LoopDrive):
        """The kernel sees it only once it is asked to look again."""

        def seen_by_kernel(self, disk: Disk) -> None:
            if self.rescanned == 1 and sector_of(target[0]) == sector:
                told_to(disk.name, SET_BLOCK_SIZE, other(sector))

    drive = Finishes(looks=[*(Look("running", permille=one) for one in (700, 800)), Look("idle")])
    told = Told(drive)
    assert await given(order, both, disk, drive, told) == Given()
    assert (drive.rescanned, drive.ordered, told.said) == (1, [], [])
    assert sector_of(disk) == other(sector)
    stands = LoopDrive(looks=[Look("running", permille=700)])
    seen = await given(format_of(disk, served, both, 512 if sector == 512 else 4096), both, disk, stands, told)
    assert seen.problem is not None
    assert (seen.problem.code, seen.formatted, stands.ordered) == ("sectors-unclear", None, [])


@pytest.mark.root
async def test_a_drive_of_another_size_afterwards_is_known_by_it_from_then_on(
    target: tuple[Target, int], served: BootHttp, both: Manifest
) -> None:
    disk, sector = target
    smaller = SIZE - MIB

    def shrink() -> None:
        os.truncate(disk.path, smaller)
        told_to(disk.disk.name, SET_CAPACITY, 0)

    drive, this_boot = LoopDrive(also=shrink), ThisBoot()
    order = format_of(disk, served, both, other(sector))
    seen = await given(order, replace(both, disk=smaller), disk, drive, this_boot=this_boot)
    assert seen.problem is None
    assert seen.formatted is not None
    assert (seen.formatted.how, seen.formatted.after, seen.formatted.size) == ("done", other(sector), smaller)
    assert this_boot.now(order.target) == replace(order.target, size=smaller)


@pytest.mark.root
async def test_the_format_is_in_the_evidence_of_a_deploy_that_fails_after_it(
    target: tuple[Target, int], served: BootHttp, both: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, sector = target
    monkeypatch.setattr(deploy, "give_sectors", with_hands(LoopDrive()))
    order = format_of(disk, served, both, other(sector))
    served.frames.clear()
    async with served:
        with pytest.raises(StageFailed) as caught:
            await disk.deploy(served, stage=order)
    assert caught.value.problem.code == "chunk-missing"
    result = caught.value.result
    assert isinstance(result, DeployResult)
    assert result.formatted is not None
    assert (result.formatted.how, result.verified, result.chunks) == ("done", 0, 0)
