"""A whole PC with a UEFI of 32 bits on its 64-bit processor: from the erase to its master, by that firmware alone."""

import asyncio
from pathlib import Path

import pytest

from netboot.lab.building import start_building
from netboot.lab.demo import LARGER, MENU_TIMEOUT, PROFILE, WAYS, job_of, keys_for_profile, prepare
from netboot.lab.disks import create_used
from netboot.lab.firmware import Firmware
from netboot.lab.journey import image, start_from_disk
from netboot.lab.machine import workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import open_service

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(2400)]


async def test_a_pc_with_uefi_of_32_bits_is_erased_gets_the_master_and_starts_it(tmp_path: Path) -> None:
    firmware = Firmware.UEFI_IA32
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk = DiskSpec(Bus.SATA, tmp_path / "disk.img", manifest.disk + LARGER, "IA32-1")
    await asyncio.to_thread(create_used, disk.path, disk.size, disk.serial)
    spec = workshop_pc(1, firmware, disk)
    async with open_lan() as lan, open_service(lan, masters, menu_timeout=MENU_TIMEOUT) as service:
        await start_building(lan)
        await service.start()
        seen = await image(lan, service, spec, keys_for_profile(service, PROFILE), tell=print)
        assert [one.old_data_at for one in seen.disks] == [None]
        job = await job_of(service, spec.mac)
        assert (job.state, [row.verdict for row in job.erasures]) == ("done", ["erased"])
        for way in WAYS[firmware]:
            start = await start_from_disk(lan, spec, job.hostname, way)
            print(f"\nUEFI of 32 bits, {way}: login prompt after {start.login:.0f} s, entry {start.entry}")
            assert start.problem == ""
            # What OVMF falls back to has another name, so the label tells the two apart.
            assert (start.entry == "debian") is (way == "own entry")
