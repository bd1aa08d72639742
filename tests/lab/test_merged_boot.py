"""Whole PCs that boot by merged offers, which carry the building's address and our boot file in one packet."""

import asyncio
import json

import pytest

from netboot.lab.building import start_building
from netboot.lab.building_kinds import StrayOptions
from netboot.lab.demo import keys_for_inventory, prepare
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, press, reach_menu
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import signed_in
from netboot.lab.service import OPERATOR, open_service

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(900)]


@pytest.mark.parametrize("firmware", [Firmware.UEFI, pytest.param(Firmware.SECURE_BOOT, marks=pytest.mark.matrix)])
async def test_a_pc_reaches_the_agent_by_merged_offers(lan: Lan, firmware: Firmware) -> None:
    masters, _ = await asyncio.to_thread(prepare, print)
    building = await start_building(lan)
    async with open_service(lan, masters, dhcp="merged") as service:
        await service.start()
        spec = workshop_pc(1, firmware)
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc)
            await press(pc, keys_for_inventory(service))
            reached = await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
        print(json.dumps({"boot": firmware.value, "mode": "merged", "seconds_to_hello": round(reached, 1)}))
        leased = building.leases()[spec.mac]
        sent = [entry["message"] for entry in service.log() if "sent shimx64.efi" in entry["message"]]
        # Nothing was asked for on port 4011: the one packet was enough.
        assert sent == [f"{spec.mac} boots by {firmware_name(firmware)}: sent shimx64.efi with the address {leased}"]


def firmware_name(firmware: Firmware) -> str:
    """How the server calls the firmware: it cannot tell whether Secure Boot is on."""
    return "uefi-x64" if firmware is not Firmware.BIOS else "bios"


@pytest.mark.matrix
async def test_a_pc_that_a_stray_option_60_leads_astray_boots_when_it_is_started_again(lan: Lan) -> None:
    """The building's DHCP says PXEClient to everybody: OVMF asks that server for its boot file, and never asks us."""
    masters, _ = await asyncio.to_thread(prepare, print)
    await start_building(lan, StrayOptions(class_identifier="PXEClient"))
    async with open_service(lan, masters) as service:
        await service.start()
        spec = workshop_pc(1, Firmware.UEFI)
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"PXE-E\d\d", BOOT_WITHIN)
        assert not any("TFTP shimx64.efi" in entry["message"] for entry in service.log())
        async with power_on(lan, spec) as pc:
            await service.wait_for_log(r"TFTP shimx64\.efi: finished", BOOT_WITHIN)
        assert any("now gets one complete offer" in entry["message"] for entry in service.log())
        async with signed_in(service.page, OPERATOR, service.password) as client:
            assert "Ce PC ne prenait pas le fichier de démarrage proposé à part" in await client.text()
