"""A deploy that a power cut ended, on disk images: another boot finds what lies there, and only that is believed."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.deploy import earlier, stage
from netboot.agent.deploy.earlier import EDGE, SAMPLE, is_as_left, lies_there
from netboot.agent.deploy.stage import alike, by_place
from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.failures import StageFailed
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy
from tests.agent.boot_http import BootHttp, manifest_of, root_partition
from tests.agent.deploy_target import MIB, SIZE, UNUSED, Target, matches

TOGETHER = 2


async def cut(target: Target, boot_http: BootHttp, at: int) -> list[str]:
    """A deploy that ends before this chunk, as one whose server is gone then; gives the chunks that were asked for.

    TOGETHER are under way: of more, on a busy machine, too few of a sample might be written.
    """
    name = boot_http.manifest.chunks[at].sha256
    frame = boot_http.frames.pop(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "MEMORY", 3 * TOGETHER * max(chunk.length for chunk in boot_http.manifest.chunks))
        with pytest.raises(StageFailed):
            await target.deploy(boot_http)
    boot_http.frames[name] = frame
    asked, boot_http.asked[:] = list(boot_http.asked), []
    return asked


def goes_on(target: Target, boot_http: BootHttp) -> Deploy:
    return replace(target.stage(boot_http), goes_on=True)


async def test_another_boot_finds_what_was_written_and_fetches_what_is_missing(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    seen: list[int] = []
    async with BootHttp(manifest, master) as boot_http:
        first = await cut(target, boot_http, -8)
        result = await target.deploy(
            boot_http, stage=goes_on(target, boot_http), progress=lambda done, _: seen.append(done)
        )
        again = set(boot_http.asked) & set(first)
    assert matches(target.path, manifest)
    _, outside = by_place(manifest)
    assert len(again) <= TOGETHER, "only what was under way is fetched twice"
    assert result.found + result.written == result.verified == manifest.used
    assert result.found > manifest.used // 3
    assert result.fetched < sum(len(frame) for frame in boot_http.frames.values()) * 3 // 4
    assert {chunk.sha256 for chunk in outside} <= set(boot_http.asked), "the ends come last, whatever lies there"
    assert seen == sorted(seen)


async def test_what_was_changed_since_is_written_again(target: Target, manifest: Manifest, master: bytes) -> None:
    async with BootHttp(manifest, master) as boot_http:
        await cut(target, boot_http, -8)
        with target.path.open("r+b") as file:
            file.seek(2 * MIB)
            file.write(b"written since")
        result = await target.deploy(boot_http)
        changed = next(chunk.sha256 for chunk in manifest.chunks if chunk.offset <= 2 * MIB < chunk.end)
        assert changed in boot_http.asked
    assert matches(target.path, manifest)
    assert 0 < result.found < manifest.used


async def test_another_masters_chunks_are_none_of_it(target: Target, manifest: Manifest, master: bytes) -> None:
    other = master[:MIB] + bytes(reversed(master[MIB:]))
    async with BootHttp(manifest, master) as boot_http:
        await target.deploy(boot_http)
    theirs = manifest_of(other, manifest.partitions, used=[(0, SIZE)])
    async with BootHttp(theirs, other) as boot_http:
        result = await target.deploy(boot_http)
    assert result.found == 0
    assert matches(target.path, theirs)


async def test_zeros_of_an_erased_disk_are_no_sign_of_a_deploy(tmp_path: Path) -> None:
    content = bytes(2 * MIB) + b"\x01" * (2 * MIB) + bytes(4 * MIB)
    manifest = manifest_of(content, (root_partition(MIB, SIZE - 2 * MIB),), used=[(0, SIZE)])
    target = Target(tmp_path, SIZE)
    target.path.write_bytes(bytes(SIZE))
    with DirectDisk.for_reading(target.path) as device:
        assert not lies_there(device, alike(by_place(manifest)[0]))
        assert not lies_there(device, alike([chunk for chunk in manifest.chunks if not any(content[chunk.offset :])]))
        assert not lies_there(device, [])
    async with BootHttp(manifest, content) as boot_http:
        result = await target.deploy(boot_http)
    assert (result.found, result.written) == (0, SIZE)


def test_more_than_half_of_the_sample_has_to_be_there(target: Target, manifest: Manifest, master: bytes) -> None:
    inside, _ = by_place(manifest)
    groups = alike(inside)
    assert len(groups) > SAMPLE

    def with_first(count: int) -> bool:
        content = bytearray(SIZE)
        for chunk in inside[:count]:
            content[chunk.offset : chunk.end] = master[chunk.offset : chunk.end]
        target.path.write_bytes(content)
        with DirectDisk.for_reading(target.path) as device:
            return lies_there(device, groups)

    assert not with_first(SAMPLE // 2)
    assert with_first(SAMPLE // 2 + 1)


async def test_a_place_that_cannot_be_read_is_written_like_all_others(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        await cut(target, boot_http, -8)
        monkeypatch.setattr(DirectDisk, "read", Unreadable(3 * EDGE // 2))
        result = await target.deploy(boot_http)
    assert result.found == 0
    assert matches(target.path, manifest)


class Unreadable:
    """A disk of our own that refuses to read one place until it was written, as one with a pending sector does."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.read = DirectDisk.read
        self.refused = 0

    def __get__(self, disk: DirectDisk, _: type[DirectDisk]) -> Callable[[memoryview, int], None]:
        def read(buffer: memoryview, offset: int) -> None:
            if offset <= self.place < offset + len(buffer) and not self.refused:
                self.refused += 1
                raise DiskError(self.place, "Input/output error", errno.EIO)
            self.read(disk, buffer, offset)

        return read


