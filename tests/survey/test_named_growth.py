"""What a profile may name to grow is told before the erase: nothing that names a sector moves, nothing is lost."""

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from netboot.shared.manifest import (
    Chunk,
    FileSystem,
    LogicalVolume,
    Manifest,
    Partition,
    Role,
    Understood,
    require_sound,
)
from netboot.shared.stages.deploy import Named
from netboot.shared.windows import Windows
from netboot.survey.named_growth import NotGrowingError, copied_behind, copied_ranges, with_growing
from netboot.survey.places import behind, is_copied, least_end, places_at_the_end

MIB = 1024 * 1024
PLAIN = Understood(plain=True)


def part(
    number: int,
    start: int,
    length: int,
    kind: str,
    role: Role = "other",
    *,
    grow: bool = False,
    largest: int | UnsetType = UNSET,
) -> Partition:
    inside = FileSystem(kind=kind, largest=largest) if kind else None
    return Partition(
        number=number, start=start * MIB, length=length * MIB, type="83", role=role, grow=grow, filesystem=inside
    )


def master(
    *partitions: Partition, table: Literal["gpt", "dos"] = "gpt", understood: Understood | UnsetType = PLAIN
) -> Manifest:
    return Manifest(
        name="school", version="1", title="School", licence="MIT", created="2026-11-30T00:00:00Z", architecture="amd64",
        sector=512, disk=400 * MIB, table=table, partitions=partitions, understood=understood,
        chunks=(Chunk(0, MIB, "a" * 64), Chunk(60 * MIB, 2 * MIB, "b" * 64), Chunk(100 * MIB, 4 * MIB, "c" * 64)),
    )  # fmt: skip


ROOT, HOME = part(1, 1, 50, "ext4", "root"), part(2, 51, 60, "ext4", "home", grow=True)


def obstacle(manifest: Manifest, named: Named) -> str:
    try:
        growing = [one for one in with_growing(manifest, named).partitions if one.grow]
    except NotGrowingError as error:
        return error.obstacle
    assert [one.growing_volume.name if one.growing_volume else one.number for one in growing] == [named]
    return ""


def test_a_root_before_a_home_grows_when_it_is_named_and_only_its_mark_is_another() -> None:
    manifest = master(ROOT, HOME)
    require_sound(manifest)
    assert with_growing(manifest, 1).partitions == (replace(ROOT, grow=True), replace(HOME, grow=False))
    assert with_growing(manifest, 2) is manifest
    assert copied_ranges(manifest, HOME.start, HOME.end) == ((60 * MIB, 62 * MIB), (100 * MIB, 104 * MIB))


@pytest.mark.parametrize(
    ("manifest", "named", "told"),
    [
        (master(ROOT, HOME), 3, "missing"),
        (master(part(5, 1, 9, "", "extended"), HOME), 5, "missing"),
        (master(replace(ROOT, filesystem=FileSystem(kind="jfs")), HOME), 1, "kind"),
        (master(part(1, 1, 50, "ext4", largest=50 * MIB), HOME), 1, "kind"),
        (master(part(1, 1, 50, "ntfs", "recovery"), HOME), 1, "kind"),
        (master(part(1, 1, 50, ""), HOME), 1, "kind"),
        (master(replace(ROOT, whole="it is unclean", filesystem=FileSystem(kind="f2fs")), HOME), 1, "kind"),
        (master(ROOT, HOME, table="dos"), 1, "behind 2"),
        (master(ROOT, part(2, 51, 9, "swap"), table="dos"), 1, ""),
        (master(ROOT, part(2, 51, 9, "swap"), part(3, 60, 9, "", "extended"), table="dos"), 1, "behind 3"),
        (master(ROOT, part(2, 51, 9, "swap"), part(3, 60, 30, "xfs", "data", grow=True)), 1, ""),
        (master(ROOT, part(2, 51, 9, ""), HOME), 1, "behind 2"),
        (master(ROOT, part(2, 51, 60, "zfs_member", "data")), 1, "behind 2"),
        (master(ROOT, part(2, 51, 60, "vfat", "esp")), 1, "behind 2"),
        (master(ROOT, part(2, 51, 60, "ext4", "boot", grow=True)), 1, "behind 2"),
        (master(part(1, 1, 50, "ext4"), part(2, 51, 60, "ext4", "root", grow=True)), 1, "behind 2"),
        (master(ROOT, HOME, understood=UNSET), 1, "older"),
        (master(ROOT, HOME, understood=Understood()), 1, "older"),
        (master(ROOT, HOME, understood=Understood(plain=False)), 1, "table"),
        (master(ROOT, HOME, understood=Understood(plain=True, bios=True)), 1, "behind 2"),
        (master(part(3, 1, 1, "", "bios-boot"), part(1, 2, 49, "ext4", "root"), HOME,
                understood=Understood(plain=True, bios=True)), 1, ""),
        (master(ROOT, part(2, 51, 60, "LVM2_member")), 1, "behind 2"),
        (replace(master(ROOT, HOME), shrunk_from=10**12), 1, "shrunk 2"),
        (replace(master(ROOT, HOME), shrunk_from=10**12), 2, ""),
    ],
)  # fmt: skip
def test_what_does_not_grow_is_told_with_the_reason(manifest: Manifest, named: int, told: str) -> None:
    assert obstacle(manifest, named) == told


