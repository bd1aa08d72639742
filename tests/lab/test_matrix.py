"""The wider matrix, for `./run test --all`: a damaged store, inventory only, an old processor."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.auth.server_keys import KEY_FILE
from netboot.lab.compare import first_difference
from netboot.lab.demo import LARGER, job_of, keys_for_inventory, keys_for_profile, new_pc, prepare
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN, press, reach_menu
from netboot.lab.machine import power_on, workshop_pc
from netboot.shared.problems import Problem
from netboot.store import BlobFolder, Store
from netboot.store.store import chunk_name
from tests.lab.test_recovery import choose_deploy, empty_pc, workshop

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]


def linked_copy(masters: Path, folder: Path) -> None:
    """The masters' folder again, hard-linked: what is deleted or put there anew changes nothing here."""
    shutil.copytree(masters, folder, copy_function=lambda source, target: Path(target).hardlink_to(source))


def damaged_copy(masters: Path, folder: Path, sha256: str) -> Path:
    """The masters' folder again, with one chunk of the right name and the wrong content."""
    linked_copy(masters, folder)
    chunk = BlobFolder(folder / "store").path_of(chunk_name(sha256))
    frame = bytearray(chunk.read_bytes())
    frame[len(frame) // 2] ^= 0xFF
    chunk.unlink()
    chunk.write_bytes(frame)
    assert (folder / KEY_FILE).exists()
    return folder


async def test_a_chunk_damaged_in_the_store_fails_the_deploy_and_no_pc_is_called_done(tmp_path: Path) -> None:
    built, manifest = await asyncio.to_thread(prepare, print)
    chunk = manifest.chunks[len(manifest.chunks) // 2]
    # On the cache's file system, so that hard links hold.
    masters = built.parent / f"damaged-{tmp_path.name}"
    try:
        damaged_copy(built, masters, chunk.sha256)
        async with workshop(tmp_path, masters=masters) as (lan, service, _):
            spec = empty_pc(lan, 1, manifest.disk + LARGER, Firmware.BIOS)
            async with power_on(lan, spec) as pc:
                await choose_deploy(service, pc)
                await pc.console.wait_for(r"netboot: stopped chunk-damaged", STAGE_WITHIN)
                assert f"Le système {manifest.name}" in pc.console.text
                assert "Reconstruisez-le" in pc.console.text
            job = await job_of(service, spec.mac)
            assert job.state == "failed"
            assert job.problem is not None
            assert job.problem.code == "chunk-damaged"
            assert job.problem.values["master"] == manifest.name
            assert first_difference(spec.disks[0].path, manifest) is not None
    finally:
        shutil.rmtree(masters, ignore_errors=True)
    # The store that the others share is as it was.
    assert Store(built / "store").get_chunk(chunk.sha256)


async def test_a_chunk_that_is_lost_before_the_erase_costs_no_pc_its_disk(tmp_path: Path) -> None:
    built, manifest = await asyncio.to_thread(prepare, print)
    chunk = manifest.chunks[len(manifest.chunks) // 2]
    masters = built.parent / f"lost-{tmp_path.name}"
    try:
        await asyncio.to_thread(linked_copy, built, masters)
        async with workshop(tmp_path, masters=masters) as (lan, service, _):
            spec = new_pc(lan, 1, manifest.disk + LARGER)
            async with power_on(lan, spec) as pc:
                await reach_menu(service, pc)
                # A server that found it at its start offers the profile no more.
                BlobFolder(masters / "store").remove(chunk_name(chunk.sha256))
                await press(pc, keys_for_profile(service, "wipe-and-debian"))
                await pc.console.wait_for(r"netboot: stopped master-incomplete", BOOT_WITHIN)
                await pc.console.wait_for(rf"Le système {manifest.name} est incomplet", STAGE_WITHIN)
                (stats,) = (await pc.block_stats()).values()
                assert stats.write_operations == 0
            job = await job_of(service, spec.mac)
            assert job.state == "failed"
            assert job.problem == Problem("master-incomplete", {"master": manifest.name, "missing": "1"})
            assert job.erasures == ()
    finally:
        shutil.rmtree(masters, ignore_errors=True)
    assert Store(built / "store").get_chunk(chunk.sha256)


@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])
async def test_a_pc_that_only_shows_its_inventory_is_written_nothing(tmp_path: Path, firmware: Firmware) -> None:
    async with workshop(tmp_path) as (lan, service, manifest):
        spec = empty_pc(lan, 1, manifest.disk, firmware)
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc)
            await press(pc, (*keys_for_inventory(service)[:-1], "down", "ret"))
            await pc.console.wait_for(r"netboot: waiting", BOOT_WITHIN)
            (stats,) = (await pc.block_stats()).values()
            assert stats.write_operations == 0


async def test_a_processor_without_rdrand_or_avx_boots_the_agent(tmp_path: Path) -> None:
    """Intel Core 2 PCs still come to workshops; Python asks for random numbers before anything else."""
    async with workshop(tmp_path) as (lan, service, _):
        # Of two -cpu options QEMU takes the last.
        spec = replace(workshop_pc(1, Firmware.BIOS), extra=("-cpu", "core2duo"))
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc)
            await press(pc, (*keys_for_inventory(service)[:-1], "down", "ret"))
            await pc.console.wait_for(r"netboot: waiting", BOOT_WITHIN)
