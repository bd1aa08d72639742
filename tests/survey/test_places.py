"""Where partitions lie once one has the rest of the disk, and the swap behind it the end: no byte twice, none lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import FileSystem, Partition, Role
from netboot.survey.places import behind, is_copied, least_end, places_at_the_end, places_moved_up, with_places

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


def test_swap_goes_to_the_end_in_its_order_and_the_root_up_to_it() -> None:
    root = part(2, 5, 50, "ext4")
    found = places_at_the_end(
        (part(1, 1, 4, "vfat"), root, part(3, 55, 10, "swap"), part(4, 65, 5, "swap")), root, 200 * MIB
    )
    assert found == {4: (195 * MIB, 5 * MIB), 3: (185 * MIB, 10 * MIB), 2: (5 * MIB, 180 * MIB)}


def test_an_extended_partition_goes_with_the_swap_in_it() -> None:
    root, extended, swap = part(1, 1, 50, "ext4"), part(2, 51, 12, "", "extended"), part(5, 52, 10, "swap")
    found = places_at_the_end((root, extended, swap), root, 200 * MIB)
    assert found == {5: (190 * MIB, 10 * MIB), 2: (189 * MIB, 11 * MIB), 1: (MIB, 188 * MIB)}


def test_an_extended_partition_with_the_root_too_becomes_longer() -> None:
    extended, root, swap = part(2, 1, 62, "", "extended"), part(5, 2, 50, "ext4"), part(6, 53, 10, "swap")
    found = places_at_the_end((extended, root, swap), root, 200 * MIB)
    assert found == {6: (190 * MIB, 10 * MIB), 5: (2 * MIB, 187 * MIB), 2: (MIB, 199 * MIB)}


def test_what_is_behind_moves_up_to_what_became_smaller() -> None:
    root, recovery, swap = part(1, 1, 500, "ext4"), part(2, 501, 10, "ntfs"), part(3, 511, 10, "swap")
    end = 100 * MIB + 4096
    assert places_moved_up((root, recovery, swap), root, end) == {
        1: (MIB, 99 * MIB + 4096),
        2: (101 * MIB, 10 * MIB),
        3: (111 * MIB, 10 * MIB),
    }
    extended, logical = part(4, 501, 40, "", "extended"), part(5, 502, 10, "swap")
    found = places_moved_up((root, extended, logical), root, end)
    assert found == {1: (MIB, 99 * MIB + 4096), 5: (102 * MIB, 10 * MIB), 4: (101 * MIB, 11 * MIB)}


@pytest.mark.parametrize("end", [60, 61, 61.9])
def test_a_disk_that_is_hardly_larger_stays_as_it_is(end: float) -> None:
    root = part(1, 1, 50, "ext4")
    assert places_at_the_end((root, part(2, 51, 10, "swap")), root, int(end * MIB)) == {}


def test_of_two_that_are_copied_none_lies_where_the_other_is_copied_from() -> None:
    root, recovery, older = part(1, 1, 50, "ext4"), part(2, 51, 40, "ntfs"), part(3, 91, 10, "ntfs")
    partitions = (root, recovery, older)
    assert places_at_the_end(partitions, root, 145 * MIB) == {}
    assert places_at_the_end(partitions, root, 151 * MIB) == {
        3: (141 * MIB, 10 * MIB),
        2: (101 * MIB, 40 * MIB),
        1: (MIB, 100 * MIB),
    }


def test_the_least_end_is_the_first_at_which_it_grows() -> None:
    root, recovery, swap = part(1, 1, 50, "ext4"), part(2, 51, 40, "ntfs"), part(3, 91, 10, "swap")
    for partitions, least in (((root,), 52), ((root, recovery), 131), ((root, recovery, swap), 141)):
        assert least_end(partitions, root) == least * MIB
        assert places_at_the_end(partitions, root, least * MIB - 1) == {}
        assert places_at_the_end(partitions, root, least * MIB) != {}


@given(
    st.lists(st.tuples(st.integers(1, 50), st.sampled_from(("swap", "ntfs"))), min_size=1, max_size=4),
    st.integers(0, 200_000),
    st.booleans(),
    st.booleans(),
)
def test_no_place_overlaps_another_or_ends_behind_the_disk(
    later: list[tuple[int, str]], more: int, inside: bool, root_too: bool
) -> None:
    root = part(5 if inside and root_too else 1, 10, 20, "ext4")
    at, partitions = 30, [root]
    for number, (length, kind) in enumerate(later, 6):
        at += 1
        partitions.append(part(number, at, length, kind))
        at += length
    if inside:
        first = 9 if root_too else 30
        partitions.append(part(2, first, at - first, "", "extended"))
    found = places_at_the_end(partitions, root, at * MIB + more * 1000)
    assert bool(found) == (at * MIB + more * 1000 >= least_end(partitions, root))
    plain = [found.get(one.number, (one.start, one.length)) for one in (root, *behind(partitions, root))]
    assert all(start + length <= later for (start, length), (later, _) in pairwise(plain))
    assert plain[-1][0] + plain[-1][1] <= at * MIB + more * 1000
    assert [length for _, length in plain[1:]] == [length * MIB for length, _ in later]
    assert plain[0][1] >= root.length
    copied = [one for one in behind(partitions, root) if is_copied(one) and one.number in found]
    for target in (found[one.number] for one in copied):
        assert all(target[0] >= one.end or target[0] + target[1] <= one.start for one in copied)
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
