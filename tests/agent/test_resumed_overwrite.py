"""An overwrite that a power cut ended goes on where it was, on real block devices; what it was told is believed of
nothing that does not hold the pattern."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from netboot.agent.erase.overwrite import RE_READ
from netboot.agent.erase.pattern import BLOCK, Pattern, PatternBlock
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from tests.agent.begun_erases import Kept
from tests.agent.test_erase import MARKER, disk_of, loop, silent
from tests.orders import overwritten

pytestmark = pytest.mark.root

KEY = "5a" * 32
SIZE = 100 * BLOCK + 3 * 4096
"""More blocks than RE_READ, and a part of one."""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
    return path


@pytest.fixture
def disk(image: Path) -> Iterator[Disk]:
    with loop(image) as device:
        yield disk_of(device, serial="CUT")


async def erase(disk: Disk, kept: Kept, begun: Begun | None = None) -> Erasure:
    order = DiskErase(disk=disk.id, method="overwrite", level="clear", begun=begun)
    try:
        given: object = await run_erase(Erase(disks=(order,)), lambda: [disk], progress=silent, begins=kept)
    except StageFailed as failed:
        given = failed.result
    assert isinstance(given, EraseResult)
    return given.erasures[0]


def cut(disk: Disk, image: Path, blocks: int, *, done: int | None = None) -> Begun:
    """What a cut leaves: so many blocks that hold the pattern, and the figure that was told last."""
    content = bytearray(BLOCK)
    block = PatternBlock(Pattern(bytes.fromhex(KEY)), content)
    with image.open("r+b") as file:
        for number in range(blocks):
            block.become(number)
            file.write(content[: SIZE - number * BLOCK])
    told = min(blocks * BLOCK, SIZE) if done is None else done
    return Begun(disk=disk.id, method="overwrite", key=KEY, done=told)


def told(erasure: Erasure) -> tuple[str, str, str]:
    return (
        erasure.verdict,
        erasure.problem.code if erasure.problem else "",
        erasure.cut.found if erasure.cut else "",
    )


async def test_whoever_overwrites_tells_its_key_first_and_how_far_it_is(disk: Disk, image: Path) -> None:
    erasure = await erase(disk, kept := Kept())
    assert told(erasure) == ("erased", "", "")
    assert [one.method for one in kept.all] == ["overwrite"]
    assert kept.all[0].key in overwritten(erasure).pattern
    assert kept.done == SIZE


async def test_it_goes_on_with_its_own_pattern_and_writes_only_what_was_missing(disk: Disk, image: Path) -> None:
    begun = cut(disk, image, 40)
    erasure = await erase(disk, kept := Kept(), begun)
    assert told(erasure) == ("erased", "", "resumed")
    said = overwritten(erasure)
    assert KEY in said.pattern
    assert (said.resumed, said.written, said.verified) == (40 * BLOCK, SIZE, SIZE)
    assert said.speeds == ()
    assert MARKER not in image.read_bytes()
    assert (kept.all[0].key, kept.all[0].done) == (KEY, 40 * BLOCK), "a second cut finds it as well"


async def test_what_was_written_whole_and_half_read_back_is_only_read(disk: Disk, image: Path) -> None:
    erasure = await erase(disk, Kept(), cut(disk, image, 101))
    assert told(erasure) == ("erased", "", "resumed")
    assert overwritten(erasure).resumed == overwritten(erasure).verified == SIZE


async def test_a_figure_that_says_too_much_is_not_believed(disk: Disk, image: Path) -> None:
    erasure = await erase(disk, Kept(), cut(disk, image, 40, done=SIZE))
    assert told(erasure) == ("erased", "", "resumed")
    assert overwritten(erasure).resumed == 40 * BLOCK
    assert MARKER not in image.read_bytes()


async def test_more_than_was_told_is_not_looked_for(disk: Disk, image: Path) -> None:
    erasure = await erase(disk, Kept(), cut(disk, image, 40, done=7 * BLOCK + 1))
    assert overwritten(erasure).resumed == 8 * BLOCK


async def test_what_was_written_by_somebody_else_since_is_overwritten(disk: Disk, image: Path) -> None:
    begun = cut(disk, image, 101)
    with image.open("r+b") as file:
        file.seek(7 * BLOCK + 512)
        file.write(b"a new owner's letter")
    erasure = await erase(disk, Kept(), begun)
    assert told(erasure) == ("erased", "", "resumed")
    assert overwritten(erasure).resumed == SIZE - BLOCK
    assert b"letter" not in image.read_bytes()


async def test_where_nothing_of_it_is_there_it_begins_again(disk: Disk, image: Path) -> None:
    erasure = await erase(disk, Kept(), cut(disk, image, 0, done=SIZE))
    assert told(erasure) == ("erased", "", "undone")
    assert overwritten(erasure).resumed == 0
    assert MARKER not in image.read_bytes()


async def test_a_disk_that_loses_what_was_found_while_the_rest_is_written_is_not_erased(
    disk: Disk, image: Path
) -> None:
    """As one that writes a block to another one's place: some of what was found is read once more at the end."""

    class Altering(Kept):
        def reached(self, disk: DiskId, done: int) -> None:
            super().reached(disk, done)
            if done == SIZE:
                with image.open("r+b") as file:
                    file.seek(RE_READ * BLOCK)
                    file.write(b"another sector's contents")

    erasure = await erase(disk, Altering(), cut(disk, image, 70))
    assert told(erasure)[:2] == ("not-erased", "erase-mismatch")
