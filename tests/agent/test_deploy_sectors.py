"""A master for both sector sizes: the disk's own say which chunks it gets, and nothing else is written or read back."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from netboot.agent.failures import StageFailed
from netboot.shared.inventory import DiskId
from netboot.shared.manifest import Manifest, OtherSectors
from netboot.survey.loop import writable_loop_device
from tests.agent.boot_http import BootHttp, manifest_of, root_partition
from tests.agent.deploy_target import MIB, OLD, SIZE, Target, matches

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
