"""Whole PCs with disks that are not like the others: sectors of 4096 bytes (4Kn), from the erase to the login prompt.

QEMU's AHCI has sectors of 512 bytes alone, so SATA is not among them.
"""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import UNSET

from netboot.auth.server_keys import load_key
from netboot.bootfiles import BootFiles
from netboot.certificates.compose import compose
from netboot.certificates.values import Workshop
from netboot.lab.bench_drive import bench_path, drive_on_bench
from netboot.lab.building import start_building
from netboot.lab.demo import LARGER, MENU_TIMEOUT, PROFILE, WAYS, job_of, keys_for_profile, prepare
from netboot.lab.disks import create_used
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.firmware import Firmware
from netboot.lab.journey import STAGE_WITHIN, image, start_from_disk
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan
from netboot.lab.page_client import signed_in
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import OPERATOR, arm, open_service
from netboot.masters.importing import import_master
from netboot.masters.loader_level import level_of
from netboot.records.record import open_record
from netboot.shared.process import run
from netboot.shared.stages.deploy import DeployResult
from netboot.store import Store
from netboot.store.laid_out import lay_out
from netboot.survey.file_reader import read_file
from netboot.survey.loop import loop_device

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(2400)]

LARGE = 4096
FORMATTING = """
id: write-imported
name: {fr: Effacer et écrire, en: Erase and write}
stages: [check, erase, deploy, customise, finish]
master: imported
end: poweroff
options: {deploy: {sectors: format}}
"""


def used_disk(path: Path, bus: Bus, size: int) -> DiskSpec:
    """One with sectors of 4096 bytes, full of old data."""
    create_used(path, size, "LARGE1")
    return DiskSpec(bus, path, size, "LARGE1", sector_size=LARGE)


def require_sound(image: Path) -> None:
    """The table and both file systems as they lie on a disk of these sectors."""
    with loop_device(image, sector=LARGE) as device:
        table = json.loads(run(["sfdisk", "--json", device]).stdout)["partitiontable"]
        assert "No problems found" in run(["sgdisk", "--verify", device]).stdout
    assert table["sectorsize"] == LARGE
    _, esp, root = ((one["start"] * LARGE, one["size"] * LARGE) for one in table["partitions"])
    with loop_device(image, offset=esp[0], length=esp[1], sector=LARGE) as device:
        run(["fsck.vfat", "-n", device])
    with loop_device(image, offset=root[0], length=root[1], sector=LARGE) as device:
        run(["e2fsck", "-f", "-n", device], timeout=300)
    assert sum(root) > image.stat().st_size - (2 << 20)


@pytest.mark.parametrize(("firmware", "bus"), [(Firmware.UEFI, Bus.NVME), (Firmware.SECURE_BOOT, Bus.VIRTIO)])
async def test_a_disk_with_sectors_of_4096_bytes_is_erased_gets_the_master_and_starts_it_by_uefi(
    tmp_path: Path, firmware: Firmware, bus: Bus
) -> None:
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk = await asyncio.to_thread(used_disk, tmp_path / "disk.img", bus, manifest.disk + LARGER)
    spec = workshop_pc(1, firmware, disk)
    async with open_lan() as lan, open_service(lan, masters, menu_timeout=MENU_TIMEOUT) as service:
        await start_building(lan)
        await service.start()
        seen = await image(lan, service, spec, keys_for_profile(service, PROFILE), tell=print)
        assert [one.old_data_at for one in seen.disks] == [None]
        job = await job_of(service, spec.mac)
        assert (job.state, [row.verdict for row in job.erasures]) == ("done", ["erased"])
        await asyncio.to_thread(require_sound, disk.path)
        for way in WAYS[firmware]:
            start = await start_from_disk(lan, spec, job.hostname, way)
            print(f"\n{bus}, 4Kn, {way}: login prompt after {start.login:.0f} s, entry {start.entry}")
            assert start.problem == ""
            assert start.secure_boot is (firmware is Firmware.SECURE_BOOT)


async def test_a_bios_pc_with_such_a_disk_is_told_to_use_uefi_and_its_disk_is_not_touched(tmp_path: Path) -> None:
    masters, manifest = await asyncio.to_thread(prepare, print)
    disk = await asyncio.to_thread(used_disk, tmp_path / "disk.img", Bus.VIRTIO, manifest.disk + LARGER)
    spec = workshop_pc(1, Firmware.BIOS, disk)
    async with open_lan() as lan, open_service(lan, masters) as service:
        await start_building(lan)
        await asyncio.to_thread(arm, service, [spec], PROFILE)
        await service.start()
        async with power_on(lan, spec) as pc:
            await pc.console.wait_for(r"netboot: stopped disk-not-for-bios", STAGE_WITHIN)
            assert (await pc.block_stats())["LARGE1"].write_operations == 0
        problem = (await job_of(service, spec.mac)).problem
        assert problem is not None
        assert (problem.code, problem.values["found"]) == ("disk-not-for-bios", str(LARGE))


