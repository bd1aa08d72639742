"""Of which masters a smaller version may be worth its while, told by their manifests."""

import pytest
from msgspec.structs import replace

from netboot.masters.account import account
from netboot.masters.worth_shrinking import may_gain
from netboot.shared.manifest import Chunk, FileSystem, LogicalVolume, Manifest, OtherSectors, Partition
from tests.masters.images import MIB

GIB = 1024 * MIB
ROOT = Partition(
    number=1, start=MIB, length=100 * GIB, type="83", role="root", grow=True, filesystem=FileSystem(kind="ext4")
)
CHUNK = Chunk(MIB, MIB, "a" * 64)
ROOMY = Manifest(
    name="ecole",
    version="1",
    title="École",
    licence="MIT",
    created="2026-01-02T03:04:05Z",
    architecture="amd64",
    sector=512,
    disk=100 * GIB + 2 * MIB,
    table="gpt",
    partitions=(ROOT,),
    chunks=(CHUNK,),
)


def with_root(**changes: object) -> Manifest:
    return replace(ROOMY, partitions=(replace(ROOT, **changes),))


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4", "ntfs"])
def test_a_large_file_system_with_little_in_it_may_gain(kind: str) -> None:
    assert may_gain(with_root(filesystem=FileSystem(kind=kind)))


@pytest.mark.parametrize(("kind", "may"), [("ext4", True), ("xfs", False)])
def test_so_may_one_in_a_volume_of_lvm(kind: str, may: bool) -> None:
    volume = LogicalVolume(name="vg/root", length=99 * GIB, role="root", grow=True, filesystem=FileSystem(kind=kind))
    assert may_gain(with_root(filesystem=FileSystem(kind="LVM2_member"), volumes=(volume,))) is may


@pytest.mark.parametrize("kind", ["xfs", "btrfs", "f2fs", "crypto_LUKS"])
def test_a_disk_that_is_mostly_no_partition_may_gain_whatever_is_in_its_last_one(kind: str) -> None:
    small = replace(
        with_root(length=20 * GIB, filesystem=FileSystem(kind=kind)), chunks=(Chunk(MIB, 20 * GIB, "a" * 64),)
    )
    assert may_gain(small)
    assert not may_gain(replace(small, table="dos")), "its disk ends there anyway"
    assert not may_gain(replace(small, disk=20 * GIB + 258 * MIB)), "too little lies behind"
    assert not may_gain(replace(small, disk=20 * GIB * 8 // 7)), "less than an eighth lies behind"
    assert may_gain(replace(small, disk=20 * GIB * 8 // 7 + 2 * MIB))


@pytest.mark.parametrize(
    ("why", "master"),
    [
        ("no tool makes it smaller", with_root(filesystem=FileSystem(kind="xfs"))),
        ("nobody knows what it is", with_root(filesystem=None)),
        ("it was not shut down cleanly", with_root(whole="its journal is to be replayed")),
        ("nothing grows again", with_root(grow=False)),
        ("too little is free", replace(with_root(length=280 * MIB), disk=282 * MIB)),
        ("it is done already", replace(ROOMY, shrunk_from=200 * GIB)),
        ("one for disks of both sector sizes would be for one of them alone",
         replace(ROOMY, other=OtherSectors(sector=4096, start=0, end=MIB, chunks=(CHUNK,)))),
    ],
)  # fmt: skip
def test_others_are_not_offered(why: str, master: Manifest) -> None:
    assert not may_gain(master), why


@pytest.mark.parametrize(("kind", "way"), [("btrfs", "GParted"), ("xfs", "install that system"), ("f2fs", "install")])
def test_why_it_keeps_its_size_says_what_can_be_done(kind: str, way: str) -> None:
    (said,) = (
        line for line in account(with_root(filesystem=FileSystem(kind=kind))) if line.startswith("Smaller disks")
    )
    assert f"kind {kind} is not" in said
    assert way in said


def test_a_btrfs_in_lvm_is_not_for_gparted() -> None:
    volume = LogicalVolume(name="vg/root", length=99 * GIB, role="root", grow=True, filesystem=FileSystem(kind="btrfs"))
    said = "\n".join(account(with_root(filesystem=FileSystem(kind="LVM2_member"), volumes=(volume,))))
    assert "kind btrfs is not made smaller here. For smaller disks install that system on a smaller partition" in said


def test_nothing_is_said_of_one_that_is_made_smaller_or_is_full() -> None:
    full = replace(with_root(filesystem=FileSystem(kind="btrfs")), chunks=(Chunk(MIB, 95 * GIB, "a" * 64),))
    for master in (ROOMY, full, with_root(filesystem=FileSystem(kind="xfs"), grow=False)):
        assert "Smaller disks" not in "\n".join(account(master))
