"""The boot menu at a real keyboard: its digits, in iPXE and in GRUB under Secure Boot; there the large screen that a
chosen PC opens for whoever stops it; memtest86+, which it starts.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from netboot.bootmenu.boot_menu import ARMED_TIMEOUT
from netboot.lab.demo import keys_for_profile, menu_profiles
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, PLAN, keys_to, press, reach_menu
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.pc import Bus, DiskSpec
from netboot.shared.process import Command, run
from tests.lab.test_firmware import beside_the_building
from tests.lab.test_recovery import empty_pc, workshop

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(900)]

DIGITS = "240871"
DRAWN = 2.0
"""Seconds for the next page of the menu: its theme is fetched too."""
LARGE = (640, 480)
"""Pixels of the screen that GRUB's own font is large on."""
START_SHOWS = 15.0
"""Seconds in which a choice that starts has drawn its own screen."""
REFUSAL_SHOWN = 12.0
"""Seconds that a refusal stays on the screen, and a little more."""


@pytest.mark.parametrize("firmware", [Firmware.SECURE_BOOT, Firmware.BIOS])
async def test_digits_are_asked_for_before_an_erase_and_wrong_ones_start_nothing(
    tmp_path: Path, firmware: Firmware
) -> None:
    async with workshop(tmp_path, menu_timeout=300) as (lan, service, _):
        password: Command = [
            sys.executable,
            "-m",
            "netboot",
            "menu",
            "password",
            "--config",
            lan.folder / "netboot.yaml",
        ]
        await asyncio.to_thread(run, password, stdin=f"{DIGITS}\n")
        spec = empty_pc(lan, 1, 64 << 20, firmware)
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc)
            for digits, finding in (("111111", "wrong"), (DIGITS, "right")):
                for key in keys_for_profile(service, "erase-only"):
                    await press(pc, [key])
                    await asyncio.sleep(DRAWN)
                since = len(service.log())
                await press(pc, [*digits, "ret"])
                await service.wait_for_log(rf"{pc.mac} asks to start erase-only: {finding}", BOOT_WITHIN, since=since)
                if finding == "wrong":
                    if firmware is Firmware.SECURE_BOOT:  # iPXE goes back to the menu that it has
                        await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN, since=since)
                    await asyncio.sleep(REFUSAL_SHOWN)
                    (stats,) = (await pc.block_stats()).values()
                    assert stats.write_operations == 0
                    assert "netboot: hello" not in pc.console.text
            if firmware is Firmware.SECURE_BOOT:
                await pc.console.wait_for(r"secure boot on", BOOT_WITHIN)
            # The hello's ticket was believed: the job begins with nobody on the page.
            await pc.console.wait_for(PLAN, BOOT_WITHIN)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(["esc"], id="esc"),
        pytest.param(["down", "ret", None, "ret"], id="no to the question"),
        pytest.param(["end", "up", "ret"], id="the line for large letters"),
        pytest.param(["end", "ret"], id="the other language"),
    ],
)
async def test_a_chosen_pc_under_secure_boot_is_stopped_at_the_keyboard_and_shows_its_menu_large(
    tmp_path: Path, keys: list[str | None]
) -> None:
    """None among the keys: wait for the next page of the menu."""
    size = 64 << 20
    create_empty(tmp_path / "disk.img", size)
    disk = DiskSpec(Bus.VIRTIO, tmp_path / "disk.img", size, "EMPTY1")
    spec = workshop_pc(1, Firmware.SECURE_BOOT, disk)
    async with beside_the_building([spec], profile="erase-only") as (lan, service), power_on(lan, spec) as pc:
        await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN)
        await asyncio.sleep(DRAWN)
        small = await screen_size(pc, tmp_path / "small.ppm")
        since = len(service.log())
        for key in keys:
            await (press(pc, [key]) if key else asyncio.sleep(DRAWN))
        await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN, since=since)
        # Longer than the countdown: a kernel that had started would have changed the screen.
        await asyncio.sleep(ARMED_TIMEOUT + START_SHOWS)
        assert await screen_size(pc, tmp_path / "large.ppm") == LARGE != small
        (stats,) = (await pc.block_stats()).values()
        assert stats.write_operations == 0
        # What was chosen still waits for this PC, first after the disk.
        await press(pc, keys_to(1, confirm=False))
        await pc.console.wait_for(PLAN, BOOT_WITHIN)


async def screen_size(pc: RunningPc, dump: Path) -> tuple[int, int]:
    """Width and height of what the screen shows, in pixels."""
    return (await screen_dump(pc, dump))[0]


async def screen_dump(pc: RunningPc, dump: Path) -> tuple[tuple[int, int], bytes]:
    """Width and height of what the screen shows, and its pixels: three bytes each, red, green, blue (ppm(5))."""
    await pc.qmp.screendump(dump)
    _, width, height, rest = dump.read_bytes().split(maxsplit=3)
    return (int(width), int(height)), rest[-3 * int(width) * int(height) :]


async def text_on_screen(pc: RunningPc, dump: Path) -> str:
    """What a screen in VGA's text mode shows: a letter and its colour in turn, 80 by 25."""
    await pc.qmp.execute("pmemsave", val=0xB8000, size=80 * 25 * 2, filename=os.fspath(dump))
    return dump.read_bytes()[::2].decode("cp437")


async def test_memtest_is_started_by_ipxe_and_draws_its_own_screen(tmp_path: Path) -> None:
    async with (
        beside_the_building(menu_timeout=300) as (lan, service),
        power_on(lan, workshop_pc(1, Firmware.BIOS)) as pc,
    ):
        await reach_menu(service, pc)
        assert "Atelier" in await text_on_screen(pc, tmp_path / "menu")
        # After the disk's, the profiles' and the inventory's line.
        await press(pc, keys_to(len(menu_profiles(service)) + 2, confirm=False))
        for _ in range(int(BOOT_WITHIN / 2)):
            screen = await text_on_screen(pc, tmp_path / "memtest")
            if "Memtest86+" in screen:
                break
            await asyncio.sleep(2)
        # The menu's own line is written "memtest86+".
        assert "Memtest86+" in screen
        assert "Atelier" not in screen


async def test_memtest_is_started_by_grub_and_draws_its_own_screen(tmp_path: Path) -> None:
    """On UEFI it draws its letters itself, on blue; the menu has no colour at all."""
    async with (
        beside_the_building(menu_timeout=300) as (lan, service),
        power_on(lan, workshop_pc(1, Firmware.UEFI)) as pc,
    ):
        await reach_menu(service, pc)
        assert blue_share(await screen_dump(pc, tmp_path / "menu.ppm")) == 0
        await press(pc, keys_to(len(menu_profiles(service)) + 2, confirm=False))
        for _ in range(int(BOOT_WITHIN / 2)):
            share = blue_share(await screen_dump(pc, tmp_path / "memtest.ppm"))
            if share > 0.5:
                break
            await asyncio.sleep(2)
        assert share > 0.5


def blue_share(dumped: tuple[tuple[int, int], bytes]) -> float:
    """Which part of the screen is blue."""
    _, pixels = dumped
    reds, greens, blues = pixels[0::3], pixels[1::3], pixels[2::3]
    return sum(b > 100 > r + g for r, g, b in zip(reds, greens, blues, strict=True)) / len(blues)
