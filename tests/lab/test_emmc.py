"""A whole PC whose only disk is an eMMC: the small master is put on it and starts to its login prompt.

By BIOS: SeaBIOS starts an eMMC, while Debian's OVMF has no driver for one (its boot entry is “Not Found”).
That an eMMC is erased is in test_many_disks.py: QEMU writes it block by block, which is too slow to overwrite and read
back one as large as this.
"""

import asyncio
import os
from pathlib import Path

import pytest

from netboot.lab.building import start_building
from netboot.lab.demo import LARGER, MENU_TIMEOUT, job_of, keys_for_profile, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import image, start_from_disk
from netboot.lab.machine import workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import EMMC_AREAS, Bus, DiskSpec
from netboot.lab.service import open_service

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

PROFILE = """
id: write-debian
name: {fr: Écrire Debian, en: Write Debian}
stages: [check, deploy, customise, finish]
master: debian-minimal
unerased: waive
end: poweroff
"""


def emmc(path: Path, size: int) -> tuple[DiskSpec, bytes]:
    """One that holds nothing, and what its boot areas and RPMB hold, which is the firmware's."""
    create_empty(path, EMMC_AREAS + size)
    areas = os.urandom(EMMC_AREAS)
    with path.open("r+b") as file:
        file.write(areas)
    return DiskSpec(Bus.EMMC, path, EMMC_AREAS + size, "EMMC1"), areas


async def test_an_emmc_gets_the_master_and_starts_it_and_the_areas_of_its_firmware_are_as_they_were(
    tmp_path: Path,
) -> None:
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk, areas = emmc(tmp_path / "disk.img", manifest.disk + LARGER)
    spec = workshop_pc(1, Firmware.BIOS, disk)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE, encoding="utf-8")
    async with (
        open_lan() as lan,
        open_service(lan, masters, menu_timeout=MENU_TIMEOUT, profiles=[profiles]) as service,
    ):
        await start_building(lan)
        await service.start()
        # Chosen at the PC: for QEMU's eMMC, which tells a serial number of its own, nothing can be chosen before.
        seen = await image(lan, service, spec, keys_for_profile(service, "write-debian"), tell=print)
        job = await job_of(service, spec.mac)
        assert (job.state, job.problem) == ("done", None)
        print(f"\neMMC: off after {seen.off:.0f} s")
        start = await start_from_disk(lan, spec, job.hostname, "disk")
        print(f"eMMC: login prompt after {start.login:.0f} s")
        assert start.problem == ""
    with disk.path.open("rb") as file:
        assert file.read(EMMC_AREAS) == areas
