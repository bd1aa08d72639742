"""On which disks a root grows is said before the erase as the agent does it: never more than it will have."""

from typing import Literal

import pytest
from msgspec import UNSET, UnsetType

from netboot.shared.manifest import Chunk, FileSystem, Manifest, Partition
from netboot.survey.places import places_at_the_end
from netboot.survey.root_growth import RootGrowth, growth_of_root

MIB = 1024 * 1024
RECOVERY = "de94bba4-06d1-4d40-a16a-bfd50179d6ac"
ANY = 2**63 - 1


def master(
    *behind: Partition,
    table: Literal["gpt", "dos"] = "gpt",
    grow: bool = True,
    kind: str = "ext4",
    largest: int | UnsetType = UNSET,
) -> Manifest:
    root = Partition(
        number=1, start=MIB, length=50 * MIB, type="83", role="root", grow=grow,
        filesystem=FileSystem(kind=kind, largest=largest),
    )  # fmt: skip
    return Manifest(
        name="school", version="1", title="School", licence="MIT", created="2026-11-30T00:00:00Z", architecture="amd64",
        sector=512, disk=200 * MIB, table=table, partitions=(root, *behind), chunks=(Chunk(0, MIB, "a" * 64),),
    )  # fmt: skip


def recovery(number: int, start: int, length: int) -> Partition:
    inside = FileSystem(kind="ntfs")
    return Partition(number=number, start=start * MIB, length=length * MIB, type=RECOVERY, filesystem=inside)


def test_the_last_partition_has_what_a_disk_has_more() -> None:
    assert growth_of_root(master()) == RootGrowth(200 * MIB, 200 * MIB, ANY)
    dos = growth_of_root(master(table="dos"))
    assert dos == RootGrowth(200 * MIB, 200 * MIB, (2**32 - 1) * 512 - 200 * MIB), "32 bits of sectors"


@pytest.mark.parametrize("largest", [UNSET, 90 * MIB])
def test_a_file_system_grows_as_far_as_it_can(largest: int | UnsetType) -> None:
    found = growth_of_root(master(largest=largest))
    assert found is not None
    assert found.most == (ANY if largest is UNSET else 40 * MIB)


def test_what_stays_as_it_is_does_not_grow_on_any_disk() -> None:
    assert growth_of_root(master(grow=False)) is None
    assert growth_of_root(master(kind="jfs")) is None
    assert growth_of_root(master(largest=50 * MIB)) is None


def test_behind_a_root_what_is_copied_needs_a_place_of_its_own() -> None:
    manifest = master(recovery(2, 51, 149))
    found = growth_of_root(manifest)
    assert found is not None
    copy = 33 * 512
    assert found.least == 349 * MIB + copy
    for disk in (found.least - 1, found.least):
        moved = places_at_the_end(manifest.partitions, manifest.partitions[0], disk - copy)
        assert bool(moved) == (disk == found.least)
