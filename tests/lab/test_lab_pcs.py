"""Real firmware on the lab's LAN, against dnsmasq: each PC asks, fetches its loader, shows its menu and takes keys."""

import asyncio
import shutil
from pathlib import Path

import pytest

from netboot.lab.building import BootFiles, start_full_boot
from netboot.lab.capture import capture, datagrams
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.machine import pc_paths, power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.pc import Bus, DiskSpec

pytestmark = [pytest.mark.root, pytest.mark.lab, pytest.mark.timeout(300)]

MIB = 1 << 20

# GRUB sets $lockdown when it was started under Secure Boot.
GRUB_MENU = """
set timeout=120
if [ "$lockdown" = "y" ]; then set state=locked; else set state=open; fi
menuentry "stay here $state" { sleep 1 }
menuentry "switch off $state" { halt }
"""

IPXE_MENU = """#!ipxe
menu Lab menu
item stay stay here
item go go on
choose --default stay target && chain tftp://${next-server}/${target}.ipxe
"""


def used_disk(lan: Lan, bus: Bus) -> DiskSpec:
    disk = DiskSpec(bus, lan.folder / f"{bus}.img", 64 * MIB, f"S-{bus}")
    create_used(disk.path, disk.size, disk.serial)
    return disk


def lit_pixels(ppm: Path) -> int:
    """How many of a PPM's bytes are not black."""
    header, pixels = ppm.read_bytes().split(b"\n255\n", 1)
    assert header.startswith(b"P6")
    return len(pixels) - pixels.count(0)


@pytest.mark.parametrize(("firmware", "state"), [(Firmware.UEFI, "open"), (Firmware.SECURE_BOOT, "locked")])
async def test_a_uefi_pc_fetches_shim_and_grub_and_is_switched_off_from_the_menu(
    lan: Lan, loaders: Path, firmware: Firmware, state: str
) -> None:
    folder = lan.folder / "tftp"
    shutil.copytree(loaders, folder)
    (folder / "grub").mkdir()
    (folder / "grub" / "grub.cfg").write_text(GRUB_MENU)
    peer = await start_full_boot(lan, BootFiles(folder))
    disk = used_disk(lan, Bus.SATA)
    pcap = lan.folder / "dhcp.pcap"
    async with capture(lan, pcap), power_on(lan, workshop_pc(1, firmware, disk)) as pc:
        await pc.console.wait_for(f"switch off {state}", within=180)
        first = next(datagrams(pcap.read_bytes()))
        assert (first.source_mac, first.destination_port) == (pc.mac, 67)
        assert b"PXEClient:Arch:00007" in first.payload
        assert peer.leases().keys() == {pc.mac}
        screen = lan.folder / "screen.ppm"
        await pc.qmp.screendump(screen)
        assert lit_pixels(screen) > 1000
        stats = (await pc.block_stats())[disk.serial]
        assert stats.bytes_read > 0
        assert (stats.bytes_written, stats.write_operations) == (0, 0)
        await pc.qmp.send_keys(["down", "ret"])
        assert await pc.wait_off(60) > 5
        assert not pc.is_on
    log = peer.program.output()
    assert "shimx64.efi to" in log
    assert "grubx64.efi to" in log
    assert pc_paths(lan, pc.spec).variables.exists()
    assert find_pattern(disk.path) == 0


async def test_a_bios_pc_fetches_its_script_and_obeys_the_menu_keys(lan: Lan) -> None:
    folder = lan.folder / "tftp"
    folder.mkdir()
    (folder / "menu.ipxe").write_text(IPXE_MENU)
    peer = await start_full_boot(lan, BootFiles(folder, ipxe="menu.ipxe"))
    # An eMMC has an image of another shape, and a test of its own (test_emmc.py).
    disks = tuple(used_disk(lan, bus) for bus in Bus if bus is not Bus.EMMC)
    async with power_on(lan, workshop_pc(2, Firmware.BIOS, *disks)) as pc:
        await peer.program.wait_for_output("menu.ipxe to", within=120)
        await asyncio.sleep(2)
        await pc.qmp.send_keys(["down", "ret"])
        await peer.program.wait_for_output("go.ipxe not found", within=120)
        assert "stay.ipxe" not in peer.program.output()
        stats = await pc.block_stats()
        assert stats.keys() == {disk.serial for disk in disks}
        assert all(one.write_operations == 0 for one in stats.values())
        assert pc.resets() == 0
        await pc.qmp.reset()
        await asyncio.sleep(0.5)
        assert pc.is_on
    assert not pc.is_on
