"""A PC whose power goes in the middle of an erase: a batch takes it back by itself, and all else says so."""

import asyncio
import re
from pathlib import Path

import pytest

from netboot.certificates.compose import compose
from netboot.certificates.values import Workshop
from netboot.lab.demo import job_of, keys_for_inventory
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN, press, reach_menu
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec, PcSpec
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.problems import Problem
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1200)]

SIZE = 192 << 20
SLOW = 8 << 20
"""Bytes a second of the disk before the power goes: enough of it is left then."""
SERIAL = "CUT1"
CUT = Problem("power-cut", {"stage": "erase"})
TOLD = 112 << 20
"""Bytes after which the PC has told more than once how far it is."""


def used_pc(tmp_path: Path, firmware: Firmware) -> PcSpec:
    create_used(tmp_path / "used.img", SIZE, SERIAL)
    return workshop_pc(1, firmware, DiskSpec(Bus.VIRTIO, tmp_path / "used.img", SIZE, SERIAL))


async def in_the_middle(pc: RunningPc) -> None:
    """Wait until a part of its disk, and not all of it, was overwritten; then its power may go."""
    await pc.throttle(SERIAL, SLOW)
    await pc.console.wait_for("netboot: stage erase started", BOOT_WITHIN)
    for _ in range(int(STAGE_WITHIN / 0.05)):
        if (await pc.block_stats())[SERIAL].bytes_written > TOLD:
            break
        await asyncio.sleep(0.05)
    assert (await pc.block_stats())[SERIAL].bytes_written < SIZE


@pytest.mark.matrix
async def test_a_pc_of_an_armed_batch_goes_on_by_itself_after_its_power_was_cut_in_the_middle_of_its_erase(
    tmp_path: Path,
) -> None:
    spec = used_pc(tmp_path, Firmware.BIOS)
    async with beside_the_building(menu_timeout=300) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("erase-only", 1)
        async with power_on(lan, spec) as pc:
            await in_the_middle(pc)
        assert find_pattern(spec.disks[0].path) is not None
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for("netboot: left undone power-cut", BOOT_WITHIN)
            await pc.wait_off(STAGE_WITHIN)
            assert pc.resets() == 0
        assert find_pattern(spec.disks[0].path) is None
        job = await job_of(service, spec.mac)
        assert (job.profile.id, job.state, [row.verdict for row in job.erasures]) == ("erase-only", "done", ["erased"])
        (erasure,) = (row.evidence for row in job.erasures)
        assert erasure.cut is not None
        assert erasure.cut.found == "resumed", "it went on where it was"
        assert isinstance(erasure.evidence, Overwritten)
        assert 0 < erasure.evidence.resumed < SIZE
        with open_record(service.data / "record.sqlite") as record:
            batch = record.batches.newest()
            (row,) = record.machines.overview()
            assert record.journal.verify().broken is None
            assert record.batches.offered(mac=spec.mac, uuid=str(spec.uuid)) is None, "it has finished"
            paper = compose(record.papers.of_visit(job.visit_id), Workshop(), software="netboot")
        assert batch is not None
        assert [place.number for place in batch.taken] == [1]
        assert row.left is None
        assert paper is not None
        assert paper.kind == "certificate"
        (disk,) = paper.disks
        assert "Ce qui était écrit a été relu" in disk.cut["fr"]
        assert "was read back" in disk.cut["en"]


@pytest.mark.matrix
@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])
async def test_a_pc_chosen_on_the_page_says_everywhere_that_it_was_cut(tmp_path: Path, firmware: Firmware) -> None:
    spec = used_pc(tmp_path, firmware)
    said = CUT.sentence("fr").replace("'", "&#39;")
    async with (
        beside_the_building([spec], profile="erase-only", menu_timeout=300) as (lan, service),
        signed_in(service.page, OPERATOR, service.password) as client,
    ):
        async with power_on(lan, spec) as pc:
            await in_the_middle(pc)
        await service.kill()
        await service.start()
        since = len(service.log())
        async with power_on(lan, spec) as pc:
            await reach_menu(service, pc, since=since)
            assert said in re.sub(r"\s+", " ", await client.text())
            # After the line that says it, the disk's and the profiles': the inventory's. The disk's is chosen.
            await press(pc, keys_for_inventory(service))
            await pc.console.wait_for("netboot: left undone power-cut", BOOT_WITHIN)
            await pc.console.wait_for("netboot: waiting", BOOT_WITHIN)
            assert said in re.sub(r"\s+", " ", await client.text())
