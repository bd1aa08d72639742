"""What starting from the network under Secure Boot leaves in a PC: the shim's level, and an older Linux that it stops.

The older Linux is Debian 11's signed shim (15.8) and GRUB (generation 4), in one folder of an EFI partition, with a
file of ours that says on the serial port that GRUB started. When Debian's mirrors have dropped that release, another
signed pair whose GRUB is below the served shim's level does.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from netboot import bootfiles
from netboot.bootfiles.debian import find_mirror, unpack
from netboot.files.cache_folder import default_cache_folder
from netboot.lab.efi_disk import SIZE, create_efi_disk
from netboot.lab.efi_variables import read_variable
from netboot.lab.firmware import Firmware
from netboot.lab.machine import pc_paths, power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec, PcSpec
from netboot.shared.errors import NetbootError
from netboot.survey.sbat import generations, level, levels, revoked
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

OLD = "bullseye"
STARTED = "the older Linux was started"
ON_THE_DISK = f"serial --unit=0\nterminal_output serial console\necho {STARTED}\nsleep 3600\n"
STARTS_WITHIN = 90.0
"""Seconds; from its disk alone this PC took 6, by way of the menu 45."""
GIVES_UP_WITHIN = 600.0
"""Seconds until OVMF, answered by no boot server, goes on from the network to its disk: 283 were seen."""


def older_linux(folder: Path) -> dict[str, Path | str]:
    """The files of its EFI system partition."""
    found = folder / OLD
    source = f"deb {find_mirror().archive} {OLD} main\n"
    unpack(["shim-signed", "grub-efi-amd64-signed"], suite=OLD, source_lines=source, into=found)
    shim = found / "usr/lib/shim/shimx64.efi.signed"
    grub = found / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
    return {"/EFI/debian/shimx64.efi": shim, "/EFI/debian/grubx64.efi": grub, "/EFI/debian/grub.cfg": ON_THE_DISK,
            "/EFI/BOOT/BOOTX64.EFI": shim, "/EFI/BOOT/grubx64.efi": grub}  # fmt: skip


def level_in(lan: Lan, spec: PcSpec) -> dict[str, int]:
    """The level in the PC's firmware; empty when no shim has written one."""
    return dict(levels(read_variable(pc_paths(lan, spec).variables, "SbatLevel") or b""))


async def starts(lan: Lan, spec: PcSpec, within: float = STARTS_WITHIN) -> bool:
    """Whether the older Linux starts, by whatever the firmware tries first."""
    async with power_on(lan, spec) as pc:
        try:
            await pc.console.wait_for(STARTED, within)
        except NetbootError:
            assert pc.is_on
            return False
        return True


async def test_a_pc_that_only_reads_the_menu_under_secure_boot_keeps_our_shims_level_and_its_older_linux_stops(
    tmp_path: Path,
) -> None:
    files = await asyncio.to_thread(older_linux, tmp_path)
    create_efi_disk(tmp_path / "old.img", files)
    served = bootfiles.load(default_cache_folder() / "bootfiles").path("shimx64.efi").read_bytes()
    grub = files["/EFI/debian/grubx64.efi"]
    assert isinstance(grub, Path)
    ours, old = level(served), generations(grub.read_bytes())
    assert ours is not None
    assert old is not None
    assert revoked(old, ours), "Debian's older GRUB is as new as the level: take an older one"
    spec = workshop_pc(1, Firmware.SECURE_BOOT, DiskSpec(Bus.SATA, tmp_path / "old.img", SIZE, "OLD1"))
    alone = replace(spec, network=False, boot=BootOrder.FIRMWARE)
    async with beside_the_building(menu_timeout=5) as (lan, service):
        assert await starts(lan, alone)
        before = level_in(lan, spec)
        assert before["grub"] < ours["grub"]
        # Nobody chose: the menu goes to the PC's own disk, whose own shim now refuses its GRUB.
        assert not await starts(lan, spec)
        await service.wait_for_log(rf"{spec.mac} reads its boot menu", 1)
        assert level_in(lan, spec) == dict(ours)
        assert not await starts(lan, alone)


async def test_a_pc_that_is_denied_is_given_no_shim_and_keeps_its_level(tmp_path: Path) -> None:
    files = await asyncio.to_thread(older_linux, tmp_path)
    create_efi_disk(tmp_path / "old.img", files)
    spec = workshop_pc(1, Firmware.SECURE_BOOT, DiskSpec(Bus.SATA, tmp_path / "old.img", SIZE, "OLD1"))
    async with beside_the_building(machines=[{"mac": spec.mac, "denied": True}]) as (lan, _):
        assert await starts(lan, spec, GIVES_UP_WITHIN)
        assert level_in(lan, spec)["grub"] < 5
