"""The master that is not Debian, laid onto a disk: it boots on BIOS and with Secure Boot, by its own loaders."""

from dataclasses import replace
from pathlib import Path

import pytest

from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec
from netboot.shared.manifest import Manifest
from netboot.shared.uefi_start import removable_path
from tests.masters.built import *  # noqa: F403 — its fixtures: the master, and the disk that it lies on
from tests.masters.built import expect, sign_in_first

pytestmark = [pytest.mark.lab, pytest.mark.matrix, pytest.mark.timeout(3000)]

RECIPE = "ubuntu-minimal"
SIZE = 3 << 30


def test_it_is_understood_as_ubuntu_with_loaders_of_its_own(master: Manifest) -> None:
    assert master.understood
    assert master.understood.system.startswith("Ubuntu 24.04")
    assert master.understood.bios
    assert master.uefi is not None
    assert master.uefi.path == "/EFI/ubuntu/shimx64.efi"
    assert removable_path(master, master.uefi)


@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.SECURE_BOOT])
async def test_ubuntu_boots_to_its_login_prompt(firmware: Firmware, disk: Path) -> None:
    spec = replace(
        workshop_pc(93, firmware, DiskSpec(Bus.SATA, disk, SIZE, "LABMASTER")), network=False, boot=BootOrder.FIRMWARE
    )
    async with open_lan() as lan, power_on(lan, spec) as pc:
        seconds = await pc.console.wait_for(r"^ubuntu login: ", within=900)
        print(f"{firmware}: login prompt after {seconds:.1f} s")
        # Ubuntu keeps its French in other packages, so it asks in English.
        await sign_in_first(pc.console, "ubuntu", "New password", "Retype")
        await expect(pc.console, "systemctl is-system-running --wait; true", "running")
        await expect(pc.console, ". /etc/os-release; echo $ID-$VERSION_ID", r"ubuntu-24\.04")
        if firmware is Firmware.SECURE_BOOT:
            await expect(pc.console, "tail --bytes=1 /sys/firmware/efi/efivars/SecureBoot-* | od -An -tu1", "1")
