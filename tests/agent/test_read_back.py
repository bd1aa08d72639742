"""Reading a disk back after its drive erased it: what is read, in which order, and what refuses; on a file that is
opened as a disk is."""

import os
import time
from pathlib import Path

import pytest

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.past_faults import LIMITS, GaveUpError, Limits
from netboot.agent.erase.firmware import read_back
from netboot.agent.erase.firmware.contents import Contents
from netboot.agent.erase.firmware.read_back import ReadBack
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.read_back import BLOCK

BLOCKS = 12
TAIL = 3 * 4096
SIZE = BLOCKS * BLOCK + TAIL
"""No whole number of blocks."""
DISK = Disk(name="sda", id=DiskId(serial="S1", size=SIZE), physical_sector=512)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes([0xA5]) * SIZE)
    return path


class Watched(DirectDisk):
    """A disk that tells which reads it was asked, and refuses those in its holes after `slow` seconds."""

    asked: list[int]
    holes: tuple[tuple[int, int], ...] = ()
    slow = 0.0

    def read(self, buffer: memoryview, offset: int) -> None:
        self.asked.append(offset)
        if any(offset < end and offset + len(buffer) > start for start, end in self.holes):
            time.sleep(self.slow)
            super().read(buffer, self.size)  # which is beyond its end
        super().read(buffer, offset)


def watched(image: Path, *holes: tuple[int, int], slow: float = 0.0) -> Watched:
    disk = Watched.for_reading(image)
    disk.asked, disk.holes, disk.slow = [], holes, slow
    return disk


async def read(
    device: Watched, percent: int = 100, *, disk: Disk = DISK, limits: Limits = LIMITS, stall: float = 20.0
) -> tuple[ReadBack, Contents, list[tuple[int, int]]]:
    """The reading, what it saw, and at each look how many bytes were done and how many of them could be read."""
    contents, seen = Contents({}), list[tuple[int, int]]()
    reading = ReadBack(disk, device, percent, contents, limits=limits)
    await reading.run(stall=stall, look=lambda done, _: seen.append((done, reading.read.total)))
    return reading, contents, seen


async def test_all_of_a_disk_is_read_once(image: Path) -> None:
    with watched(image) as device:
        reading, contents, seen = await read(device)
        assert sorted(device.asked) == [number * BLOCK for number in range(BLOCKS + 1)]
    assert (reading.read.total, contents.value, contents.even) == (SIZE, 0xA5, SIZE)
    assert seen[-1] == (SIZE, SIZE)


@pytest.mark.parametrize(
    ("percent", "numbers"), [(25, [0, 4, 8, 12]), (20, [0, 5, 10, 12]), (50, [0, 2, 4, 6, 8, 10, 12]), (1, [0, 12])]
)
async def test_a_sample_is_whole_blocks_and_the_last(image: Path, percent: int, numbers: list[int]) -> None:
    with watched(image) as device:
        reading, _, seen = await read(device, percent)
        assert sorted(device.asked) == [number * BLOCK for number in numbers]
    total = (len(numbers) - 1) * BLOCK + TAIL
    assert (reading.read.total, seen[-1]) == (total, (total, total))


@pytest.mark.parametrize(("physical", "lost"), [(512, 512), (1024, 4096), (4096, 4096), (65536, 4096)])
async def test_a_bad_sector_costs_no_more_than_a_physical_one_or_a_page(image: Path, physical: int, lost: int) -> None:
    hole = 5 * BLOCK + 8192
    with watched(image, (hole, hole + 512)) as device:
        reading, _, _ = await read(device, disk=Disk(name="sda", id=DISK.id, physical_sector=physical))
    assert reading.read.total == SIZE - lost


async def test_what_follows_a_bad_block_is_read_from_the_far_end_at_last(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_back, "THREADS", 1)
    with watched(image, (3 * BLOCK, 4 * BLOCK)) as device:
        reading, _, seen = await read(device)
        order = [number for offset in device.asked if (number := offset // BLOCK) * BLOCK == offset]
    assert reading.read.total == SIZE - BLOCK
    assert order.index(4) > order.index(12), "beside a bad block is where the next one is: it waits"
    assert seen[-1] == (SIZE - BLOCK, SIZE - BLOCK), "all but the bad one, and at first all but the one that waited"


async def test_a_disk_that_answers_badly_for_long_is_not_taken_for_one_that_hangs(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No block is finished for longer than the pass waits for a disk that says nothing."""
    monkeypatch.setattr(read_back, "THREADS", 1)
    last = BLOCKS - 1
    with watched(image, (last * BLOCK, last * BLOCK + BLOCK), slow=0.03) as device:
        limits = Limits(run_calls=100)
        reading, _, _ = await read(device, limits=limits, stall=2.0)
        tries = [offset for offset in device.asked if offset == last * BLOCK]
    assert reading.read.total == SIZE - BLOCK
    assert len(tries) >= 2, "once at first, and again"


async def test_a_disk_is_given_up_by_the_limits_that_are_given(image: Path) -> None:
    with watched(image, (BLOCK, 2 * BLOCK), slow=0.01) as device, pytest.raises(GaveUpError):
        await read(device, limits=Limits(all_seconds=0.001))


async def test_a_disk_that_became_smaller_ends_it(image: Path) -> None:
    with watched(image) as device:
        os.truncate(image, 7 * BLOCK)
        with pytest.raises(DiskError) as ended:
            await read(device)
    assert ended.value.kind == "resized"


class Recovering(Watched):
    """Its holes are gone once it was asked for all else."""

    def read(self, buffer: memoryview, offset: int) -> None:
        if offset >= BLOCKS * BLOCK:
            self.holes = ()
        super().read(buffer, offset)


async def test_what_is_read_twice_counts_once_so_that_it_hides_no_part_that_is_otherwise(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen: half of each of two blocks was counted twice, and a block in between was as if it were like the rest."""
    monkeypatch.setattr(read_back, "THREADS", 1)
    with image.open("r+b") as file:
        file.seek(8 * BLOCK)
        file.write(os.urandom(BLOCK))
    half = BLOCK // 2
    with Recovering.for_reading(image) as device:
        device.asked, device.holes = [], tuple((at * BLOCK + half, (at + 1) * BLOCK) for at in (3, 6))
        reading, contents, _ = await read(device, limits=Limits(run_calls=2))
    assert reading.read.total == SIZE
    assert (contents.even, contents.value) == (SIZE - BLOCK, None)
