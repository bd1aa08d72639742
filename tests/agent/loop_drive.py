"""A loop device in the place of an NVMe drive that is formatted for its master, and what is told of it."""

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.deploy.sectors import Given, Hands, give_sectors
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.nvme import NvmeFormat
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.progress import NO_BEGINS, Begins, NobodyBegins
from netboot.agent.this_boot import ThisBoot
from netboot.shared.disk_abilities import SectorSize
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import Disk
from netboot.shared.manifest import Manifest
from netboot.shared.stages.deploy import Deploy
from tests.agent.boot_http import BootHttp
from tests.agent.deploy_target import Target

SET_BLOCK_SIZE = 0x4C09  # linux/loop.h: LOOPSET_BLOCK_SIZE
SET_CAPACITY = 0x4C07


def told_to(name: str, order: int, value: int) -> None:
    """Once nobody holds the loop device."""
    for _ in range(500):
        try:
            with Path(name).open("rb") as device:
                fcntl.ioctl(device, order, value)
        except OSError:
            time.sleep(0.01)
        else:
            return


class LoopDrive(NvmeFormat):
    """A loop device in the place of an NVMe drive: its sectors really are others, soon after the order."""

    def __init__(
        self,
        *,
        same: bool = True,
        beside: str = "",
        obeys: bool = True,
        answer: Accepted = "yes",
        looks: Sequence[Look] = (),
        also: Callable[[], None] = lambda: None,
        hangs: float = 0.0,
    ) -> None:
        super().__init__(1)
        self.same = same
        self.others = beside
        self.obeys = obeys
        self._answer = answer
        self._looks = list(looks)
        self._also, self._hangs = also, hangs
        self.ordered: list[int] = []
        self.rescanned = 0
        self.at_it, self.disturbed = False, 0

    def version(self) -> str:
        return "loop"

    def is_this(self, disk: Disk) -> bool:
        return self.same

    def beside(self, disk: Disk) -> Beside | None:
        return Beside(self.others) if self.others else None

    def at_format(self, disk: Disk) -> Look:
        self.disturbed += self.at_it
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0] if self._looks else Look("idle")

    def rescan(self, disk: Disk) -> None:
        self.rescanned += 1

    def seen_by_kernel(self, disk: Disk) -> None:
        """Before the disks are read, while nobody holds it."""

    def to_sectors(self, disk: Disk, size: int) -> Ordered:
        self.ordered.append(size)
        self.at_it = True
        time.sleep(self._hangs)
        self.at_it = False
        self._also()
        if self.obeys:
            threading.Thread(target=told_to, args=(disk.name, SET_BLOCK_SIZE, size)).start()
        return Ordered(f"format {size}", self._answer, "" if self._answer == "yes" else "nothing was heard")


class Told(NobodyBegins):
    """What goes on the record, and how often the drive had been ordered by then."""

    def __init__(self, drive: LoopDrive, *, slow: float = 0.0) -> None:
        self.drive, self.slow = drive, slow
        self.said: list[tuple[DriveFormat, int]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def formatting(self, told: DriveFormat) -> None:
        self.said.append((told, len(self.drive.ordered)))
        if not told.ended:
            await asyncio.sleep(self.slow)  # until the line is there again
        self.meanwhile()


class Counted(Awaited):
    """How often something came of it, or somebody began to wait for it."""

    moves = 0

    def moved(self) -> None:
        super().moved()
        self.moves += 1


def other(sector: int) -> SectorSize:
    return 4096 if sector == 512 else 512


def format_of(disk: Target, served: BootHttp, both: Manifest, size: SectorSize) -> Deploy:
    fitted = both.on_sectors(size)
    assert fitted is not None
    return replace(disk.stage(served), used=fitted.used, format=size)


def hands(drive: LoopDrive, *, limit: float = 60.0) -> Hands:
    patience = 3.0 if drive.obeys else 0.2
    return Hands(drive=drive, patience=patience, limit=limit, every=0.05, follow=Hurried)


class Hurried(FollowUp):
    """A drive that stands still is given up after a second."""

    def __init__(self) -> None:
        super().__init__(Look("idle"), None)

    def left(self, at: float) -> float:
        return 1.0 - at


async def given(
    order: Deploy,
    both: Manifest,
    disk: Target,
    drive: LoopDrive,
    told: Told | None = None,
    *,
    limit: float = 60.0,
    this_boot: ThisBoot | None = None,
    awaited: Awaited | None = None,
) -> Given:
    def read_disks() -> list[Disk]:
        drive.seen_by_kernel(disk.disk)
        with Path(disk.disk.name).open("rb") as device:
            size = device.seek(0, os.SEEK_END)
        return [replace(disk.disk, id=replace(disk.disk.id, size=size))]

    return await give_sectors(
        order, both, read_disks, this_boot or ThisBoot(), begins=told or Told(drive), awaited=awaited,
        hands=hands(drive, limit=limit),
    )  # fmt: skip


def with_hands(drive: LoopDrive, *, begins: Begins = NO_BEGINS) -> Callable[..., Awaitable[Given]]:
    """`give_sectors` as a deploy calls it, with this drive."""

    async def give(*words: Any, awaited: Awaited, **_: object) -> Given:
        return await give_sectors(*words, begins=begins, awaited=awaited, hands=hands(drive))

    return give


def becomes(disk: Target, sector: int) -> bool:
    """Whether the disk has sectors of so many bytes within a few seconds."""
    until = time.monotonic() + 5
    while sector_of(disk) != sector and time.monotonic() < until:
        time.sleep(0.02)
    return sector_of(disk) == sector


def sector_of(disk: Target) -> int:
    device = DirectDisk.for_reading(Path(disk.disk.name))
    device.close()
    return device.sector
