"""Where partitions lie once one has the rest of the disk, and the swap behind it the end: no byte twice, none lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.customise.table import behind, places, with_places
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import FileSystem, Manifest, Partition, Role
from tests.agent.boot_http import manifest_of

MIB = 1024 * 1024
# util-linux 2.38.1 (Debian 12), `sfdisk --dump` of a loop device.
DUMP = """label: dos
label-id: 0x5d2f6ac8
device: /dev/loop0
unit: sectors
sector-size: 512

/dev/loop0p1 : start=        2048, size=       20480, type=83, bootable
/dev/loop0p2 : start=       22528, size=      108544, type=5
/dev/loop0p5 : start=       24576, size=       20480, type=82
"""


def part(number: int, start: int, length: int, kind: str, role: Role = "other") -> Partition:
    inside = None if role == "extended" else FileSystem(kind=kind)
    grow = kind == "ext4" and number > 0
    return Partition(
        number=number, start=start * MIB, length=length * MIB, type="83", role=role, grow=grow, filesystem=inside
    )


def master(*partitions: Partition) -> Manifest:
    return manifest_of(bytes(MIB), partitions, used=[(0, MIB)], length=MIB)


def test_swap_goes_to_the_end_in_its_order_and_the_root_up_to_it() -> None:
    root = part(2, 5, 50, "ext4")
    found = places(
        master(part(1, 1, 4, "vfat"), root, part(3, 55, 10, "swap"), part(4, 65, 5, "swap")), root, 200 * MIB
    )
    assert found == {4: (195 * MIB, 5 * MIB), 3: (185 * MIB, 10 * MIB), 2: (5 * MIB, 180 * MIB)}


def test_an_extended_partition_goes_with_the_swap_in_it() -> None:
    root, extended, swap = part(1, 1, 50, "ext4"), part(2, 51, 12, "", "extended"), part(5, 52, 10, "swap")
    found = places(master(root, extended, swap), root, 200 * MIB)
    assert found == {5: (190 * MIB, 10 * MIB), 2: (189 * MIB, 11 * MIB), 1: (MIB, 188 * MIB)}


def test_an_extended_partition_with_the_root_too_becomes_longer() -> None:
    extended, root, swap = part(2, 1, 62, "", "extended"), part(5, 2, 50, "ext4"), part(6, 53, 10, "swap")
    found = places(master(extended, root, swap), root, 200 * MIB)
    assert found == {6: (190 * MIB, 10 * MIB), 5: (2 * MIB, 187 * MIB), 2: (MIB, 199 * MIB)}


@pytest.mark.parametrize("end", [60, 61, 61.9])
def test_a_disk_that_is_hardly_larger_stays_as_it_is(end: float) -> None:
    root = part(1, 1, 50, "ext4")
    assert places(master(root, part(2, 51, 10, "swap")), root, int(end * MIB)) == {}


@given(st.lists(st.integers(1, 50), min_size=1, max_size=4), st.integers(0, 10**6), st.booleans(), st.booleans())
def test_no_place_overlaps_another_or_ends_behind_the_disk(
    swaps: list[int], more: int, inside: bool, root_too: bool
) -> None:
    root = part(5 if inside and root_too else 1, 10, 20, "ext4")
    at, partitions = 30, [root]
    for number, length in enumerate(swaps, 6):
        at += 1
        partitions.append(part(number, at, length, "swap"))
        at += length
    if inside:
        first = 9 if root_too else 30
        partitions.append(part(2, first, at - first, "", "extended"))
    known = master(*partitions)
    found = places(known, root, at * MIB + more * 1000)
    plain = [found.get(one.number, (one.start, one.length)) for one in (root, *behind(known, root))]
    assert all(start + length <= later for (start, length), (later, _) in pairwise(plain))
    assert plain[-1][0] + plain[-1][1] <= at * MIB + more * 1000
    assert [length for _, length in plain[1:]] == [length * MIB for length in swaps]
    assert plain[0][1] >= root.length
    if inside:
        start, length = found.get(2, (partitions[-1].start, partitions[-1].length))
        logical = plain if root_too else plain[1:]
        assert start < logical[0][0]
        assert logical[-1][0] + logical[-1][1] <= start + length
        assert root_too or plain[0][0] + plain[0][1] <= start


def test_all_else_of_a_table_stays() -> None:
    text = with_places(DUMP, {5: (190 * MIB, 10 * MIB), 2: (189 * MIB, 11 * MIB), 1: (MIB, 188 * MIB)}, 512)
    assert text.splitlines()[:5] == DUMP.splitlines()[:5]
    assert text.splitlines()[6:] == [
        "/dev/loop0p1 : start=2048, size=385024, type=83, bootable",
        "/dev/loop0p2 : start=387072, size=22528, type=5",
        "/dev/loop0p5 : start=389120, size=20480, type=82",
    ]
    with pytest.raises(NetbootError, match="not the master's"):
        with_places(DUMP, {4: (MIB, MIB)}, 512)