def test_a_windows_or_a_group_with_the_root_is_not_moved() -> None:
    windows = Windows(partition=2, state="IMAGE_STATE_COMPLETE")
    for partition, moved in ((2, "behind 2"), (1, "")):
        found = Understood(plain=True, windows=replace(windows, partition=partition))
        disk = master(part(1, 1, 50, "ntfs", "data"), part(2, 51, 60, "ntfs", "data", grow=True), understood=found)
        assert obstacle(disk, 1) == moved
    for role, moved in (("root", "behind 2"), ("other", "")):
        volume = LogicalVolume(name="vg/one", length=MIB, role=role, grow=True)  # type: ignore[arg-type]
        group = replace(part(2, 51, 60, "LVM2_member", grow=True), volumes=(volume,))
        disk = master(ROOT, group)
        assert obstacle(disk, 1) == moved
        assert with_growing(disk, 2) is disk
    assert [one.grow for one in with_growing(disk, 1).partitions[1].volumes or ()] == [False]


def volume(name: str, start: int | UnsetType, length: int, kind: str, role: Role = "other") -> LogicalVolume:
    inside = FileSystem(kind=kind) if kind else None
    at = start if start is UNSET else start * MIB
    return LogicalVolume(name=f"vg/{name}", start=at, length=length * MIB, role=role, filesystem=inside)


def group(*volumes: LogicalVolume, grow: bool = False) -> Partition:
    return replace(part(1, 1, 150, "LVM2_member", grow=grow), volumes=volumes)


SYSTEM, SWAP, FILES = (
    volume("root", 1, 40, "ext4", "root"),
    volume("swap", 41, 9, "swap", "swap"),
    volume("home", 50, 60, "xfs"),
)


