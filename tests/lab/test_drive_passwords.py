"""ATA passwords in whole PCs: one that netboot left is told and taken off, a former owner's stops the job in time.

The disks are programs of our own, written from the standards, with real hdparm and a real kernel before them.
"""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from netboot.jobs.drive_password import password_of
from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.disk import AtaState
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.ata.security import PASSWORD_BYTES, SecurityKept
from netboot.lab.drives.state import state_path
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import PageClient, signed_in
from netboot.lab.service import OPERATOR
from netboot.shared.inventory import Disk, DiskId
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

SIZE = 64 << 20


def locked(image: Path, password: str) -> None:
    """As a power cut leaves it: the password is set, and the disk locks itself whenever power comes."""
    user = password.encode().ljust(PASSWORD_BYTES, b"\0")
    state_path(image).write_bytes(msgspec.json.encode(AtaState(security=SecurityKept(user=user))))


def own_password(serial: str) -> str:
    return password_of(Disk(name="sda", id=DiskId(serial=serial, size=SIZE), transport="sata", ata=True))


async def test_a_password_that_was_left_is_told_and_taken_off_and_a_former_owners_stops_the_job(
    tmp_path: Path,
) -> None:
    """Three boots: a job that erases nothing, one that may not erase, one that erases."""
    for name in ("OURS", "THEIRS", "PLAIN"):
        create_used(tmp_path / name, SIZE, name)
    locked(tmp_path / "OURS", own_password("OURS"))
    locked(tmp_path / "THEIRS", "a former owner's secret")
    spec = workshop_pc(1, Firmware.BIOS)
    async with (
        beside_the_building(menu_timeout=300) as (lan, service),
        signed_in(service.page, OPERATOR, service.password) as client,
    ):
        all_three, two = (
            AhciSpec(
                str(bench_path(lan, where)),
                tuple(SataDisk(str(tmp_path / name), AtaModel(serial=name)) for name in names),
            )
            for where, names in (("three", ("OURS", "THEIRS", "PLAIN")), ("two", ("OURS", "PLAIN")))
        )
        async with drive_on_bench(lan, all_three) as drives:
            with_drives = replace(spec, drives=(drives.socket,))
            await client.arm_batch("inventory-only", 1)
            async with power_on(lan, with_drives) as pc:
                await pc.console.wait_for("netboot: stage check done", BOOT_WITHIN)
                await pc.wait_off(STAGE_WITHIN)
            assert own_password("OURS") in await page_of_pc(client), "an operator can take it off by hand"

            await client.choose("erase-only", await machine_of(client))
            async with power_on(lan, with_drives) as pc:
                await pc.console.wait_for("netboot: stage erase failed", BOOT_WITHIN + STAGE_WITHIN)
                # The server's answer: only then is the report on the record. A cut before it would keep it away.
                await pc.console.wait_for("netboot: stopped erase-locked", STAGE_WITHIN)
            job = await job_of(service, spec.mac)
            assert job.state == "failed"
            assert job.problem is not None
            assert (job.problem.code, "THEIRS" in job.problem.values["disk"]) == ("erase-locked", True)
            assert "OURS" not in job.problem.values["disk"]
            assert job.erasures == ()
            assert find_pattern(tmp_path / "PLAIN") is not None, "nothing was erased elsewhere"
        locked(tmp_path / "OURS", own_password("OURS"))
        async with drive_on_bench(lan, two) as drives:
            # In another PC: nobody has seen this one with these disks.
            other = workshop_pc(2, Firmware.BIOS)
            await client.arm_batch("erase-only", 1)
            async with power_on(lan, replace(other, drives=(drives.socket,))) as pc:
                await pc.wait_off(BOOT_WITHIN + 2 * STAGE_WITHIN)
            job = await job_of(service, other.mac)
    found = {row.evidence.disk.serial: row.evidence for row in job.erasures}
    assert [(name, one.verdict) for name, one in sorted(found.items())] == [("OURS", "erased"), ("PLAIN", "erased")]
    assert (found["OURS"].unlocked, found["PLAIN"].unlocked) == (True, False)
    assert find_pattern(tmp_path / "OURS") is None
    kept = msgspec.json.decode(state_path(tmp_path / "OURS").read_bytes(), type=AtaState)
    assert kept.security.user is None, "it is not left locked"


async def machine_of(client: PageClient) -> str:
    """The one PC that is known."""
    machines: set[str] = set(re.findall(r'"/machine/(\w+)"', await client.text()))
    (machine,) = machines
    return machine


async def page_of_pc(client: PageClient) -> str:
    return await client.text(f"/machine/{await machine_of(client)}")
