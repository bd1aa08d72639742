"""The school's master, from power-on over the LAN to the pupil's desktop: with Secure Boot, and by BIOS.

For `./run test --all`: three gigabytes travel. Not for: the other desktops, which tests/masters/test_desktops_boot.py
starts from a disk that is laid out without the LAN.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, new_key
from netboot.files.assets import asset_folder
from netboot.lab.building import start_building
from netboot.lab.demo import job_of, keys_for_profile, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, press, reach_menu
from netboot.lab.machine import clear_cmos, power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.lab.service import open_service
from netboot.lab.witness import SECURE_BOOT, witness
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.store import Store
from tests.masters.test_desktops_boot import QUIET, SHIPPED, keep_picture, settled, sign_in, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(7200)]

SCHOOL = SHIPPED[0]
PROFILE = """
id: school
name: {fr: Installer le poste d'école, en: Install the school PC}
stages: [check, deploy, customise, finish]
master: ecole
unerased: waive
hostname: ecole
end: poweroff
"""
DEPLOY_WITHIN = 3600.0
ROOM = 17 << 30


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The folder of a workshop's masters with the one that was built."""
    prepare(print)  # the boot files
    masters = tmp_path_factory.mktemp("school") / "masters"
    masters.mkdir(mode=0o700)
    new_key(masters)
    recipe = asset_folder("images") / "ecole.yaml"
    return masters, build_master(recipe, Store(masters / "store"), load_key(masters), progress=print)


@pytest.mark.parametrize("firmware", [Firmware.SECURE_BOOT, Firmware.BIOS])
async def test_the_school_s_master_goes_over_the_lan_and_starts_to_its_desktop(
    firmware: Firmware, school: tuple[Path, Manifest], tmp_path: Path
) -> None:
    (masters, manifest), profiles = school, tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-school.yaml").write_text(PROFILE, encoding="utf-8")
    async with open_lan() as lan, open_service(lan, masters, profiles=[profiles]) as service:
        await start_building(lan)
        await service.start()
        disk = lan.folder / "school.img"
        create_empty(disk, ROOM)
        spec = replace(workshop_pc(1, firmware, DiskSpec(Bus.VIRTIO, disk, ROOM, "SCHOOL1")), memory_mib=2048, cpus=2)
        too_small = lan.folder / "small.img"
        create_empty(too_small, ROOM)
        small = workshop_pc(2, firmware, DiskSpec(Bus.VIRTIO, too_small, ROOM, "SCHOOL2"))
        async with power_on(lan, small) as pc:  # of 1 GiB, and the recipe asks for 2
            await reach_menu(service, pc)
            await press(pc, keys_for_profile(service, "school"))
            await pc.console.wait_for(r"netboot: stopped memory-too-small", BOOT_WITHIN)
            assert (await pc.block_stats())["SCHOOL2"].write_operations == 0
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc)
            await press(pc, keys_for_profile(service, "school"))
            seconds = await pc.wait_off(DEPLOY_WITHIN)
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        print(f"{firmware}: deployed after {seconds:.0f} s, {manifest.used} bytes")
        alone = replace(spec, network=False, boot=BootOrder.FIRMWARE, extra=witness())
        clear_cmos(lan, alone)
        async with power_on(lan, alone) as pc:
            login = await pc.console.wait_for(r"\becole login:", 1200)
            told = "on" if firmware is Firmware.SECURE_BOOT else "off"
            await pc.console.wait_for(SECURE_BOOT, 600)
            assert f"lab: secure boot {told}" in pc.console.text
            await sign_in(pc, SCHOOL)
            await wait_for(pc.console, f"pgrep --exact --euid {SCHOOL.user} {SCHOOL.program}", r"\d+")
            await wait_for(pc.console, QUIET, "quiet")
            shown = await settled(pc, tmp_path / "screen.ppm")
            print(f"{firmware}: login {login:.0f} s, desktop {pc.console.seconds:.0f} s, {shown}")
            await keep_picture(pc, f"school-{firmware.value}")
            assert shown.is_desktop
