"""What a PC is offered with no key pressed: a place in a batch, or, denied, nothing but its own disk."""

import asyncio

import pytest

from netboot.lab.building import start_building
from netboot.lab.building_kinds import StrayOptions
from netboot.lab.demo import job_of, prepare
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import SERVER, Lan
from netboot.lab.page_client import signed_in
from netboot.lab.service import OPERATOR, open_service
from netboot.records.record import open_record
from tests.lab.test_firmware import beside_the_building, disk_with, way_to_the_agent

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(900)]


async def test_an_armed_batch_is_taken_by_grub_and_by_ipxe_with_no_key_pressed() -> None:
    specs = [workshop_pc(1, Firmware.UEFI), workshop_pc(2, Firmware.BIOS)]
    async with beside_the_building(menu_timeout=300) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("inventory-only", len(specs))
        for spec in specs:
            seconds, _ = await way_to_the_agent(lan, spec)
            print(f"\n{spec.firmware}: hello of a batch after {seconds:.1f} s")
            job = await job_of(service, spec.mac)
            assert (job.profile.id, job.chosen_by, job.state) == ("inventory-only", OPERATOR, "done")
        with open_record(service.data / "record.sqlite") as record:
            batch = record.batches.newest()
            machines = {row.id: row.mac for row in record.machines.overview()}
        assert batch is not None
        assert batch.ending == "full"
        assert [machines[place.machine_id] for place in batch.taken] == [spec.mac for spec in specs]


async def test_a_denied_pc_that_gets_our_menu_all_the_same_starts_its_own_disk(lan: Lan) -> None:
    """Our DHCP leaves a denied PC alone; one that the building's DHCP sends to us still reads a menu."""
    masters, _ = await asyncio.to_thread(prepare, print)
    spec = workshop_pc(1, Firmware.UEFI)
    denied = [{"mac": spec.mac, "denied": True}]
    await start_building(lan, StrayOptions(boot_file="shimx64.efi", next_server=SERVER))
    async with open_service(lan, masters, dhcp="off", menu_timeout=5, machines=denied) as service:
        await service.start()
        async with power_on(lan, disk_with(lan, spec, {"/EFI/debian/grubx64.efi": "grubx64.efi"})) as pc:
            await service.wait_for_log(rf"{pc.mac} reads its boot menu", BOOT_WITHIN)
            await pc.console.wait_for("the loader on the disk was started", BOOT_WITHIN)
            (stats,) = (await pc.block_stats()).values()
            assert stats.write_operations == 0
            assert "netboot: " not in pc.console.text