def require_small_sectors(disk: Path, hostname: str) -> None:
    """The table and the root as they lie on a disk with sectors of 512 bytes."""
    table = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]
    assert table["sectorsize"] == 512
    assert "No problems found" in run(["sgdisk", "--verify", disk]).stdout
    *_, root = table["partitions"]
    with loop_device(disk, offset=root["start"] * 512, length=root["size"] * 512) as device:
        run(["e2fsck", "-f", "-n", device], timeout=300)
        assert read_file(device, "ext4", "/etc/hostname") == f"{hostname}\n"


async def test_where_the_profile_says_so_an_nvme_drive_is_formatted_for_an_imported_master_and_starts_it(
    tmp_path: Path, built: BootFiles
) -> None:
    cache, both = await asyncio.to_thread(prepare, print)
    image_file, masters, profiles = tmp_path / "debian.img", tmp_path / "masters", tmp_path / "profiles"
    await asyncio.to_thread(lay_out, Store(cache / "store"), both, image_file)
    for folder in (masters, profiles):
        folder.mkdir()
    (profiles / "90-own.yaml").write_text(FORMATTING, encoding="utf-8")
    about = {"name": "imported", "version": "1", "licence": "MIT", "title": "Imported"}
    imported = await asyncio.to_thread(
        lambda: import_master(
            image_file, Store(masters / "store"), load_key(masters), level_of(built.folder), **about, progress=print
        )
    )
    assert (imported.sector, imported.other) == (512, UNSET)
    async with open_lan() as lan, open_service(lan, masters, profiles=[profiles]) as service:
        await start_building(lan)
        disk = tmp_path / "drive.img"
        await asyncio.to_thread(create_used, disk, both.disk + LARGER, "FORMATS")
        namespaces = (Namespace(str(disk), sector=4096),)
        slow = Behaviour(erase_seconds=12)
        told = NvmeSpec(str(bench_path(lan, "FORMATS")), namespaces, "FORMATS", behaviour=slow)
        await service.start()
        async with signed_in(service.page, OPERATOR, service.password) as client:
            await client.arm_batch("write-imported", 1)
        async with drive_on_bench(lan, told) as drive:
            spec = replace(workshop_pc(1, Firmware.UEFI), drives=(drive.socket,))
            async with power_on(lan, spec) as pc:
                print(f"\nerased, formatted, written after {await pc.wait_off(STAGE_WITHIN):.0f} s")
            job = await job_of(service, spec.mac)
            assert (job.state, [row.state for row in job.stages]) == ("done", ["done"] * 5)
            assert [(row.verdict, row.evidence.method) for row in job.erasures] == [("erased", "nvme-sanitize-block")]
            # Before it starts: a PC that is switched off while it runs leaves a journal to replay.
            await asyncio.to_thread(require_small_sectors, disk, job.hostname)
            start = await start_from_disk(lan, spec, job.hostname, "own entry")
            print(f"formatted NVMe: login prompt after {start.login:.0f} s, entry {start.entry}")
            assert start.problem == ""
        with open_record(service.data / "record.sqlite") as record:
            paper = compose(record.papers.of_visit(job.visit_id), Workshop(), software="netboot")
            kinds = [event.kind for event in record.journal.read(limit=1000)]
    orders = [entry["command"] for entry in read_journal(disk) if entry["command"] in ("sanitize", "format")]
    assert orders == ["sanitize", "format"]
    (formatted,) = (row.result.formatted for row in job.stages if isinstance(row.result, DeployResult))
    assert formatted is not None
    assert formatted.command.startswith("nvme format /dev/nvme0n1 --lbaf=0 --ses=1")
    assert (formatted.before, formatted.after, formatted.accepted) == (LARGE, 512, "yes"), formatted
    assert formatted.seconds >= slow.erase_seconds
    assert [kind for kind in kinds if kind.startswith("format-")] == ["format-begun", "format-ended"]
    assert kinds.index("erasure") < kinds.index("format-begun")
    assert paper is not None
    figures = {figure.name: figure.value for figure in paper.disks[0].figures}
    assert (paper.kind, figures["formatted.before"], figures["formatted.after"]) == ("certificate", LARGE, 512)
