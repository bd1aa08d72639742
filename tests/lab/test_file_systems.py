"""Whole PCs that get masters as people make them: with roots on XFS and btrfs, or on an ext4 that was in use, and
without a removable path on the ESP. The clock of the last has no battery any more. And one with its root in LVM, and
one with an NTFS that is left as it is, on a disk smaller than that of the image."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key
from netboot.bootfiles import BootFiles
from netboot.lab.building import start_building
from netboot.lab.demo import DEAD_BATTERY, job_of
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import STAGE_WITHIN
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.lab.pc import Bus, DiskSpec
from netboot.lab.service import Service, arm, open_service
from netboot.masters.importing import import_master
from netboot.masters.loader_level import level_of
from netboot.shared.growth import HEAD, size_in
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.file_reader import list_folder, read_file
from netboot.survey.loop import loop_device
from tests.file_trees import facts, plant, unmount
from tests.lvm_disks import PLANTED, SWAP_UUID, Wanted, disk_with_group, mounted, volume
from tests.masters.images import ESP, LINUX, MIB, ext4, gpt_disk, put, sized
from tests.masters.test_account import btrfs, xfs

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]


def used_ext4(folder: Path) -> Path:
    """One that was mounted after its last check, as every system's in use is: it is checked before it grows, and by a
    clock before that moment the check would not count."""
    part = ext4(folder)
    for value in ("mtime 20261101120000", "lastcheck 20200101000000"):
        run(["debugfs", "-w", "-R", f"set_super_value {value}", part])
    return part


MAKERS: dict[str, Callable[[Path], Path]] = {"xfs": xfs, "btrfs": btrfs, "ext4": used_ext4}
SIZE = 1 << 30
PROFILE = """
id: write-{kind}
name: {{fr: Écrire {kind}, en: Write {kind}}}
stages: [check, deploy, customise, finish]
master: on-{kind}
unerased: waive
end: poweroff
"""
AS_IT_IS = f"{PROFILE}customise: none\n"
BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


def esp_with_shim_alone(folder: Path, built: BootFiles) -> Path:
    """Debian's shim and GRUB in Debian's folder, and nothing on the removable path."""
    esp = sized(folder / "esp", 34 * MIB)
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/debian"])
    for name in ("shimx64.efi", "grubx64.efi"):
        run(["mcopy", "-i", esp, built.path(name), f"::/EFI/debian/{name}"])
    return esp


@asynccontextmanager
async def workshop(tmp_path: Path, built: BootFiles, kind: str) -> AsyncIterator[tuple[Lan, Service]]:
    """A workshop with a master of this kind, and a profile that writes it."""
    parts = [(ESP, esp_with_shim_alone(tmp_path, built)), (LINUX, MAKERS[kind](tmp_path))]
    image = gpt_disk(tmp_path, parts, size=420 * MIB)
    async with workshop_with(tmp_path, built, kind, image, PROFILE) as (lan, service):
        yield lan, service


@asynccontextmanager
async def workshop_with(
    tmp_path: Path, built: BootFiles, kind: str, image: Path, profile: str
) -> AsyncIterator[tuple[Lan, Service]]:
    """A workshop with a master of this image."""
    profiles, masters = tmp_path / "profiles", tmp_path / "masters"
    profiles.mkdir()
    masters.mkdir()
    (profiles / "90-own.yaml").write_text(profile.format(kind=kind), encoding="utf-8")
    about = {"name": f"on-{kind}", "version": "1", "licence": "MIT", "title": f"On {kind}"}
    made = import_master(
        image, Store(masters / "store"), load_key(masters), level_of(built.folder), **about, progress=print
    )
    assert made.understood
    assert made.understood.removable == ()
    async with open_lan() as lan, open_service(lan, masters, profiles=[profiles]) as service:
        await start_building(lan)
        yield lan, service


@pytest.mark.parametrize(("kind", "bus"), [("xfs", Bus.SATA), ("btrfs", Bus.NVME), ("ext4", Bus.VIRTIO)])
async def test_a_master_of_any_file_system_grows_becomes_the_pcs_own_and_gets_a_removable_path(
    tmp_path: Path, built: BootFiles, kind: str, bus: Bus
) -> None:
    async with workshop(tmp_path, built, kind) as (lan, service):
        disk = DiskSpec(bus, lan.folder / "disk.img", SIZE, "DISK1")
        create_empty(disk.path, SIZE)
        clock = DEAD_BATTERY if kind == "ext4" else ""
        spec = replace(workshop_pc(1, Firmware.UEFI, disk), clock=clock)
        arm(service, [spec], f"write-{kind}")
        await service.start()
        async with power_on(lan, spec) as pc:
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert (job.state, [row.state for row in job.stages]) == ("done", ["done"] * 4)
        esp, root = json.loads(run(["sfdisk", "--json", disk.path]).stdout)["partitiontable"]["partitions"]
        with loop_device(disk.path, offset=root["start"] * 512, length=root["size"] * 512) as device:
            assert (root["start"] + root["size"]) * 512 > SIZE - 2 * MIB
            with device.open("rb") as file:
                assert root["size"] * 512 - size_in(kind, file.read(HEAD)) < MIB
            assert read_file(device, kind, "/etc/hostname") == f"{job.hostname}\n"
            assert len(read_file(device, kind, "/etc/machine-id")) == 33
        with loop_device(disk.path, offset=esp["start"] * 512, length=esp["size"] * 512) as device:
            made = {name.lower() for name in list_folder(device, "vfat", "/EFI/BOOT/")}
            assert {"bootx64.efi", "grubx64.efi"} <= made


async def test_an_ntfs_that_is_left_as_it_is_fits_a_disk_smaller_than_its_own_and_fills_it(
    tmp_path: Path, built: BootFiles
) -> None:
    volume, there, size = sized(tmp_path / "volume", 800 * MIB), tmp_path / "there", 600 * MIB
    run(["mkntfs", "-Q", "-F", "-q", volume])
    with ntfs(volume, there):
        plant(there, "ntfs")
        before = facts(there)
    image = gpt_disk(tmp_path, [(ESP, esp_with_shim_alone(tmp_path, built)), (BASIC_DATA, volume)], size=840 * MIB)
    async with workshop_with(tmp_path, built, "ntfs", image, AS_IT_IS) as (lan, service):
        disk = DiskSpec(Bus.SATA, lan.folder / "disk.img", size, "DISK1")
        create_empty(disk.path, size)
        spec = workshop_pc(1, Firmware.UEFI, disk)
        arm(service, [spec], "write-ntfs")
        await service.start()
        async with power_on(lan, spec) as pc:
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert (job.state, [row.state for row in job.stages]) == ("done", ["done"] * 4)
        _, data = json.loads(run(["sfdisk", "--json", disk.path]).stdout)["partitiontable"]["partitions"]
        assert (data["start"] + data["size"]) * 512 > size - 2 * MIB
        with loop_device(disk.path, offset=data["start"] * 512, length=data["size"] * 512) as device:
            with device.open("rb") as file:
                assert data["size"] * 512 - size_in("ntfs", file.read(HEAD)) <= 8192
            run(["ntfsfix", "--no-action", device])
            with ntfs(device, there, "-o", "ro"):
                assert facts(there) == before


async def test_a_system_in_lvm_grows_and_becomes_the_pcs_own(tmp_path: Path, built: BootFiles) -> None:
    group = (Wanted("root", 200, "ext4", root=True), Wanted("swap_1", 40, "swap"))
    image = disk_with_group(tmp_path, group, size=320, before=f"size={34 * MIB // 512}, type={ESP}")
    put(image, MIB, esp_with_shim_alone(tmp_path, built).read_bytes())
    with volume(image, "root") as device, mounted(device, tmp_path / "there", "ext4", "--options=ro") as top:
        before = facts(top / PLANTED)
    async with workshop_with(tmp_path, built, "lvm", image, PROFILE) as (lan, service):
        disk = DiskSpec(Bus.NVME, lan.folder / "disk.img", SIZE, "DISK1")
        create_empty(disk.path, SIZE)
        spec = workshop_pc(1, Firmware.UEFI, disk)
        arm(service, [spec], "write-lvm")
        await service.start()
        async with power_on(lan, spec) as pc:
            await pc.wait_off(STAGE_WITHIN)
        job = await job_of(service, spec.mac)
        assert (job.state, [row.state for row in job.stages]) == ("done", ["done"] * 4)
        with volume(disk.path, "root") as device:
            run(["e2fsck", "-f", "-n", device])
            with device.open("rb") as file:
                assert SIZE - size_in("ext4", file.read(HEAD)) < 90 * MIB
            assert read_file(device, "ext4", "/etc/hostname") == f"{job.hostname}\n"
            with mounted(device, tmp_path / "there", "ext4", "--options=ro") as top:
                assert facts(top / PLANTED) == before
        with volume(disk.path, "swap_1") as device:
            assert f"UUID={SWAP_UUID}" in run(["blkid", "--probe", "--output=export", device]).stdout.splitlines()


@contextmanager
def ntfs(volume: Path, folder: Path, *options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    run(["mount", "-t", "ntfs-3g", *options, volume, folder])
    try:
        yield
    finally:
        unmount(folder)
