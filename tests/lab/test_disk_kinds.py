"""Whole PCs with disks that are not like the others: sectors of 4096 bytes (4Kn), from the erase to the login prompt.

QEMU's AHCI has sectors of 512 bytes alone, so SATA is not among them.
"""

import asyncio
import json
from pathlib import Path

import pytest

from netboot.lab.building import start_building
from netboot.lab.demo import LARGER, MENU_TIMEOUT, PROFILE, WAYS, job_of, keys_for_profile, prepare
from netboot.lab.disks import create_used
from netboot.lab.firmware import Firmware
from netboot.lab.journey import STAGE_WITHIN, image, start_from_disk
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import arm, open_service
from netboot.shared.process import run
from netboot.survey.loop import loop_device

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(2400)]

LARGE = 4096


def used_disk(path: Path, bus: Bus, size: int) -> DiskSpec:
    """One with sectors of 4096 bytes, full of old data."""
    create_used(path, size, "LARGE1")
    return DiskSpec(bus, path, size, "LARGE1", sector_size=LARGE)


def require_sound(image: Path) -> None:
    """The table and both file systems as they lie on a disk of these sectors."""
    with loop_device(image, sector=LARGE) as device:
        table = json.loads(run(["sfdisk", "--json", device]).stdout)["partitiontable"]
        assert "No problems found" in run(["sgdisk", "--verify", device]).stdout
    assert table["sectorsize"] == LARGE
    _, esp, root = ((one["start"] * LARGE, one["size"] * LARGE) for one in table["partitions"])
    with loop_device(image, offset=esp[0], length=esp[1], sector=LARGE) as device:
        run(["fsck.vfat", "-n", device])
    with loop_device(image, offset=root[0], length=root[1], sector=LARGE) as device:
        run(["e2fsck", "-f", "-n", device], timeout=300)
    assert sum(root) > image.stat().st_size - (2 << 20)


@pytest.mark.parametrize(("firmware", "bus"), [(Firmware.UEFI, Bus.NVME), (Firmware.SECURE_BOOT, Bus.VIRTIO)])
async def test_a_disk_with_sectors_of_4096_bytes_is_erased_gets_the_master_and_starts_it_by_uefi(
    tmp_path: Path, firmware: Firmware, bus: Bus
) -> None:
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk = await asyncio.to_thread(used_disk, tmp_path / "disk.img", bus, manifest.disk + LARGER)
    spec = workshop_pc(1, firmware, disk)
    async with open_lan() as lan, open_service(lan, masters, menu_timeout=MENU_TIMEOUT) as service:
        await start_building(lan)
        await service.start()
        seen = await image(lan, service, spec, keys_for_profile(service, PROFILE), tell=print)
        assert [one.old_data_at for one in seen.disks] == [None]
        job = await job_of(service, spec.mac)
        assert (job.state, [row.verdict for row in job.erasures]) == ("done", ["erased"])
        await asyncio.to_thread(require_sound, disk.path)
        for way in WAYS[firmware]:
            start = await start_from_disk(lan, spec, job.hostname, way)
            print(f"\n{bus}, 4Kn, {way}: login prompt after {start.login:.0f} s, entry {start.entry}")
            assert start.problem == ""
            assert start.secure_boot is (firmware is Firmware.SECURE_BOOT)


async def test_a_bios_pc_with_such_a_disk_is_told_to_use_uefi_and_its_disk_is_not_touched(tmp_path: Path) -> None:
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk = await asyncio.to_thread(used_disk, tmp_path / "disk.img", Bus.VIRTIO, manifest.disk + LARGER)
    spec = workshop_pc(1, Firmware.BIOS, disk)
    async with open_lan() as lan, open_service(lan, masters) as service:
        await start_building(lan)
        await asyncio.to_thread(arm, service, [spec], PROFILE)
        await service.start()
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"netboot: stopped disk-not-for-bios", STAGE_WITHIN)
            assert (await pc.block_stats())["LARGE1"].write_operations == 0
        problem = (await job_of(service, spec.mac)).problem
        assert problem is not None
        assert (problem.code, problem.values["found"]) == ("disk-not-for-bios", str(LARGE))