@pytest.mark.parametrize("where", [0, 512, EDGE - 1, SIZE - EDGE, SIZE - 1])
async def test_a_disk_that_was_used_since_its_erase_is_not_written(
    target: Target, manifest: Manifest, master: bytes, where: int
) -> None:
    async with BootHttp(manifest, master) as boot_http:
        await cut(target, boot_http, -8)
        content = bytearray(target.path.read_bytes())
        content[where] ^= 0x55
        target.path.write_bytes(content)
        with pytest.raises(StageFailed) as caught:
            await target.deploy(boot_http, stage=goes_on(target, boot_http))
    assert caught.value.problem.code == "used-since"
    assert target.path.read_bytes() == content


async def whole(target: Target, manifest: Manifest, master: bytes, changed: tuple[int, ...] = ()) -> Problem | None:
    """Go on with a deploy that was cut while it was read back, with a byte changed at these places since."""
    async with BootHttp(manifest, master) as boot_http:
        await target.deploy(boot_http)
        content = bytearray(target.path.read_bytes())
        for where in changed:
            content[where] ^= 0x55
        target.path.write_bytes(content)
        boot_http.asked.clear()
        try:
            result = await target.deploy(boot_http, stage=goes_on(target, boot_http))
        except StageFailed as failed:
            assert target.path.read_bytes() == content
            return failed.problem
        inside, outside = by_place(manifest)
        assert result.found == sum(chunk.length for chunk in inside)
        assert set(boot_http.asked) == {chunk.sha256 for chunk in outside}
    assert matches(target.path, manifest)
    return None


async def test_a_system_that_may_have_run_since_is_not_gone_on_with(
    target: Target, manifest: Manifest, master: bytes
) -> None:
    """The power went while all of it was read back: the PC may have started from the disk, and people worked at it."""
    assert await whole(target, manifest, master) is None
    kept = (UNUSED[0], 2 * MIB)  # somebody's file where the master has nothing, and its name
    problem = await whole(target, manifest, master, kept)
    assert problem is not None
    assert problem.code == "used-since"


async def test_an_end_that_cannot_be_read_is_for_the_erase_to_judge(
    target: Target, manifest: Manifest, master: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was being written when the power went: that says nothing against the disk."""
    async with BootHttp(manifest, master) as boot_http:
        await cut(target, boot_http, -8)
        content = target.path.read_bytes()
        monkeypatch.setattr(DirectDisk, "read", Unreadable(512))
        with pytest.raises(StageFailed) as caught:
            await target.deploy(boot_http, stage=goes_on(target, boot_http))
    assert caught.value.problem.code == "used-since"
    assert target.path.read_bytes() == content


def edges_of(chunks: list[Chunk], content: bytes, path: Path) -> bool:
    path.write_bytes(content)
    with DirectDisk.for_reading(path) as device:
        return is_as_left(device, chunks)


def test_an_end_is_as_it_was_left_while_it_is_zeros_or_what_the_master_has_there(tmp_path: Path) -> None:
    size = 4 * MIB
    content = b"\x07" * size
    manifest = manifest_of(content, (root_partition(MIB, 2 * MIB),), used=[(4096, 8192), (size - 8192, size)])
    chunks = list(manifest.chunks)
    path = tmp_path / "edges.img"
    for first, last in [(0, 0), (7, 0), (0, 7), (7, 7)]:
        disk = bytearray(size)
        disk[MIB : 3 * MIB] = b"\x09" * (2 * MIB)  # whatever lies between
        disk[4096:8192] = bytes([first]) * 4096
        disk[size - 8192 :] = bytes([last]) * 8192
        assert edges_of(chunks, bytes(disk), path)
        for place in (0, 4095, 8192, EDGE - 1, size - EDGE, size - 8193):
            other = bytearray(disk)
            other[place] = 1
            assert not edges_of(chunks, bytes(other), path), place
        torn = bytearray(disk)
        torn[4096:6144] = bytes([7 - first]) * 2048
        assert not edges_of(chunks, bytes(torn), path)


def test_of_a_chunk_that_reaches_out_of_an_end_only_what_is_in_it_counts(tmp_path: Path) -> None:
    size = 4 * MIB
    manifest = manifest_of(
        b"\x07" * size,
        (root_partition(MIB, 2 * MIB),),
        used=[(EDGE - 4096, EDGE + 4096), (size - EDGE - 4096, size - EDGE + 4096)],
    )
    chunks = list(manifest.chunks)
    disk = bytearray(b"\x09" * size)  # an erase that left no zeros, of which the deploy made both ends
    disk[:EDGE] = disk[size - EDGE :] = bytes(EDGE)
    assert edges_of(chunks, bytes(disk), tmp_path / "edges.img")
    for place in (EDGE - 1, size - EDGE):
        other = bytearray(disk)
        other[place] = 1
        assert not edges_of(chunks, bytes(other), tmp_path / "edges.img"), place


def test_a_disk_shorter_than_an_edge_is_looked_at_whole(tmp_path: Path) -> None:
    assert earlier.EDGE > 64 * 1024
    assert edges_of([], bytes(64 * 1024), tmp_path / "small.img")
    assert not edges_of([], bytes(64 * 1024 - 512) + b"\x01" * 512, tmp_path / "small.img")
