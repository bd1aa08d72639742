"""What a capture finds on a disk: refused with the cure before anything is sent, or taken whole and said."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from netboot.agent.failures import StageFailed
from netboot.records.record import Record
from netboot.shared.process import run
from netboot.shared.protocol import Stay
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.workshop.greeting import Workshop
from tests.masters.images import LINUX, MIB, ext4, gpt_disk, is_empty, sized
from tests.survey.test_condition import bitlocker, hibernated_linux, hibernated_windows, luks, on_a_disk
from tests.workshop.capturing import KEY, block_device, capturing_workshop, disk_at, ordered, store_in

pytestmark = pytest.mark.root


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


@pytest.fixture
def workshop(record: Record, store: Store) -> Workshop:
    return capturing_workshop(record, store)


@pytest.mark.parametrize(
    ("make", "why", "cure"),
    [
        (bitlocker, "partition 1 (BitLocker) of ", "manage-bde -off C:"),
        (hibernated_windows, "a Windows that uses it is hibernated", "powercfg /hibernate off"),
        (hibernated_linux, "the Linux that uses it is hibernated", "start that PC, shut it down whole"),
    ],
)
async def test_what_makes_no_master_is_left_as_it_is_and_whoever_looks_is_told_the_cure(
    workshop: Workshop,
    server: TestServer,
    store: Store,
    tmp_path: Path,
    make: Callable[[Path], Path],
    why: str,
    cure: str,
) -> None:
    image = on_a_disk(tmp_path, make(tmp_path))
    before = hashlib.sha256(image.read_bytes()).digest()
    with block_device(image) as device:
        disk = disk_at(device, image.stat().st_size)
        async with ordered(server, workshop, [disk]) as pc:
            with pytest.raises(StageFailed) as failed:
                await pc.capture(lambda: [disk])
            problem = failed.value.problem
            await pc.agent.finish(pc.order, None, outcome="failed", problem=problem)
            assert await pc.agent.order() == Stay(problem=problem)
    assert is_empty(store)
    assert hashlib.sha256(image.read_bytes()).digest() == before
    (machine,) = workshop.record.machines.overview()
    (job,) = workshop.record.machines.detail(machine.id).visits[0].jobs
    told = next(one.problem for one in job.stages if one.stage == "capture")
    assert told is not None
    assert (told.code, why in told.technical, cure in told.technical) == ("capture-disk", True, True), told.technical
    assert told.technical.endswith("then make the image, or the capture, again")
    assert ("BitLocker" in told.sentence("fr"), "powercfg /h off" in told.sentence("en")) == (True, True)


async def test_what_luks_encrypts_is_taken_whole_and_said(
    workshop: Workshop, server: TestServer, store: Store, tmp_path: Path
) -> None:
    part = luks(tmp_path)
    image = gpt_disk(tmp_path, [(LINUX, part)])
    with block_device(image) as device:
        disk = disk_at(device, image.stat().st_size)
        async with ordered(server, workshop, [disk]) as pc:
            result = await pc.capture(lambda: [disk])
    manifest = store.manifest(result.manifest)
    assert manifest.partitions[0].whole == "it is encrypted by LUKS"
    assert manifest.not_customisable == "crypto_LUKS"
    assert not verify(store, bytes(KEY.verify_key))
    inside = manifest.partitions[0]
    again = bytearray(b"\xa5" * inside.length)
    for chunk in manifest.chunks:
        if inside.start <= chunk.offset < inside.end:
            again[chunk.offset - inside.start : chunk.end - inside.start] = store.get_chunk(chunk.sha256)
    assert again == part.read_bytes()


async def test_a_disk_of_which_no_master_can_be_made_is_refused_before_anything_is_sent_and_the_reason_told(
    workshop: Workshop, server: TestServer, store: Store, tmp_path: Path
) -> None:
    with block_device(sized(tmp_path / "blank", 8 * MIB)) as device:
        blank = disk_at(device, 8 * MIB)
        async with ordered(server, workshop, [blank]) as pc:
            with pytest.raises(StageFailed) as failed:
                await pc.capture(lambda: [blank])
    assert failed.value.problem.code == "capture-disk"
    assert "has no partition table; " in failed.value.problem.technical
    assert is_empty(store)


async def test_a_disk_that_is_mounted_is_not_captured(
    workshop: Workshop, server: TestServer, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "mounted").mkdir()
    with block_device(ext4(tmp_path)) as device:
        mounted = disk_at(device, 24 * MIB)
        run(["mount", device, tmp_path / "mounted"])
        try:
            async with ordered(server, workshop, [mounted]) as pc:
                with pytest.raises(StageFailed) as failed:
                    await pc.capture(lambda: [mounted])
        finally:
            run(["umount", tmp_path / "mounted"])
    assert failed.value.problem.code == "disk-in-use"
    assert is_empty(store)
