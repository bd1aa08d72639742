"""Two whole PCs of one faulty firmware: what was chosen on the page for the one is not done to the other."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.lab.demo import keys_for_profile
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN, press, reach_menu
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan
from netboot.lab.page_client import PageClient, PageRow, signed_in
from netboot.lab.pc import Bus, DiskSpec, PcSpec
from netboot.lab.service import OPERATOR, Service
from netboot.records.record import open_record
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(900)]


def faulty_pc(lan: Lan, number: int) -> PcSpec:
    """UUID and serials are those of every PC of its kind; its adapter and its disk are its own."""
    disk = DiskSpec(Bus.SATA, lan.folder / f"disk{number}.img", 64 << 20, f"OLDDISK{number}")
    create_used(disk.path, disk.size, disk.serial)
    same = workshop_pc(1, Firmware.BIOS, disk)
    mac = f"98:fa:9b:77:00:{number:02x}"
    return replace(same, name=f"pc{number}", mac=mac, serial="SerNum0", board_serial="Type2 - 123456789")


def content(path: Path) -> str:
    """The SHA-256 of a whole disk."""
    with path.open("rb") as image:
        return hashlib.file_digest(image, "sha256").hexdigest()


def machines(service: Service) -> dict[str, str]:
    """The machine that each adapter came by."""
    with open_record(service.data / "record.sqlite") as record:
        return {row.mac: row.id for row in record.machines.overview()}


async def row_that_waits(client: PageClient, mac: str) -> PageRow:
    """The row of a PC, once it waits for a choice."""
    async with asyncio.timeout(BOOT_WITHIN):
        while True:
            for row in await client.rows():
                if row.mac == mac and row.state == "waiting":
                    return row
            await asyncio.sleep(1)


async def test_what_was_chosen_for_one_pc_leaves_every_byte_of_another_with_its_uuid_and_serials() -> None:
    async with beside_the_building() as (lan, service), signed_in(service.page, OPERATOR, service.password) as client:
        one, other = (faulty_pc(lan, number) for number in (1, 2))
        before = [content(spec.disks[0].path) for spec in (one, other)]
        async with power_on(lan, one) as pc:
            await reach_menu(service, pc)
            await press(pc, keys_for_profile(service, "inventory-only"))
            await pc.wait_off(STAGE_WITHIN)
        seen = machines(service)
        assert list(seen) == [one.mac]
        await client.choose("erase-only", seen[one.mac])
        async with power_on(lan, other) as pc:
            # Its loader tells the same UUID, so that its menu goes on to the agent with no key pressed.
            await pc.console.wait_for(r"netboot: hello", BOOT_WITHIN)
            await row_that_waits(client, other.mac)
            await asyncio.sleep(5)
            assert "netboot: plan" not in pc.console.text
            assert (await pc.block_stats())[other.disks[0].serial].write_operations == 0
            assert [content(spec.disks[0].path) for spec in (one, other)] == before
            known = machines(service)
            assert known.keys() == {one.mac, other.mac}
            # Chosen for itself, it is done to it, and to it alone.
            await client.choose("erase-only", known[other.mac])
            await pc.wait_off(STAGE_WITHIN)
        assert find_pattern(other.disks[0].path) is None
        assert content(one.disks[0].path) == before[0]
        with open_record(service.data / "record.sqlite") as record:
            assert [waiting.choice.machine_id for waiting in record.choices.pending()] == [known[one.mac]]
            assert [row.verdict for row in record.machines.erasures(known[other.mac])] == ["erased"]
            assert record.machines.erasures(known[one.mac]) == ()
