"""A drive that says what it is told to say, on a file that is opened as a disk is; and all that a stage was told of it.

It proves the engine's own steps: no drive's firmware, and no tool.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.firmware import follow_up, ordering
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.progress import Doing
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.mark_places import mark_places, places_beside
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import DiskErase, Erasure
from tests.agent import played_drive
from tests.agent.begun_erases import Kept

SIZE = 4 << 20
TEXT = b"the donor's last letter to the bank "
DISK = Disk(name="nvme0n1", id=DiskId(serial="S1", size=SIZE, sequence=7), model="SSD")
ORDER = DiskErase(disk=DISK.id, method="nvme-sanitize-block", password="netboot-0123456789abcdef")
COMMAND = "nvme sanitize /dev/nvme0n1 --sanact=start-block-erase"
PLACES, COMPARED = len(mark_places(SIZE)), len(places_beside(SIZE))
NEVER = Look("never", logged=0, untouched=True, announced=7, errors=1)
RUNS = Look("running", 400, logged=2, announced=7, errors=1)
DONE = Look("done", logged=2, untouched=True, errors=2, purged=True)
TOOK = Ordered(COMMAND, "yes", dword=2)


class Scripted:
    """A drive that gives these looks in turn, the last for ever, and erases its image when it is ordered."""

    tool = "played"

    def __init__(self, image: Path, *looks: Look, given: Ordered = TOOK, proof: Proof | None = None) -> None:
        self.image, self.looks, self.given = image, list(looks), given
        self.proof = proof or Proof(goes_on=True, action=2)
        self.is_it, self.others = True, ""
        self.asked: list[str] = []
        self.erases = True
        self.on_order: Callable[[], None] = lambda: None
        self.on_look: Callable[[], None] = lambda: None

    def version(self) -> str:
        return "played 1"

    def is_this(self, disk: Disk) -> bool:
        assert disk == DISK
        self.asked.append("is this")
        return self.is_it

    def beside(self, disk: Disk) -> Beside | None:
        assert disk == DISK
        self.asked.append("beside")
        return Beside(self.others) if self.others else None

    def look(self, disk: Disk) -> Look:
        assert disk == DISK
        self.asked.append("look")
        self.on_look()
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        assert (disk, order.disk, order.password) == (DISK, ORDER.disk, ORDER.password)
        self.asked.append("order")
        self.on_order()
        if self.erases:
            with self.image.open("r+b") as file:
                file.write(bytes(SIZE))
        return self.given


class Told:
    """All that a stage was told on the way."""

    def __init__(self) -> None:
        self.progress: list[tuple[int, int, str]] = []
        self.stuck: list[Sequence[Stuck]] = []
        self.doing: list[Doing] = []
        self.kept = Kept()

    def show(self, done: int, total: int, part: str = "") -> None:
        self.progress.append((done, total, part))

    @property
    def steps(self) -> list[str]:
        """What was done, without how often it was said."""
        return list(dict.fromkeys(doing.step for doing in self.doing))


def impatient(patch: pytest.MonkeyPatch) -> None:
    """A drive is asked often and waited for hardly."""
    played_drive.impatient(patch, grace=0.3)
    patch.setattr(follow_up, "_FIRST", 0.02)
    patch.setattr(ordering, "_TICK", 0.02)


def full(path: Path) -> Path:
    """A disk full of old data."""
    return played_drive.full(path, TEXT, SIZE)


async def erase(drive: Scripted, told: Told | None = None, device: DirectDisk | None = None, **order: Any) -> Erasure:
    """What comes of this order of the drive."""
    told = told or Told()
    method = FirmwareErase("nvme-sanitize-block", drive, lambda _: True, stall=0.5)
    held = device or DirectDisk.for_writing(drive.image)
    with held:
        return await method.run(
            replace(ORDER, **order), DISK, held, told.show, told.stuck.append, told.doing.append, told.kept
        )


def of(erasure: Erasure) -> FirmwareErased:
    """Its evidence."""
    assert isinstance(erasure.evidence, FirmwareErased)
    return erasure.evidence