def test_a_volume_grows_when_it_is_named_and_its_partition_with_it() -> None:
    disk = master(group(SYSTEM, SWAP, replace(FILES, grow=True), grow=True))
    require_sound(disk)
    ((grown, swap, home),) = (one.volumes or () for one in with_growing(disk, "vg/root").partitions)
    assert (grown, swap, home) == (replace(SYSTEM, grow=True), SWAP, FILES)
    assert copied_behind(disk.partitions[0], SYSTEM) == (replace(FILES, grow=True),)
    assert with_growing(disk, "vg/home") is disk
    assert with_growing(disk, 1) is disk


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (master(group(SYSTEM, SWAP, FILES)), ""),
        (master(group(replace(SYSTEM, name="vg/other"))), "missing"),
        (master(group(SYSTEM, SWAP, FILES), HOME), ""),
        (master(group(SYSTEM), part(2, 151, 9, "vfat")), "behind 2"),
        (master(group(SYSTEM), part(2, 151, 9, "swap"), table="dos", understood=Understood(plain=True, bios=True)), ""),
        (master(group(SYSTEM, FILES), table="dos", understood=Understood(plain=True, bios=True)), ""),
        (master(group(replace(SYSTEM, filesystem=FileSystem(kind="ext4", largest=40 * MIB)))), "kind"),
        (master(group(replace(SYSTEM, filesystem=FileSystem(kind="ntfs")))), "kind"),
        (master(group(SYSTEM, volume("data", UNSET, 9, ""))), "group"),
        (master(group(SYSTEM, volume("data", UNSET, 9, "")), understood=Understood()), "older"),
        (master(group(SYSTEM, volume("data", 41, 9, ""))), "behind vg/data"),
        (master(group(SYSTEM, volume("data", 41, 9, "ntfs"))), "behind vg/data"),
        (master(group(volume("root", 1, 40, "ext4"), volume("other", 41, 9, "ext4", "root"))), "behind vg/other"),
        (master(group(volume("data", 1, 9, ""), volume("root", 10, 40, "ext4"))), ""),
        (replace(master(group(SYSTEM, replace(FILES, grow=True), grow=True)), shrunk_from=10**12), "shrunk vg/home"),
    ],
)
def test_a_volume_that_does_not_grow_is_told_with_the_reason(manifest: Manifest, told: str) -> None:
    assert obstacle(manifest, "vg/root") == told


def test_a_group_is_not_named_by_the_number_of_its_partition() -> None:
    assert obstacle(master(group(SYSTEM), HOME), 1) == "lvm"


def test_more_than_is_copied_in_an_hour_is_not_moved() -> None:
    each = 4 * MIB
    home = replace(HOME, length=65 << 30)
    chunks = tuple(Chunk(home.start + at * each, each, "a" * 64) for at in range((64 << 30) // each + 1))
    disk = replace(master(ROOT, home), disk=80 << 30)
    assert obstacle(replace(disk, chunks=chunks), 1) == "behind 2"
    assert obstacle(replace(disk, chunks=chunks[:-1]), 1) == ""


KINDS = ("ext4", "swap", "ntfs", "xfs", "LVM2_member", "vfat", "jfs", "")
ROLES: tuple[Role, ...] = ("other", "data", "home", "root", "boot", "esp", "recovery", "reserved")


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from(KINDS), st.sampled_from(ROLES)), min_size=2, max_size=6),
    st.integers(1, 8),
    st.integers(0, 600 * MIB),
    st.sampled_from(("gpt", "dos")),
)
def test_whatever_is_named_no_byte_of_another_is_lost(
    wanted: list[tuple[int, str, Role]], named: int, more: int, table: Literal["gpt", "dos"]
) -> None:
    at, partitions = 1, []
    for number, (length, kind, role) in enumerate(wanted, 1):
        partitions.append(part(number, at, length, kind, role))
        at += length
    manifest = master(*partitions, table=table)
    try:
        marked = with_growing(manifest, named)
    except NotGrowingError:
        return
    growing = next(one for one in marked.partitions if one.grow)
    assert growing.number == named
    later = behind(marked.partitions, growing)
    assert not [one for one in later if is_copied(one) and one.role in ("root", "boot", "esp", "reserved", "recovery")]
    assert table == "gpt" or not [one for one in later if is_copied(one)]
    end = at * MIB + more
    found = places_at_the_end(marked.partitions, growing, end)
    assert bool(found) == (end >= least_end(marked.partitions, growing))
    places = [found.get(one.number, (one.start, one.length)) for one in marked.partitions]
    assert all(start + length <= behind for (start, length), (behind, _) in pairwise(places))
    assert all(place[1] >= one.length for place, one in zip(places, marked.partitions, strict=True))
    for one in (one for one in later if is_copied(one) and found):
        start, length = found[one.number]
        assert all(start >= other.end or start + length <= other.start for other in later if is_copied(other))
