"""A whole PC with drives of the lab's own, which are programs: firmware, loaders, kernel and agent find them.

What such a drive does it does by the standards, not as any maker's: these tests prove the way to it, nothing of real
drives.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from netboot import bootfiles
from netboot.files.cache_folder import default_cache_folder
from netboot.lab import boot_sector, efi_disk
from netboot.lab.bench_drive import BenchDrive, bench_path, drive_on_bench
from netboot.lab.boot_sector import create_bios_disk
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.drives.specs import Spec
from netboot.lab.efi_disk import create_efi_disk
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.pc import BootOrder, PcSpec
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from netboot.shared.disk_abilities import NvmeFormat, SectorSize
from netboot.shared.inventory import Disk
from tests.lab.test_firmware import ON_THE_DISK, beside_the_building
from tests.orders import overwritten

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

MIB = 1 << 20
SIZE = 64 * MIB
BOTH = pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])


def nvme(lan: Lan, image_file: Path, serial: str, **told: object) -> NvmeSpec:
    """An NVMe drive with one namespace."""
    namespaces = (Namespace(str(image_file)),)
    return NvmeSpec(str(bench_path(lan, serial)), namespaces, serial, **told)  # type: ignore[arg-type]  # a test's shorthand


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


@BOTH
async def test_the_agent_sees_what_such_drives_say_they_can_and_overwrites_them(
    tmp_path: Path, firmware: Firmware
) -> None:
    spec = workshop_pc(1, firmware)
    for serial in ("CANALL", "CANNOT"):
        create_used(tmp_path / serial, SIZE, serial)
    async with beside_the_building(menu_timeout=300) as (lan, service):
        # An armed batch takes a PC as it comes: no choice was made for the disks of another visit.
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("erase-only", 1)
        able = nvme(lan, tmp_path / "CANALL", "CANALL")
        unable = nvme(lan, tmp_path / "CANNOT", "CANNOT", sanitize=(), format=False)
        async with (
            drive_on_bench(lan, able) as first,
            drive_on_bench(lan, unable) as second,
            power_on(lan, with_drives(spec, first, second)) as pc,
        ):
            hello = await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
            off = await pc.wait_off(STAGE_WITHIN)
            print(json.dumps({"boot": firmware, "seconds_to_hello": round(hello, 1), "seconds_to_off": round(off, 1)}))
        job = await job_of(service, spec.mac)
        with open_record(service.data / "record.sqlite") as record:
            (row,) = record.machines.overview()
            disks = {disk.id.serial: disk for disk in record.machines.detail(row.id).visits[0].inventory.disks}
    assert disks.keys() == {"CANALL", "CANNOT"}
    assert {(disk.transport, disk.id.size, disk.model) for disk in disks.values()} == {
        ("nvme", SIZE, "NETBOOT LAB NVME")
    }
    assert_told(disks["CANALL"], sanitize=True)
    assert_told(disks["CANNOT"], sanitize=False)
    assert job.state == "done"
    assert {row.evidence.disk.serial: row.verdict for row in job.erasures} == {"CANALL": "erased", "CANNOT": "erased"}
    (by_writing,) = (row.evidence for row in job.erasures if row.evidence.disk.serial == "CANNOT")
    assert overwritten(by_writing).written == overwritten(by_writing).verified == SIZE
    for serial in disks:
        assert find_pattern(tmp_path / serial) is None
    assert not [entry for entry in read_journal(tmp_path / "CANNOT") if entry["command"] in ("sanitize", "format")]


def assert_told(disk: Disk, *, sanitize: bool) -> None:
    """That the inventory has what this drive says of itself."""
    told = disk.can.nvme_sanitize
    assert told is not None
    assert (told.block, told.crypto, told.overwrite) == (sanitize, sanitize, sanitize)
    sectors: tuple[SectorSize, ...] = (512, 4096) if sanitize else ()
    assert disk.can.nvme_format == NvmeFormat(supported=sanitize, crypto=sanitize, sectors=sectors)
