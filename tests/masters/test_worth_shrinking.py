"""Of which masters a smaller version may be worth its while, told by their manifests."""

import pytest
from msgspec.structs import replace

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
