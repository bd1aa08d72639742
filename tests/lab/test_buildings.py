"""Whole PCs beside each DHCP server that a building may have; dnsmasq is the building's in every other test.

The packet clients of tests/dhcp/test_beside_buildings.py walk every combination; here real firmware walks one of each.
"""

import asyncio
import json
import re
from typing import Literal

import pytest

from netboot.lab.building import start_building
from netboot.lab.building_kinds import Kind
from netboot.lab.demo import keys_for_inventory, prepare
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, press, reach_menu
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.service import open_service

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("kind", "way", "firmware"),
    [
        (Kind.DHCPD, "proxy", Firmware.UEFI),
        (Kind.DHCPD, "merged", Firmware.UEFI),
        (Kind.KEA, "proxy", Firmware.BIOS),
        (Kind.KEA, "merged", Firmware.SECURE_BOOT),
    ],
)
async def test_a_pc_reaches_the_agent_beside_the_buildings_server(
    lan: Lan, kind: Kind, way: Literal["proxy", "merged"], firmware: Firmware
) -> None:
    masters, _ = await asyncio.to_thread(prepare, print)
    await start_building(lan, kind=kind)
    async with open_service(lan, masters, dhcp=way) as service:
        await service.start()
        async with power_on(lan, workshop_pc(1, firmware)) as pc:
            await reach_menu(service, pc)
            await press(pc, keys_for_inventory(service))
            hello = await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
        print(
            json.dumps(
                {"boot": firmware.value, "mode": way, "building": kind.value, "seconds_to_hello": round(hello, 1)}
            )
        )
        said = [entry["message"] for entry in service.log()]
        assert not any("now gets one complete offer" in message for message in said)
        # A merged offer names the building's address; a proxy's has none.
        assert any(re.search(r"sent \S+ with the address ", message) for message in said) == (way == "merged")
