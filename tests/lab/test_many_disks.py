"""A whole PC with a disk of every kind, erased side by side: each is told apart, one fails, and the stick is untouched.

The SATA disks and the NVMe drive are the lab's own: they prove our commands and verdicts, nothing of any maker's. The
eMMC is QEMU's, of version 4.3, with boot areas.
"""

import asyncio
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.demo import job_of
from netboot.lab.disks import create_used, find_pattern, old_data_sector
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR
from netboot.records.record import open_record
from tests.lab.test_firmware import beside_the_building

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3600)]

MIB = 1 << 20
SIZE = 64 * MIB
BOOT_AREA = MIB
"""Of the eMMC, which has two: its image begins with them."""
TURNING = AtaModel(
    "HDD1", name="NETBOOT LAB HDD", rotation=7200, security=False, enhanced_erase=False,
    sanitize_crypto=False, sanitize_block=False, sanitize_overwrite=False,
)  # fmt: skip
ERASES_FOR = 90.0
"""Seconds that the NVMe drive takes, and announces: what a person is told of it stands there for a while."""


def emmc(path: Path) -> tuple[str, ...]:
    """QEMU's words for an eMMC on a PCI controller."""
    image = {"driver": "file", "node-name": "emmc-image", "filename": str(path)}
    return (
        *("-device", "sdhci-pci"),
        *("-blockdev", json.dumps(image)),
        *("-device", f"emmc,drive=emmc-image,boot-partition-size={BOOT_AREA}"),
    )


def digest(path: Path, length: int = -1) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(length)).hexdigest()


async def test_each_disk_is_erased_whatever_becomes_of_another_and_the_stick_is_as_it_was(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.img" for name in ("HDD1", "SSD1", "NVME1", "VIRTIO1", "EMMC", "STICK1")}
    for name, path in paths.items():
        create_used(path, SIZE + (2 * BOOT_AREA if name == "EMMC" else 0), name)
    stick, boot_areas = digest(paths["STICK1"]), digest(paths["EMMC"], 2 * BOOT_AREA)
    spec = replace(
        workshop_pc(1, Firmware.BIOS),
        disks=(
            DiskSpec(Bus.VIRTIO, paths["VIRTIO1"], SIZE, "VIRTIO1"),
            DiskSpec(Bus.USB, paths["STICK1"], SIZE, "STICK1"),
        ),
        extra=emmc(paths["EMMC"]),
    )
    async with beside_the_building(menu_timeout=300) as (lan, service):
        async with signed_in(service.page, OPERATOR, service.password) as client:
            # An armed batch takes a PC as it comes: no choice was made for the disks of another visit.
            await client.arm_batch("erase-only", 1)
            fails = Behaviour(erase=Outcome.FAILS, erase_announces=4)
            slow = Behaviour(erase_seconds=ERASES_FOR, erase_announces=ERASES_FOR)
            sata = AhciSpec(
                str(bench_path(lan, "sata")),
                (
                    SataDisk(str(paths["HDD1"]), TURNING),
                    SataDisk(str(paths["SSD1"]), AtaModel("SSD1", security=False, enhanced_erase=False), fails),
                ),
            )
            nvme = NvmeSpec(str(bench_path(lan, "NVME1")), (Namespace(str(paths["NVME1"])),), "NVME1", behaviour=slow)
            async with (
                drive_on_bench(lan, sata) as first,
                drive_on_bench(lan, nvme) as second,
                power_on(lan, replace(spec, drives=(first.socket, second.socket))) as pc,
            ):
                await pc.console.wait_for(r"netboot: stage erase started", BOOT_WITHIN)
                await pc.console.wait_for(r"SSD1 [^\n]*: échec", STAGE_WITHIN)
                async with asyncio.timeout(30):
                    while 'data-step="failed"' not in (page := await client.text()):  # noqa: ASYNC110 - a page
                        await asyncio.sleep(0.5)  # the screen knows it before the server does
                await pc.console.wait_for(r"netboot: stage erase failed", 2 * STAGE_WITHIN)
                await pc.console.wait_for(r"netboot: stopped", STAGE_WITHIN)  # it is on the record
                said = pc.console.text
        job = await job_of(service, spec.mac)
        with open_record(service.data / "record.sqlite") as record:
            (row,) = record.machines.overview()
            disks = record.machines.detail(row.id).visits[0].inventory.disks

    kinds = {disk.transport: disk.belonging for disk in disks}
    assert kinds == {
        "sata": "internal", "nvme": "internal", "virtio": "internal", "mmc": "internal", "usb": "carried",
    }  # fmt: skip
    (soldered,) = (disk.id.text for disk in disks if disk.transport == "mmc")

    # While the one had failed, the page told of the others.
    assert 'data-step="drive"' in page
    assert "s&#39;efface lui-même, reste au moins" in page
    for name in ("HDD1", "SSD1", "NVME1", "VIRTIO1", soldered):
        assert re.search(rf"<li data-step=[^>]*>[^\n]*{name}", page), name
    assert "STICK1" not in re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)

    # The PC's own screen too, each by its name: what was done to it, and how long at least.
    for line in (
        r"NVME1 [^\n]*: \d+ %, reste au moins [12] min, s'efface lui-même",
        r"NVME1 [^\n]*: \d+ %,( reste [^,\n]*,)? relecture",
        r"HDD1 [^\n]*: \d+ %,( reste [^,\n]*,)? (écriture|relecture)",
        r"VIRTIO1 [^\n]*: fini",
        rf"{soldered} [^\n]*: fini",
    ):
        assert re.search(line, said), line

    found = {row.evidence.disk.text: row.evidence for row in job.erasures}
    assert {name: one.verdict for name, one in found.items()} == {
        "HDD1": "erased", "SSD1": "not-erased", "NVME1": "erased", "VIRTIO1": "erased", soldered: "erased",
    }  # fmt: skip
    assert {name: one.method for name, one in found.items()} == {
        "HDD1": "overwrite", "SSD1": "ata-sanitize-block", "NVME1": "nvme-sanitize-block", "VIRTIO1": "overwrite",
        soldered: "overwrite",
    }  # fmt: skip
    problem = found["SSD1"].problem
    assert problem is not None
    assert problem.code == "erase-failed-in-drive"
    assert job.state == "failed"
    for name in ("HDD1", "NVME1", "VIRTIO1"):
        assert find_pattern(paths[name]) is None, name
    assert digest(paths["EMMC"], 2 * BOOT_AREA) == boot_areas, "the boot areas are the firmware's"
    with paths["EMMC"].open("rb") as image:
        image.seek(2 * BOOT_AREA)
        assert old_data_sector("EMMC")[:20] not in image.read()
    assert digest(paths["STICK1"]) == stick
