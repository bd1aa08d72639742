"""A whole PC of a batch whose disks only a person can tell apart: one without serial number, two with one serial."""

import asyncio

import pytest

from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR, Service
from netboot.records.record import open_record
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

SIZE = 64 << 20


async def machine_of(service: Service, mac: str) -> str:
    def read() -> str:
        with open_record(service.data / "record.sqlite") as record:
            return next(row.id for row in record.machines.overview() if row.mac == mac)

    return await asyncio.to_thread(read)


async def test_disks_without_a_name_or_with_one_for_two_are_erased_by_their_places_once_a_person_named_them() -> None:
    async with beside_the_building(menu_timeout=5) as (lan, service):
        disks = (
            DiskSpec(Bus.SATA, lan.folder / "twin1.img", SIZE, "TWIN"),
            DiskSpec(Bus.SATA, lan.folder / "twin2.img", SIZE, "TWIN"),
            DiskSpec(Bus.VIRTIO, lan.folder / "nameless.img", SIZE, ""),
        )
        for number, disk in enumerate(disks):
            create_used(disk.path, disk.size, f"OLD{number}")
        spec = workshop_pc(1, Firmware.BIOS, *disks)
        async with signed_in(service.page, OPERATOR, service.password) as operator, power_on(lan, spec) as pc:
            await operator.arm_batch("erase-only", 1)
            await pc.console.wait_for(r"netboot: stopped disk-by-place", BOOT_WITHIN)
            job = await job_of(service, spec.mac)
            assert job.erasures == ()
            for disk in disks:
                assert find_pattern(disk.path) == 0, "nothing was written"
            machine = await machine_of(service, spec.mac)
            await operator.answer(machine, "by-place")
            await operator.choose("erase-only", machine)
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert job.state == "done"
        proofs = {erasure.evidence.disk.path: erasure for erasure in job.erasures}
        assert len(proofs) == 3, "each at a place of its own"
        for erasure in proofs.values():
            assert erasure.verdict == "erased"
            assert erasure.evidence.disk.by_place
        assert sorted(erasure.evidence.disk.serial for erasure in job.erasures) == ["", "TWIN", "TWIN"]
        for disk in disks:
            assert await asyncio.to_thread(find_pattern, disk.path) is None
