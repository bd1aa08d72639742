"""What a disk has to show after it erased itself, and when all of it is read. On a file that is opened as a disk is.

The marks here say what they are told to have found; how they are really found is `test_marking.py`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.past_faults import Limits
from netboot.agent.disks.ranges import Ranges
from netboot.agent.erase.firmware import verification
from netboot.agent.erase.firmware.account import Account
from netboot.agent.erase.firmware.contents import Contents
from netboot.agent.erase.firmware.held_drive import HeldDrive
from netboot.agent.erase.firmware.marking import Marking
from netboot.agent.erase.firmware.verification import Verification
from netboot.agent.progress import Doing
from netboot.shared.erase_methods.firmware import FirmwareErased, SeenState
from netboot.shared.inventory import Disk, label
from netboot.shared.protocol import Stuck
from tests.agent.scripted_drive import DISK, DONE, SIZE, Scripted
from tests.agent.test_erase_account import Screen

SAID = FirmwareErased(
    tool="played", command="played", accepted="yes", state_before="never", state_after="done", ordered=2, logged=2,
    to_mark=10, marked=10, states=(SeenState(at=0.1, state="running", permille=1),),
)  # fmt: skip
OWN = Limits(left_out=7)
MARKED, READING = int(0.51 * 2 * SIZE), 2 * SIZE


class Found(Marking):
    """Marks of which so much was found."""

    async def look_again(self, show: Callable[[float, float], None]) -> None:
        show(0.5, 7.0)


async def verified(
    image: Path, said: FirmwareErased = SAID, percent: int = 100, **found: object
) -> tuple[Account, Screen]:
    screen = Screen()
    account = screen.account
    account.said, account.size, account.disk = said, SIZE, DISK
    with DirectDisk.for_writing(image) as device:
        marking = Found(device, bytes(32), 2.0)
        for name, count in found.items():
            setattr(marking, name, count)
        drive = HeldDrive(Scripted(image, DONE), DISK, device)
        await Verification(drive, account, 2.0, OWN).run(marking, percent)
    return account, screen


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(SIZE))
    return path


async def test_what_became_of_the_marks_is_told_and_one_that_is_left_is_reason_enough_to_read_no_more(
    image: Path,
) -> None:
    account, screen = await verified(image, left=3, unread=2, unchanged=1)
    assert account.said == replace(SAID, marks_left=3, marks_unread=2, unchanged=1)
    assert screen.does == [Doing("reading")]
    assert screen.progress == [(MARKED, READING, label(DISK))]
    assert screen.held_up == [(Stuck(disk=label(DISK), seconds=7.0),)]


async def test_marks_that_cannot_be_read_are_reason_enough_too(image: Path) -> None:
    account, _ = await verified(image, unread=1)
    assert account.said == replace(SAID, marks_unread=1)


@pytest.mark.parametrize(
    "changes", [{}, {"pattern": 7}, {"resumed": "done"}, {"resumed": "done", "untouched": True}, {"pattern": 0xAA}]
)
async def test_where_nothing_speaks_against_it_all_of_it_is_read(image: Path, changes: dict[str, Any]) -> None:
    image.write_bytes(bytes([changes.get("pattern", 0)]) * SIZE)
    account, screen = await verified(image, replace(SAID, **changes))
    said = account.said
    assert (said.sample, said.to_read, said.read, said.unread) == (100, SIZE, SIZE, 0)
    assert (said.value, said.even, said.elsewhere) == (changes.get("pattern", 0), SIZE, 0)
    assert screen.progress[0][0] == MARKED
    assert screen.progress[-1] == (READING, READING, label(DISK))


async def test_a_share_of_it_is_read_where_that_was_asked_for(image: Path) -> None:
    account, _ = await verified(image, percent=10)
    assert account.said.sample == 10
    assert 0 < account.said.to_read == account.said.read < SIZE


async def test_a_mark_that_is_read_elsewhere_is_counted(image: Path) -> None:
    with DirectDisk.for_writing(image) as device:
        mark = Marking(device, bytes(32), 2.0)._marks.mark(0)
    with image.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(mark)
    account, _ = await verified(image, _put=[0])
    assert account.said.elsewhere == len(mark) // 512


async def test_a_reading_that_stands_still_is_told_and_never_as_more_than_the_whole(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StandsStill:
        """A reading that tries a block again, and hangs."""

        def __init__(self, disk: Disk, device: DirectDisk, percent: int, contents: Contents, *, limits: Limits) -> None:
            assert (disk, device.size, percent, contents.elsewhere, limits) == (DISK, SIZE, 100, 0, OWN)
            self.read = Ranges()

        async def run(self, *, stall: float, look: Callable[[int, float], None]) -> None:
            assert stall == 2.0
            look(SIZE // 2, 9.0)
            look(3 * SIZE, 0.0)

    monkeypatch.setattr(verification, "ReadBack", StandsStill)
    account, screen = await verified(image)
    assert screen.progress[1:] == [(done, READING, label(DISK)) for done in (int(0.755 * READING), READING)]
    assert screen.held_up[1:] == [(Stuck(disk=label(DISK), seconds=9.0),), ()]
    assert (account.said.read, account.said.unread) == (0, SIZE)
