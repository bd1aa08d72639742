"""The boot menu's digits at a real keyboard: in iPXE, and in GRUB under Secure Boot, without `read` and fonts."""

import asyncio
import sys
from pathlib import Path

import pytest

from netboot.lab.demo import keys_for_profile
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, PLAN, press, reach_menu
from netboot.lab.machine import power_on
from netboot.process import Command, run
from tests.lab.test_recovery import empty_pc, workshop

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(900)]

DIGITS = "240871"
DRAWN = 2.0
"""Seconds for the next page of the menu: its theme is fetched too."""
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
                for key in keys_for_profile("erase-only"):
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
