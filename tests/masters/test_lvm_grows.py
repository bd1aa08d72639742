"""Masters whose root is in LVM, as installers make it: taken in, laid onto a larger disk, grown and made a PC's own."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from netboot.agent.customise.grow import grow
from netboot.agent.disks.block_devices import read_block_devices
from netboot.agent.disks.partitions import partition_device, show_partitions
from netboot.agent.failures import StageFailed
from netboot.agent.host import Host
from netboot.jobs.evidence import judge
from netboot.masters.account import account
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.shared.stages.customise import Customise, CustomiseResult
from netboot.store import Store
from netboot.survey.logical_volumes import volume_device
from netboot.survey.loop import writable_loop_device
from tests.agent.boot_http import BootHttp
from tests.agent.test_customise import customise, loop_disk
from tests.file_trees import Facts, facts
from tests.lvm_disks import (
    EXTENT,
    PLANTED,
    SWAP_UUID,
    Wanted,
    disk_with_group,
    last_partition,
    lvm,
    mounted,
    volume,
    volumes_on,
)
from tests.masters.conftest import Lay
from tests.masters.images import MIB, loops_of, taken
from tests.masters.test_shrinking import looked_at

pytestmark = pytest.mark.root

CHECKS = {"ext4": ("e2fsck", "-f", "-n"), "xfs": ("xfs_repair", "-n"), "btrfs": ("btrfs", "check")}
LARGE = 900
BOOT = "size=40960, type=L"
DOS = "label: dos\nsize=40960, type=83, bootable"


def tree(disk: Path, name: str, kind: str, folder: Path) -> Facts:
    """All that there is to know of the files that were planted in a volume, once it was checked."""
    with volume(disk, name) as device:
        run([*CHECKS[kind], device])
        # The log of an xfs, were there one to replay, would be another finding: the device is read-only.
        with mounted(device, folder / "looking", kind, "--options=ro") as top:
            return facts(top / PLANTED)


@contextmanager
def laid(image: Path, folder: Path, lay: Lay, *, size: int = LARGE) -> Iterator[tuple[Manifest, Disk]]:
    """The master of this image on a disk of so many MiB."""
    store, target = Store(folder / "store"), folder / "pc.img"
    manifest = taken(image, store)
    lay(manifest.chunks, store, target, size * MIB)
    with loop_disk(target, size * MIB) as disk:
        show_partitions(Path("/dev", disk.name), (one.number for one in manifest.partitions))
        yield manifest, disk


async def customised(manifest: Manifest, disk: Disk, *, as_is: bool = False) -> tuple[Customise, CustomiseResult]:
    short = msgspec.structs.replace(manifest, chunks=manifest.chunks[:1])
    async with BootHttp(short, bytes(manifest.chunks[0].end)) as boot_http:
        result = await customise(boot_http, disk, "pc-7", as_is=as_is)
        return Customise(manifest=boot_http.digest, target=disk.id, hostname="pc-7", as_is=as_is), result


@pytest.mark.parametrize(
    ("kind", "before", "volumes", "grown"),
    [
        pytest.param(
            "ext4", BOOT, (Wanted("root", 120, "ext4", root=True), Wanted("swap_1", 40, "swap")), "root", id="debian"
        ),
        pytest.param(
            "ext4", DOS, (Wanted("root", 120, "ext4", root=True), Wanted("swap_1", 40, "swap")), "root", id="bios"
        ),
        pytest.param(
            "xfs", BOOT, (Wanted("swap", 40, "swap"), Wanted("root", 320, "xfs", root=True)), "root", id="rhel"
        ),
        pytest.param("btrfs", "", (Wanted("root", 200, "btrfs", root=True),), "root", id="btrfs"),
        pytest.param(
            "ext4",
            BOOT,
            (Wanted("root", 120, "ext4", root=True), Wanted("swap_1", 40, "swap"), Wanted("home", 100, "ext4")),
            "home",
            id="with home",
        ),
    ],
)
async def test_a_system_in_lvm_takes_the_rest_of_a_larger_disk_and_becomes_the_pcs_own(
    tmp_path: Path, lay: Lay, kind: str, before: str, volumes: tuple[Wanted, ...], grown: str
) -> None:
    image = disk_with_group(tmp_path, volumes, size=460, before=before)
    files = {one.name: tree(image, one.name, kind, tmp_path) for one in volumes if one.kind != "swap"}
    with laid(image, tmp_path, lay) as (manifest, disk):
        assert manifest.not_customisable == ""
        number = manifest.partitions[-1].number
        assert f"Grows: volume debian-vg/{grown} ({kind}) in partition {number}" in "\n".join(account(manifest))
        assert f"its root on volume debian-vg/root ({kind}) in partition {number}" in account(manifest)[0]
        device = partition_device(Path("/dev", disk.name), number)
        stage, result = await customised(manifest, disk)
        assert judge(stage, "done", None, result).state == "done"
        assert (result.root, result.filesystem) == (f"{device.name} debian-vg/root", kind)
        lvm(device, "vgck", "debian-vg")
        now = {name: (size, places) for name, size, places in volumes_on(device)}
        total = int(lvm(device, "pvs", "--noheadings", "--options=pv_pe_count", device))
        assert sum(size for size, _ in now.values()) == total
        assert total * EXTENT > (LARGE - 30) * MIB
        assert all(len(places) == 1 for _, places in now.values())
        assert result.grown > (now[grown][0] - 1) * EXTENT
        whole = Path("/dev", disk.name)
        assert {name: tree(whole, name, kind, tmp_path) for name in files} == files
        with volume(whole, "root") as inside, mounted(inside, tmp_path / "looking", kind, "--options=ro") as root:
            assert (root / "etc/hostname").read_text() == "pc-7\n"
            assert (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().endswith(" root@pc-7\n")
        for one in volumes:
            if one.kind == "swap":
                with volume(whole, one.name) as inside:
                    told = run(["blkid", "--probe", "--output=export", inside]).stdout
                assert f"UUID={SWAP_UUID}\n" in told
                assert "LABEL=memory\n" in told
                assert "TYPE=swap\n" in told
                assert now[one.name][0] == one.size * MIB // EXTENT
        # A job that was cut does it again.
        assert grow(whole, manifest).size == result.grown
        assert {name: (size, places) for name, size, places in volumes_on(device)} == now
    assert not loops_of(tmp_path)


DEBIAN = (Wanted("root", 60, "ext4", root=True), Wanted("swap_1", 20, "swap"))


async def test_a_group_of_the_same_name_and_uuid_on_another_disk_is_not_touched(tmp_path: Path, lay: Lay) -> None:
    image = disk_with_group(tmp_path, DEBIAN, size=100)
    other = tmp_path / "other.raw"
    shutil.copy(image, other)
    with loop_disk(other, 100 * MIB) as foreign, laid(image, tmp_path, lay, size=200) as (manifest, disk):
        show_partitions(Path("/dev", foreign.name), [1])
        before = hashlib.sha256(other.read_bytes()).digest()
        await customised(manifest, disk)
        assert len(volumes_on(partition_device(Path("/dev", disk.name), 1))) == 2
        assert volumes_on(partition_device(Path("/dev", foreign.name), 1)) == [("root", 15, [0]), ("swap_1", 5, [15])]
        run(["blockdev", "--flushbufs", Path("/dev", foreign.name)])
        assert hashlib.sha256(other.read_bytes()).digest() == before


async def test_a_system_in_a_group_that_lvm_may_not_change_becomes_the_pcs_own_and_does_not_grow(
    tmp_path: Path, lay: Lay
) -> None:
    image = disk_with_group(tmp_path, DEBIAN, size=100)
    part = last_partition(image)
    with writable_loop_device(image, offset=part["start"] * 512, length=part["size"] * 512) as device:
        lvm(device, "vgchange", "--resizeable=n", "debian-vg")
    with laid(image, tmp_path, lay, size=200) as (manifest, disk):
        assert "Grows: nothing; partition 1 (LVM2_member) is the last one, and of its volumes the" in "\n".join(
            account(manifest)
        )
        _, result = await customised(manifest, disk)
        assert (result.grown, result.root) == (0, f"{disk.name}p1 debian-vg/root")


async def test_what_goes_wrong_in_a_volume_is_told_and_nothing_is_left_in_use(tmp_path: Path, lay: Lay) -> None:
    with laid(disk_with_group(tmp_path, DEBIAN, size=100), tmp_path, lay, size=200) as (manifest, disk):
        device = partition_device(Path("/dev", disk.name), 1)
        with volume_device(device, "debian-vg/root", sector=512) as root:
            run(["debugfs", "-w", "-R", "clri /etc", root])
        with pytest.raises(StageFailed) as caught:
            await customised(manifest, disk)
        assert caught.value.problem.code == "filesystem"
        assert "e2fsck" in caught.value.problem.technical
        # All that is left is the disk itself.
        assert [line.split()[0] for line in loops_of(tmp_path)] == [f"/dev/{disk.name}"]
        with pytest.raises(NetbootError, match="0 pieces"), volume_device(device, "other-vg/root", sector=512):
            pass


def test_a_disk_whose_volume_is_mounted_is_in_use(tmp_path: Path, lay: Lay) -> None:
    with laid(disk_with_group(tmp_path, DEBIAN, size=100), tmp_path, lay, size=100) as (_, disk):
        device = partition_device(Path("/dev", disk.name), 1)

        def users() -> tuple[str, ...]:
            return next(one.users for one in read_block_devices(Host(), {}) if one.name == disk.name)

        with volume_device(device, "debian-vg/root", sector=512) as root:
            assert users() == ()
            with mounted(root, tmp_path / "there", "ext4"):
                assert users() == (str(tmp_path / "there"),)


def test_a_boot_partition_beside_a_group_is_not_the_root(tmp_path: Path) -> None:
    image = disk_with_group(tmp_path, DEBIAN, size=140, before=BOOT)
    with writable_loop_device(image, offset=MIB, length=20 * MIB) as device:
        run(["mke2fs", "-q", "-t", "ext4", device])
    boot, group = taken(image, Store(tmp_path / "store")).partitions
    assert (boot.role, boot.filesystem and boot.filesystem.kind) == ("other", "ext4")
    assert [(one.name, one.role, one.grow) for one in group.volumes or ()] == [
        ("debian-vg/root", "root", True),
        ("debian-vg/swap_1", "swap", False),
    ]


async def test_a_group_is_made_smaller_and_grows_again(tmp_path: Path, lay: Lay) -> None:
    volumes = (Wanted("root", 1400, "ext4", root=True), Wanted("swap_1", 40, "swap"))
    image = disk_with_group(tmp_path, volumes, size=1500, before=BOOT)
    with volume(image, "root") as device, mounted(device, tmp_path / "looking", "ext4", "--options=ro") as top:
        files = looked_at(top / PLANTED)
    with laid(image, tmp_path, lay) as (manifest, disk):
        assert manifest.shrunk_from is not UNSET
        assert manifest.disk < 600 * MIB
        device = partition_device(Path("/dev", disk.name), 2)
        ((root, size, _), (swap, length, places)) = volumes_on(device)
        assert (root, swap, length, places) == ("root", "swap_1", 10, [size])
        assert manifest.partitions[-1].length < (size + length) * EXTENT + 2 * MIB
        _, result = await customised(manifest, disk)
        assert result.grown > (LARGE - 100) * MIB
        lvm(device, "vgck", "debian-vg")
        with volume(Path("/dev", disk.name), "root") as inside:
            run(["e2fsck", "-f", "-n", inside])
            with mounted(inside, tmp_path / "looking", "ext4", "--options=ro") as top:
                assert looked_at(top / PLANTED) == files
