"""Reading a disk back that hangs or fails for long: it is given up and left open, and what failed is tried again by one
thread alone. On a file that is opened as a disk is."""

import threading
import time
from pathlib import Path

import pytest

from netboot.agent.disks import disk_threads
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import StallError
from netboot.agent.disks.past_faults import Limits
from netboot.agent.erase.firmware.contents import Contents
from netboot.agent.erase.firmware.read_back import ReadBack
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.read_back import BLOCK

BLOCKS = 12
SIZE = BLOCKS * BLOCK
DISK = Disk(name="sda", id=DiskId(serial="S1", size=SIZE), physical_sector=512)
BAD = (3 * BLOCK, 8 * BLOCK)


class Failing(DirectDisk):
    """Refuses two blocks; hangs at the read of block 3 whose turn it is. `asked`: where, and by which thread."""

    asked: list[tuple[int, int]]
    hangs_at = 0
    wait: threading.Event

    def read(self, buffer: memoryview, offset: int) -> None:
        self.asked.append((offset, threading.get_ident()))
        if offset == BAD[0] and [at for at, _ in self.asked].count(offset) == self.hangs_at:
            self.wait.wait(60)
        if offset // BLOCK * BLOCK in BAD:
            time.sleep(0.05)
            super().read(buffer, self.size)  # which is beyond its end
        super().read(buffer, offset)


@pytest.fixture
def device(tmp_path: Path) -> Failing:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(SIZE))
    disk = Failing.for_reading(path)
    disk.asked, disk.wait = [], threading.Event()
    return disk


async def read(device: Failing, stall: float = 20.0) -> ReadBack:
    reading, stuck = ReadBack(DISK, device, 100, Contents({}), limits=Limits(run_calls=1)), list[float]()
    await reading.run(stall=stall, look=lambda _done, seconds: stuck.append(seconds))
    assert all(0 <= seconds < stall for seconds in stuck), "for how long it is stuck is told in both passes"
    return reading


@pytest.mark.parametrize("turn", [1, 3])
async def test_a_disk_that_hangs_in_either_pass_is_given_up_and_left_open(
    device: Failing, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr(disk_threads, "LAST_WORDS", 0.2)
    device.hangs_at = turn
    with pytest.raises(StallError):
        await read(device, stall=1.0)
    assert device._fd == -1, "its number must not be used again while a thread is in it"
    device.wait.set()


async def test_what_failed_is_tried_again_by_one_thread(device: Failing) -> None:
    with device:
        reading = await read(device)
    assert reading.read.total == SIZE - 2 * BLOCK
    again = [(offset, thread) for offset, thread in device.asked if offset in BAD][-4:]
    assert [offset for offset, _ in again] == [BAD[1], BAD[1], BAD[0], BAD[0]], "from the far end, whole and by a piece"
    assert len({thread for _, thread in again}) == 1
