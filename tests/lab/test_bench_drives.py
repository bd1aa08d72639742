"""A whole PC with drives of the lab's own, which are programs: firmware finds them, and they outlive it.

What such a drive does it does by the standards, not as any maker's: these tests prove the way to it, nothing of real
drives.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from netboot import bootfiles
from netboot.files.cache_folder import default_cache_folder
from netboot.lab import boot_sector, efi_disk
from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.boot_sector import create_bios_disk
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.drives.specs import Spec
from netboot.lab.efi_disk import create_efi_disk
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.pc import BootOrder, PcSpec
from tests.lab.test_firmware import ON_THE_DISK

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

BOTH = pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])


def nvme(lan: Lan, image_file: Path, serial: str) -> NvmeSpec:
    """An NVMe drive with one namespace."""
    return NvmeSpec(str(bench_path(lan, serial)), (Namespace(str(image_file)),), serial)


def sata(lan: Lan, image_file: Path, serial: str) -> AhciSpec:
    """An AHCI controller with one SATA disk."""
    return AhciSpec(str(bench_path(lan, serial)), (SataDisk(str(image_file), AtaModel(serial)),))


def with_drives(spec: PcSpec, *drives: BenchDrive) -> PcSpec:
    return replace(spec, drives=tuple(drive.socket for drive in drives))


@BOTH
@pytest.mark.parametrize("kind", [nvme, sata])
async def test_firmware_starts_from_the_drive_which_stays_when_the_power_of_its_pc_is_cut(
    lan: Lan, tmp_path: Path, firmware: Firmware, kind: Callable[[Lan, Path, str], Spec]
) -> None:
    path = tmp_path / "loader.img"
    if firmware is Firmware.BIOS:
        create_bios_disk(path)
    else:
        grub = bootfiles.load(default_cache_folder() / "bootfiles").path("grubx64.efi")
        create_efi_disk(
            path, {"/EFI/BOOT/BOOTX64.EFI": grub, "/grub/grub.cfg": ON_THE_DISK.replace("halt", "sleep 600")}
        )
    assert boot_sector.SAID in ON_THE_DISK
    assert boot_sector.SIZE == efi_disk.SIZE == path.stat().st_size
    async with drive_on_bench(lan, kind(lan, path, "LOADER")) as drive:
        alone = replace(workshop_pc(1, firmware), network=False, boot=BootOrder.FIRMWARE)
        for _ in range(2):
            async with power_on(lan, with_drives(alone, drive)) as pc:
                print(
                    f"\nstarted from the drive after {await pc.console.wait_for(boot_sector.SAID, BOOT_WITHIN):.0f} s"
                )
                pc.program.kill()
                await pc.program.wait()
            assert await drive.answers()
        assert drive.program.status is None
    assert drive.program.status == 0, "it ends when it is told to"
