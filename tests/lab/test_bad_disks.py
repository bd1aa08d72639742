"""A whole PC with disks that refuse or go: what they say of themselves, what is left on them, what is told of it."""

import asyncio
import html
import os
import re
from pathlib import Path

import pytest

from netboot.lab.demo import job_of
from netboot.lab.disks import SECTOR, create_used, old_data_sector
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec, PcSpec, image_name
from netboot.lab.service import OPERATOR
from netboot.shared.erase_methods.overwrite import BadRange
from netboot.shared.process import run
from netboot.shared.stages.erase import Erasure
from netboot.shared.stages.smart import SmartResult
from tests.lab.test_firmware import beside_the_building
from tests.orders import overwritten

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.timeout(1800)]

MIB = 1 << 20
REFUSED = {
    "ONESPOT": (50_000_000 // SECTOR,),
    "TWOSPOTS": (0, *range(32 * MIB // SECTOR - 16, 32 * MIB // SECTOR)),
}
SIZES = {"ONESPOT": 64 * MIB, "TWOSPOTS": 32 * MIB, "GOOD": 64 * MIB, "GOES": 64 * MIB}
BUSES = {"ONESPOT": Bus.SATA, "TWOSPOTS": Bus.VIRTIO, "GOOD": Bus.NVME, "GOES": Bus.NVME}
PROFILE = """
id: look-and-erase
name: {fr: Santé et effacement, en: Health and erasure}
stages: [check, smart, erase, finish]
options: {smart: {failing: stop}, erase: {by: overwrite}}
"""
SLOW = MIB
"""Bytes a second of GOOD and GOES: they are at work still when the one is taken out and the cable comes back."""


def old_sectors(path: Path, serial: str) -> list[int]:
    """The sectors that still hold the old data of this disk."""
    old = old_data_sector(serial)
    data = path.read_bytes()
    return [at // SECTOR for at in range(0, len(data), SECTOR) if data[at : at + SECTOR] == old]


def bad_pc(folder: Path) -> PcSpec:
    """A PC whose disks are full of old data; two refuse writes in places, one can be taken out while it runs."""
    disks = []
    for serial, size in SIZES.items():
        path = folder / f"{serial}.img"
        create_used(path, size, serial)
        refused, slot = REFUSED.get(serial, ()), serial == "GOES"
        disks.append(DiskSpec(BUSES[serial], path, size, serial, refuses=refused, slot=slot))
    return workshop_pc(1, Firmware.BIOS, *disks)


async def test_disks_that_refuse_or_go_and_a_cable_that_is_out_meanwhile_are_told_and_all_else_is_erased(
    tmp_path: Path,
) -> None:
    spec = bad_pc(tmp_path)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "90-own.yaml").write_text(PROFILE, encoding="utf-8")
    async with beside_the_building([spec], profile="look-and-erase", menu_timeout=5, profiles=[profiles]) as (
        lan,
        service,
    ):
        async with power_on(lan, spec) as pc:
            for slow in ("GOOD", "GOES"):
                await pc.throttle(slow, SLOW)
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            # The first 17 MiB are written to see whether zeros are stored (zero_writes.py); then it is overwritten.
            await written(pc, "GOES", 24 * MIB)
            await pc.take_out("GOES", STAGE_WITHIN)
            await cable_is_out_for_a_while(pc)
            await pc.throttle("GOOD", 0)
            await pc.console.wait_for(r"netboot: stage erase failed", STAGE_WITHIN)
            await pc.console.wait_for(r"netboot: stopped several-not-erased", BOOT_WITHIN)
            async with signed_in(service.page, OPERATOR, service.password) as client:
                page = re.sub(r"\s+", " ", html.unescape(await client.text()))
            screen = re.sub(r"\s+", " ", pc.console.text)
        job = await job_of(service, spec.mac)
    (smart,) = (stage.result for stage in job.stages if stage.stage == "smart")
    assert isinstance(smart, SmartResult)
    # QEMU's SATA disk has a short self-test, its NVMe drives have none, and a virtio disk says nothing.
    assert {one.disk.serial: (one.verdict, one.self_test) for one in smart.disks} == {
        "ONESPOT": ("good", "passed"),
        "TWOSPOTS": ("not-told", "not-told"),
        "GOOD": ("good", "none"),
        "GOES": ("good", "none"),
    }
    assert {one.disk.serial: bool(one.attributes) for one in smart.disks} == {
        "ONESPOT": True, "TWOSPOTS": False, "GOOD": True, "GOES": True,
    }  # fmt: skip
    found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
    assert {serial: one.verdict for serial, one in found.items()} == {
        "ONESPOT": "not-erased",
        "TWOSPOTS": "not-erased",
        "GOOD": "erased",
        "GOES": "not-erased",
    }
    for serial, refused in REFUSED.items():
        one = found[serial]
        assert old_sectors(tmp_path / f"{serial}.img", serial) == list(refused)
        did = overwritten(one)
        assert did.unwritten == len(refused) * SECTOR
        assert did.written == did.verified == SIZES[serial] - did.unwritten
        assert {sector for bad in did.bad for sector in sectors_of(bad)} == set(refused)
        assert told(one, "erase-refused", page, screen)
    assert old_sectors(tmp_path / "GOOD.img", "GOOD") == []
    gone = found["GOES"]
    assert told(gone, "erase-disk-gone", page, screen)
    assert 0 < overwritten(gone).written < SIZES["GOES"]
    assert overwritten(gone).unwritten + overwritten(gone).written == SIZES["GOES"]
    left = len(old_sectors(tmp_path / "GOES.img", "GOES")) * SECTOR
    assert 0 < left <= overwritten(gone).unwritten
    assert "No space left" not in page + screen, "it is not full, it is gone"


async def written(pc: RunningPc, serial: str, amount: int) -> None:
    """Wait until so much of this disk was written."""
    for _ in range(int(STAGE_WITHIN / 0.1)):
        if (await pc.block_stats())[serial].bytes_written >= amount:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{serial} is not written")


async def cable_is_out_for_a_while(pc: RunningPc) -> None:
    """The screen says that it is out and what becomes of the work, which goes on, and that it is back."""
    await pc.qmp.execute("set_link", name="net0", up=False)
    out = await pc.console.wait_for(r"netboot: line no-cable", BOOT_WITHIN)
    await pc.console.wait_for(r"Rebranchez-le\. Le travail sur ce PC continue", BOOT_WITHIN)
    before = await moved(pc, "GOOD")
    await asyncio.sleep(2.0)
    assert await moved(pc, "GOOD") > before
    await pc.qmp.execute("set_link", name="net0", up=True)
    back = await pc.console.wait_for(r"netboot: line up", BOOT_WITHIN)
    print(f"\nout told at {out:.0f} s, back at {back:.0f} s")


async def moved(pc: RunningPc, serial: str) -> int:
    """Bytes that this disk has written and read."""
    images = await pc.qmp.block_stats()
    stats = images[image_name([disk.serial for disk in pc.spec.disks].index(serial))]
    return stats.bytes_written + stats.bytes_read


def told(erasure: Erasure, code: str, page: str, screen: str) -> bool:
    """Whether the row and the screen say of this disk what it has, by this code."""
    assert erasure.problem is not None
    assert erasure.problem.code == code
    sentence = erasure.problem.sentence("fr")
    return sentence in page and sentence in screen


def sectors_of(bad: BadRange) -> range:
    """The sectors of a part that refused to be written."""
    assert bad.what == "unwritten"
    return range(bad.start // SECTOR, (bad.start + bad.length) // SECTOR)


@pytest.mark.matrix
@pytest.mark.parametrize("bus", [Bus.SATA, Bus.VIRTIO])
async def test_a_pc_whose_disk_this_machine_gives_no_room_does_not_stand_still_and_it_can_be_told(
    tmp_path: Path, bus: Bus
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small])
    try:
        image = small / "disk.img"
        image.touch()
        os.truncate(image, 64 * MIB)
        spec = workshop_pc(1, Firmware.BIOS, DiskSpec(bus, image, 64 * MIB, "NOROOM"))
        async with (
            beside_the_building([spec], profile="erase-only", menu_timeout=5) as (lan, _),
            power_on(lan, spec) as pc,
        ):
            await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
            async with asyncio.timeout(STAGE_WITHIN):
                while "No space left on device" not in (said := await pc.qmp.state()):
                    assert pc.is_on
                    await asyncio.sleep(1)
        assert said == "QEMU says that the PC is running; QEMU could not write image0: No space left on device"
    finally:
        run(["umount", small])
