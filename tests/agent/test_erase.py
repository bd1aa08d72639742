"""Erasing real block devices: loop devices over files that these tests make."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.overwrite import Overwrite
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.shared.erase_methods.overwrite import BadRange
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.orders import ordered, overwriting, overwritten

MIB = 1024 * 1024
MARKER = b"donor's letter to the bank "
SIZE = 24 * MIB + 3 * 4096
"""Not a whole number of blocks: the tail is erased too."""


def silent(done: int, total: int, part: str = "") -> None:
    """Progress that nobody looks at."""


@contextmanager
def loop(image: Path, *, sector: int = 512) -> Iterator[Path]:
    device = subprocess.run(
        ["losetup", "--find", "--show", "--partscan", "--sector-size", str(sector), image],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    try:
        yield Path(device)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def add_partitions(device: Path) -> None:
    """Show the kernel the partitions; it may be one that was built without partition tables of its own."""
    subprocess.run(["partx", "--update", device], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
    return path


def disk_of(device: Path, *, sector: int = 512, serial: str = "") -> Disk:
    with DirectDisk.for_reading(device) as opened:
        size = opened.size
    return Disk(name=device.name, id=DiskId(serial=serial or device.name, size=size), logical_sector=sector)


async def erase(*disks: Disk) -> EraseResult:
    stage = overwriting(*(disk.id for disk in disks))
    return await run_erase(stage, lambda: disks, progress=silent)


async def failed_erase(*disks: Disk) -> tuple[Erasure, ...]:
    with pytest.raises(StageFailed) as caught:
        await erase(*disks)
    assert isinstance(caught.value.result, EraseResult)
    assert caught.value.problem == next(e.problem for e in caught.value.result.erasures if e.verdict != "erased")
    return caught.value.result.erasures


@pytest.mark.root
@pytest.mark.parametrize("sector", [512, 4096])
async def test_nothing_of_what_was_there_is_left_and_the_evidence_says_how(image: Path, sector: int) -> None:
    with loop(image, sector=sector) as device:
        disk = disk_of(device, sector=sector)
        result = await erase(disk)
    after = image.read_bytes()
    assert MARKER not in after
    assert not any(after[start : start + 512] == bytes(512) for start in range(0, SIZE, 512))
    (erasure,) = result.erasures
    assert (erasure.verdict, erasure.level, erasure.method) == ("erased", "clear", "overwrite")
    assert (overwritten(erasure).written, overwritten(erasure).verified) == (SIZE, SIZE)
    assert erasure.problem is None
    assert 0 < erasure.began < erasure.ended <= time.monotonic()
    assert abs(erasure.pc_clock - pc_clock()) < 60
    assert (erasure.started, erasure.finished) == (0, 0), "these are the server's"
    assert erasure.before is not None
    assert (erasure.before.size, erasure.before.ends) == (SIZE, ("not-asked",) * 3), "a loop device is no ATA disk"


@pytest.mark.root
async def test_the_partitions_are_gone_from_the_kernels_view(image: Path) -> None:
    subprocess.run(["sfdisk", "--quiet", image], input="label: gpt\nsize=4MiB\nsize=4MiB\n", text=True, check=True)
    with loop(image) as device:
        add_partitions(device)
        assert Path(f"/sys/block/{device.name}/{device.name}p2").exists()
        await erase(disk_of(device))
        assert not list(Path(f"/sys/block/{device.name}").glob(f"{device.name}p*"))


@pytest.mark.root
async def test_a_disk_that_forgets_a_sector_between_write_and_verify_is_not_erased(image: Path) -> None:
    wrong = 13 * MIB + 512 * 7 + 100
    altered: list[int] = []

    def alter(done: int, total: int, part: str = "") -> None:
        if done == SIZE and not altered:
            with image.open("r+b") as file:
                file.seek(wrong)
                before = file.read(1)
                file.seek(wrong)
                file.write(bytes([before[0] ^ 1]))
            altered.append(wrong)

    with loop(image) as device:
        disk = disk_of(device)
        with pytest.raises(StageFailed) as caught:
            await run_erase(overwriting(disk.id), lambda: [disk], progress=alter)
    assert altered
    assert caught.value.problem.code == "erase-mismatch"
    assert caught.value.problem.values["different"] == "0.6 kB"
    assert isinstance(caught.value.result, EraseResult)
    (erasure,) = caught.value.result.erasures
    assert (erasure.verdict, erasure.level, overwritten(erasure).written) == ("not-erased", "none", SIZE)
    # The rest was compared all the same.
    assert (overwritten(erasure).verified, overwritten(erasure).different, overwritten(erasure).unread) == (
        SIZE - 512,
        512,
        0,
    )
    assert overwritten(erasure).bad == (BadRange(start=wrong // 512 * 512, length=512, what="different"),)


@pytest.mark.root
async def test_a_disk_with_a_forged_capacity_is_not_erased(image: Path) -> None:
    """The upper half of this "disk" is the lower half again, as on forged flash: the last write wins."""
    half = 8 * MIB
    path = image.parent / "forged.img"
    path.write_bytes(bytes(2 * half))

    def fold(done: int, total: int, part: str = "") -> None:
        if done == 2 * half:
            data = path.read_bytes()
            path.write_bytes(data[half:] + data[half:])

    with loop(path) as device:
        disk = disk_of(device)
        with pytest.raises(StageFailed) as caught:
            await run_erase(overwriting(disk.id), lambda: [disk], progress=fold)
    assert caught.value.problem.code == "erase-mismatch"
    assert isinstance(caught.value.result, EraseResult)
    (erasure,) = caught.value.result.erasures
    assert (overwritten(erasure).verified, overwritten(erasure).different) == (half, half), (
        "the whole lower half is not what was written"
    )
    assert overwritten(erasure).bad == (BadRange(start=0, length=half, what="different"),)


@pytest.mark.root
async def test_a_disk_whose_end_cannot_be_read_back_is_undetermined(image: Path) -> None:
    def cut(done: int, total: int, part: str = "") -> None:
        if done == SIZE:
            os.truncate(image, 16 * MIB)

    with loop(image) as device:
        disk = disk_of(device)
        with pytest.raises(StageFailed) as caught:
            await run_erase(overwriting(disk.id), lambda: [disk], progress=cut)
        assert caught.value.problem.code == "erase-unread"
        assert isinstance(caught.value.result, EraseResult)
        (erasure,) = caught.value.result.erasures
        assert (erasure.verdict, overwritten(erasure).verified, overwritten(erasure).unread) == (
            "undetermined",
            16 * MIB,
            SIZE - 16 * MIB,
        )
        assert overwritten(erasure).bad == (BadRange(start=16 * MIB, length=SIZE - 16 * MIB, what="unread"),)


@pytest.mark.root
async def test_one_bad_disk_does_not_stop_the_others_and_the_order_is_kept(image: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        disks = []
        for number in range(3):
            path = tmp_path / f"{number}.img"
            path.write_bytes(image.read_bytes())
            disk = disk_of(stack.enter_context(loop(path)))
            disks.append(msgspec.structs.replace(disk, in_use=number == 1))
        erasures = await failed_erase(*disks)
    assert [erasure.disk for erasure in erasures] == [disk.id for disk in disks]
    assert [erasure.verdict for erasure in erasures] == ["erased", "not-erased", "erased"]
    assert erasures[1].problem is not None
    assert erasures[1].problem.code == "disk-in-use"
    assert (tmp_path / "1.img").read_bytes() == image.read_bytes()


@pytest.mark.root
async def test_a_disk_with_a_mounted_partition_is_never_written(image: Path, tmp_path: Path) -> None:
    subprocess.run(["sfdisk", "--quiet", image], input="label: gpt\nsize=16MiB\n", text=True, check=True)
    with loop(image) as device:
        add_partitions(device)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", f"{device}p1"], check=True)
        mount_point = tmp_path / "mounted"
        mount_point.mkdir()
        subprocess.run(["mount", f"{device}p1", mount_point], check=True)
        try:
            before = image.read_bytes()
            (erasure,) = await failed_erase(disk_of(device))
            assert image.read_bytes() == before
        finally:
            subprocess.run(["umount", mount_point], check=True)
            subprocess.run(["partx", "--delete", device], check=True)
    assert erasure.problem is not None
    assert (erasure.verdict, erasure.problem.code) == ("not-erased", "disk-in-use")
    assert (overwritten(erasure).written, erasure.level) == (0, "none")


@pytest.mark.root
@pytest.mark.parametrize("what", ["removable", "read_only"])
async def test_a_removable_or_protected_disk_is_never_written(image: Path, what: str) -> None:
    with loop(image) as device:
        before = image.read_bytes()
        (erasure,) = await failed_erase(msgspec.structs.replace(disk_of(device), **{what: True}))
    assert image.read_bytes() == before
    assert erasure.problem is not None
    assert erasure.problem.code == "disk-external"


@pytest.mark.root
async def test_a_name_that_goes_to_another_disk_before_the_first_write_saves_that_disk(image: Path) -> None:
    with loop(image) as device:
        ordered = disk_of(device, serial="ORDERED")
        looks = iter([[ordered], [disk_of(device, serial="ANOTHER")]])
        before = image.read_bytes()
        with pytest.raises(StageFailed) as caught:
            await run_erase(overwriting(ordered.id), lambda: next(looks), progress=silent)
    assert caught.value.problem.code == "disk-gone"
    assert image.read_bytes() == before


@pytest.mark.root
async def test_progress_goes_up_to_twice_the_size_of_all_disks(image: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    second = tmp_path / "second.img"
    second.write_bytes(bytes(MIB))
    with loop(image) as one, loop(second) as two:
        disks = [disk_of(one), disk_of(two)]
        await run_erase(
            overwriting(*(disk.id for disk in disks)),
            lambda: disks,
            progress=lambda done, total, part="": seen.append((done, total)),
        )
    total = 2 * (SIZE + MIB)
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


async def test_a_disk_that_hangs_before_it_is_written_is_not_erased_and_its_number_is_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hangs.img"
    path.write_bytes(bytes(4 * MIB))
    hang = threading.Event()
    monkeypatch.setattr(DirectDisk, "write", lambda self, buffer, offset: hang.wait(30) and None)
    monkeypatch.setattr("netboot.agent.disks.disk_threads.LAST_WORDS", 0.1)
    device = DirectDisk.for_writing(path)
    disk = Disk(name="hangs", model="Tortoise", id=DiskId(serial="T1", size=4 * MIB))
    erasure = await Overwrite(stall=0.5).run(ordered(disk), disk, device, silent)
    hang.set()
    assert erasure.problem is not None
    assert (erasure.verdict, erasure.level, erasure.problem.code) == ("not-erased", "none", "erase-hung")
    assert (overwritten(erasure).unwritten, erasure.problem.values["left"]) == (4 * MIB, "4.2 MB")
    device.close()
    assert [fd for fd in Path("/proc/self/fd").iterdir() if fd.resolve() == path]


@pytest.mark.root
async def test_a_disk_that_hangs_while_it_empties_its_cache_is_named_as_stuck(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.agent.disks.sweep.STUCK_AFTER", 0.6)
    go_on, sync = threading.Event(), DirectDisk.sync
    told: list[Stuck] = []

    def held_up(disks: Sequence[Stuck]) -> None:
        told.extend(disks)
        if disks and disks[0].seconds > 1.2:
            go_on.set()

    def hang(self: DirectDisk) -> None:
        assert go_on.wait(30)
        sync(self)

    monkeypatch.setattr(DirectDisk, "sync", hang)
    with loop(image) as device:
        disk = disk_of(device, serial="HUNG")
        await run_erase(overwriting(disk.id), lambda: [disk], progress=silent, held_up=held_up)
    assert {(one.what, one.disk) for one in told} == {("disk", "HUNG 0.0 GB")}


@pytest.mark.root
async def test_the_disk_that_is_stuck_is_named_and_a_good_one_that_is_done_is_not(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.agent.disks.sweep.STUCK_AFTER", 0.6)
    go_on = threading.Event()
    write = DirectDisk.write
    good_path = tmp_path / "good.img"
    good_path.write_bytes(bytes(2 * MIB))
    parts: list[str] = []
    stuck: list[tuple[str, ...]] = []

    def held_up(disks: Sequence[Stuck]) -> None:
        stuck.append(tuple(one.disk for one in disks))
        if disks and disks[0].seconds > 1.5:
            go_on.set()

    with loop(image) as one, loop(good_path) as two:
        hung, good = disk_of(one, serial="HUNG"), disk_of(two, serial="GOOD")

        def wait(self: DirectDisk, buffer: memoryview, offset: int) -> None:
            if self.size == hung.id.size and offset >= 4 * MIB:
                go_on.wait(30)
            write(self, buffer, offset)

        monkeypatch.setattr(DirectDisk, "write", wait)
        result = await run_erase(
            overwriting(hung.id, good.id),
            lambda: [hung, good],
            progress=lambda done, total, part="": parts.append(part),
            held_up=held_up,
        )
    assert [erasure.verdict for erasure in result.erasures] == ["erased", "erased"]
    assert ("HUNG 0.0 GB",) in stuck
    assert stuck[-1] == (), "it goes on"
    assert {part for part in parts if part} == {"HUNG 0.0 GB", "GOOD 0.0 GB"}
    last_of_good = max(place for place, part in enumerate(parts) if part == "GOOD 0.0 GB")
    assert "HUNG 0.0 GB" in parts[last_of_good + 1 :], "the good one's name does not stay"
