"""Before the first disk is erased every disk is unlocked that netboot locked, on real block devices.

What a password does to a disk is played here, for a loop device has none; by real commands it is seen in whole PCs
(`tests/lab/test_drive_power_cut.py`).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase.password import Password
from netboot.agent.erase.ready import Hands
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, EraseResult
from tests.agent.test_erase import MARKER, SIZE, disk_of, loop, silent
from tests.orders import overwriting

pytestmark = pytest.mark.root


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Disk, Disk]]:
    with ExitStack() as stack:
        disks = []
        for name in ("one", "two"):
            image = tmp_path / name
            image.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
            disks.append(disk_of(stack.enter_context(loop(image)), serial=name))
        yield disks[0], disks[1]


async def erased(disks: tuple[Disk, Disk], found: dict[str, Password]) -> EraseResult:
    def unlock(order: DiskErase, disk: Disk) -> Password:
        return found.get(disk.id.serial, "none")

    order = overwriting(*(disk.id for disk in disks))
    order = replace(order, disks=tuple(replace(one, password="netboot-0123456789abcdef") for one in order.disks))
    return await run_erase(order, lambda: disks, progress=silent, hands=Hands(unlock=unlock))


@pytest.mark.parametrize(("word", "code"), [("locked", "erase-locked"), ("untried", "erase-locked-untried")])
async def test_a_disk_that_another_s_password_locks_stops_the_job_before_anything_is_erased(
    two: tuple[Disk, Disk], tmp_path: Path, word: Password, code: str
) -> None:
    with pytest.raises(StageFailed) as caught:
        await erased(two, {"two": word})
    assert caught.value.problem.code == code
    assert "two" in caught.value.problem.sentence("en")
    assert "one" not in caught.value.problem.values["disk"]
    assert caught.value.result is None, "nobody may take it for a proof of anything"
    for name, disk in zip(("one", "two"), two, strict=True):
        assert (tmp_path / name).read_bytes().count(MARKER) > 100
        DirectDisk.for_writing(Path("/dev") / disk.name).close()  # and nobody holds it any more


async def test_all_that_are_locked_are_named_at_once(two: tuple[Disk, Disk]) -> None:
    with pytest.raises(StageFailed) as caught:
        await erased(two, {"one": "locked", "two": "locked"})
    assert isinstance(caught.value.problem, Problem)
    assert {"one", "two"} <= set(caught.value.problem.values["disk"].replace(",", " ").split())


async def test_a_password_of_netboots_that_was_left_is_told_with_the_proof(two: tuple[Disk, Disk]) -> None:
    result = await erased(two, {"one": "gone", "two": "foreign"})
    assert [(one.verdict, one.unlocked) for one in result.erasures] == [("erased", True), ("erased", False)]


async def test_a_disk_that_cannot_be_claimed_stops_no_other(two: tuple[Disk, Disk]) -> None:
    with (
        DirectDisk.for_writing(Path("/dev") / two[0].name),
        pytest.raises(StageFailed) as caught,
    ):
        await erased(two, {})
    assert isinstance(caught.value.result, EraseResult)
    assert [one.verdict for one in caught.value.result.erasures] == ["not-erased", "erased"]
