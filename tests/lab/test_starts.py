"""PCs of an armed batch on which the agent never comes up: their rows say why, and they go home to their disks."""

import asyncio
import re
from dataclasses import dataclass, replace

import pytest

from netboot.lab.boot_sector import SIZE, create_bios_disk
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, MENU_DRAWN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec, PcSpec
from netboot.lab.service import OPERATOR
from netboot.shared.problems import Problem
from tests.lab.test_firmware import beside_the_building, disk_with

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(900)]

OF_32_BITS = ("-cpu", "max,-avx,-avx2,-lm")
"""A processor without long mode. QEMU's last `-cpu` counts."""
TOO_SMALL = 256
"""MiB of memory, in which the kernel cannot unpack its archives."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """A PC that cannot run the agent, and what its row says."""

    firmware: Firmware
    memory_mib: int
    extra: tuple[str, ...]
    problem: Problem


BIOS_32 = Unfit(Firmware.BIOS, 1024, OF_32_BITS, Problem("processor-32-bit"))
UEFI_32 = Unfit(Firmware.UEFI_IA32, 1024, OF_32_BITS, Problem("processor-32-bit"))
BIOS_SMALL = Unfit(Firmware.BIOS, TOO_SMALL, (), Problem("start-returned", {"seen": "agent"}))
UEFI_SMALL = Unfit(Firmware.UEFI, TOO_SMALL, (), Problem("start-returned", {"seen": "agent"}))


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param(BIOS_32, id="bios-32-bit"),
        pytest.param(UEFI_32, id="uefi-32-bit", marks=pytest.mark.matrix),
        pytest.param(BIOS_SMALL, id="bios-256-mib", marks=pytest.mark.matrix),
        pytest.param(UEFI_SMALL, id="uefi-256-mib", marks=pytest.mark.matrix),
    ],
)
async def test_a_pc_of_a_batch_that_cannot_run_the_agent_says_why_and_goes_home_to_its_disk(unfit: Unfit) -> None:
    async with beside_the_building(menu_timeout=5) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("erase-only", 2)
            spec = with_a_disk(lan, replace(workshop_pc(1, unfit.firmware), memory_mib=unfit.memory_mib))
            async with power_on(lan, replace(spec, extra=unfit.extra)) as pc:
                await service.wait_for_log(rf"{pc.mac} asks to start erase-only: right", BOOT_WITHIN)
                home = await pc.console.wait_for("the loader on the disk was started", BOOT_WITHIN)
                print(f"\nhome to its disk after {home:.0f} s")
                (stats,) = (await pc.block_stats()).values()
                assert stats.write_operations == 0
                assert "netboot: hello" not in pc.console.text
            page = re.sub(r"\s+", " ", await client.text())
        asked = [entry for entry in service.log() if re.search("asks to start", entry["message"])]
        assert len(asked) == 1, "an armed start that brought nothing is not given by itself again"
        assert unfit.problem.sentence("fr").replace("'", "&#39;") in page


def with_a_disk(lan: Lan, spec: PcSpec) -> PcSpec:
    """The PC with a disk that says when it is started."""
    if spec.firmware is Firmware.UEFI_IA32:
        return disk_with(lan, spec, {"/EFI/BOOT/BOOTIA32.EFI": "grubnetia32.efi"})
    if spec.firmware is Firmware.UEFI:
        return disk_with(lan, spec, {"/EFI/BOOT/BOOTX64.EFI": "grubx64.efi"})
    path = lan.folder / "bios.img"
    create_bios_disk(path)
    return replace(spec, disks=(DiskSpec(Bus.SATA, path, SIZE, "BIOSDISK"),))


@pytest.mark.matrix
@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])
async def test_a_pc_of_a_batch_whose_cable_goes_at_its_menu_goes_home_to_its_disk(firmware: Firmware) -> None:
    async with beside_the_building(menu_timeout=5) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("erase-only", 2)
        async with power_on(lan, with_a_disk(lan, workshop_pc(1, firmware))) as pc:
            await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN)
            await asyncio.sleep(MENU_DRAWN)
            await pc.qmp.execute("set_link", name="net0", up=False)
            home = await pc.console.wait_for("the loader on the disk was started", BOOT_WITHIN)
            print(f"\nhome to its disk after {home:.0f} s")
            (stats,) = (await pc.block_stats()).values()
            assert stats.write_operations == 0
