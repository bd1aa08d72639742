"""Whole PCs with disks that refuse: what is left on them, what their row and their screen say."""

import html
import re
from pathlib import Path

import pytest

from netboot.lab.demo import job_of
from netboot.lab.disks import SECTOR, create_empty, create_used, old_data_sector
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR
from netboot.protocol import BadRange
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

MIB = 1 << 20
REFUSED = {
    "ONESPOT": (50_000_000 // SECTOR,),
    "TWOSPOTS": (0, *range(64 * MIB // SECTOR - 16, 64 * MIB // SECTOR)),
    "GOOD": (),
}
SIZES = {"ONESPOT": 128 * MIB, "TWOSPOTS": 64 * MIB, "GOOD": 32 * MIB}
BUSES = {"ONESPOT": Bus.SATA, "TWOSPOTS": Bus.VIRTIO, "GOOD": Bus.NVME}


def old_sectors(path: Path, serial: str) -> list[int]:
    """The sectors that still hold the old data of this disk."""
    old = old_data_sector(serial)
    data = path.read_bytes()
    return [at // SECTOR for at in range(0, len(data), SECTOR) if data[at : at + SECTOR] == old]


async def test_a_pc_with_bad_disks_is_overwritten_but_for_what_refuses_and_says_of_each_what_is_left(
    tmp_path: Path,
) -> None:
    disks = []
    for serial, size in SIZES.items():
        path = tmp_path / f"{serial}.img"
        create_used(path, size, serial)
        disks.append(DiskSpec(BUSES[serial], path, size, serial, refuses=REFUSED[serial]))
    spec = workshop_pc(1, Firmware.BIOS, *disks)
    async with beside_the_building([spec], profile="erase-only", menu_timeout=5) as (lan, service):
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"netboot: stage erase failed", BOOT_WITHIN + STAGE_WITHIN)
            await pc.console.wait_for(r"netboot: stopped several-not-erased", BOOT_WITHIN)
            async with signed_in(service.page, OPERATOR, service.password) as client:
                page = re.sub(r"\s+", " ", html.unescape(await client.text()))
            screen = re.sub(r"\s+", " ", pc.console.text)
        job = await job_of(service, spec.mac)
    found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
    assert {serial: one.verdict for serial, one in found.items()} == {
        "ONESPOT": "not-erased",
        "TWOSPOTS": "not-erased",
        "GOOD": "erased",
    }
    for disk in disks:
        refused = list(REFUSED[disk.serial])
        assert old_sectors(disk.path, disk.serial) == refused
        one = found[disk.serial]
        assert one.unwritten == len(refused) * SECTOR
        assert one.written == one.verified == disk.size - one.unwritten
        assert {sector for bad in one.bad for sector in sectors_of(bad)} == set(refused)
        assert (one.problem is None) == (not refused)
        if one.problem is not None:
            assert one.problem.code == "erase-refused"
            assert one.problem.sentence("fr") in page, "the row says of each disk what is left on it"
            assert one.problem.sentence("fr") in screen, "and so does the screen"


def sectors_of(bad: BadRange) -> range:
    """The sectors of a part that refused to be written."""
    assert bad.what == "unwritten"
    return range(bad.start // SECTOR, (bad.start + bad.length) // SECTOR)


async def test_a_pc_whose_cable_goes_in_the_middle_of_an_erase_says_so_and_goes_on(tmp_path: Path) -> None:
    size = 3072 * MIB
    create_empty(tmp_path / "disk.img", size)
    disk = DiskSpec(Bus.VIRTIO, tmp_path / "disk.img", size, "LONG")
    spec = workshop_pc(1, Firmware.BIOS, disk)
    async with beside_the_building([spec], profile="erase-only", menu_timeout=5) as (lan, service):
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            await pc.qmp.execute("set_link", name="net0", up=False)
            told = await pc.console.wait_for(r"netboot: line no-cable", BOOT_WITHIN)
            await pc.console.wait_for(r"Rebranchez-le\. Le travail sur ce PC continue", BOOT_WITHIN)
            before = (await pc.block_stats())["LONG"].bytes_written
            await pc.qmp.execute("set_link", name="net0", up=True)
            back = await pc.console.wait_for(r"netboot: line up", BOOT_WITHIN)
            print(f"\ntold after {told:.0f} s, back after {back:.0f} s, {before >> 20} MiB written meanwhile")
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
    assert [row.verdict for row in job.erasures] == ["erased"]
    assert before > 0
