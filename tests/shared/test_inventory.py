"""Whether a disk is part of its PC, whether two names are one disk's, and what people read of sizes and clocks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.shared.inventory import (
    Belonging,
    Board,
    Disk,
    DiskId,
    Firmware,
    HiddenStorage,
    Inventory,
    System,
    amount,
    gigabytes,
    judged_clock,
    label,
)

DAY = 86_400
SSD = Disk(name="sda", id=DiskId(serial="S1", wwn="0x1", size=256_060_514_304), model="SSD", transport="sata")


@pytest.mark.parametrize(
    ("transport", "removable", "built_in", "belonging"),
    [
        ("sata", False, False, "internal"),
        ("sata", True, False, "doubt"),
        ("nvme", False, False, "internal"),
        ("", False, False, "internal"),
        ("mmc", True, False, "doubt"),
        ("mmc", False, True, "internal"),
        *(
            (carried, removable, built_in, "doubt" if built_in else "carried")
            for carried in ("usb", "mmc-removable", "ieee1394", "iscsi", "fc", "nbd")
            for removable in (True, False)
            for built_in in (True, False)
        ),
    ],
)
def test_whether_a_disk_is_part_of_its_pc(
    transport: str, removable: bool, built_in: bool, belonging: Belonging
) -> None:
    disk = replace(SSD, transport=transport, removable=removable, built_in=built_in)
    assert disk.belonging == belonging
    assert disk.carried == (belonging == "carried")
    assert disk.internal == (belonging == "internal")
    for said, then in (("belongs", "internal"), ("left", "carried"), ("", "doubt")):
        spoken_of = replace(disk, said=said)
        assert spoken_of.belonging == (then if belonging == "doubt" else belonging), "a word ends a doubt, and no more"


def test_what_may_be_written_is_in_the_pc_is_not_protected_and_is_there() -> None:
    assert SSD.internal
    assert not replace(SSD, read_only=True).internal
    assert not replace(SSD, id=replace(SSD.id, size=0)).internal
    assert replace(SSD, id=replace(SSD.id, size=1)).internal
    assert not replace(SSD, transport="usb").internal


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (DiskId(serial="A", size=1), DiskId(serial="A", size=1), True),
        (DiskId(serial="A", size=1), DiskId(serial="A", size=2), False),
        (DiskId(serial="A", size=1), DiskId(serial="B", size=1), False),
        (DiskId(serial="A", wwn="w", size=1), DiskId(wwn="w", size=1), True),
        (DiskId(serial="A", wwn="w", size=1), DiskId(serial="A", wwn="v", size=1), False),
        (DiskId(serial="A", wwn="w", size=1), DiskId(serial="B", wwn="w", size=1), False),
        (DiskId(serial="A", size=1), DiskId(wwn="w", size=1), False),
        (DiskId(serial="A", size=1, path="p"), DiskId(wwn="w", size=1, path="p"), False),
        (DiskId(serial="A", size=1, path="p"), DiskId(size=1, path="p"), False),
        (DiskId(serial="A", size=1, path="p"), DiskId(serial="A", size=1, path="q"), True),
        (DiskId(size=1, path="p"), DiskId(size=1, path="p"), True),
        (DiskId(size=1, path="p"), DiskId(size=1, path="q"), False),
        (DiskId(size=1), DiskId(size=1), False),
        (DiskId(size=1, path="p", sequence=1, by_place=True), DiskId(size=1, path="p", sequence=1), True),
        (DiskId(size=1, path="p", sequence=1, by_place=True), DiskId(size=1, path="p", sequence=2), False),
        (DiskId(size=1, path="p", sequence=1, by_place=True), DiskId(size=2, path="p", sequence=1), False),
        (DiskId(size=1, path="p", by_place=True), DiskId(size=1, path="p"), False),
        (DiskId(size=1, sequence=1, by_place=True), DiskId(size=1, sequence=1), False),
        (DiskId(serial="A", size=1, path="p", sequence=1, by_place=True), DiskId(serial="A", size=1), False),
        (
            DiskId(serial="A", size=1, path="p", sequence=1, by_place=True),
            DiskId(serial="A", size=1, path="q", sequence=1),
            False,
        ),
        (
            DiskId(serial="A", size=1, path="p", sequence=1, by_place=True),
            DiskId(serial="B", size=1, path="p", sequence=1),
            False,
        ),
        (
            DiskId(wwn="w", size=1, path="p", sequence=1, by_place=True),
            DiskId(wwn="v", size=1, path="p", sequence=1),
            False,
        ),
    ],
)
def test_whether_two_names_are_one_disks(one: DiskId, other: DiskId, same: bool) -> None:
    assert one.same_as(other) == same
    assert other.same_as(one) == same


IDS = st.builds(
    DiskId,
    serial=st.sampled_from(["", "A", "B"]),
    wwn=st.sampled_from(["", "w"]),
    size=st.sampled_from([1, 2]),
    path=st.sampled_from(["", "p", "q"]),
    sequence=st.integers(0, 1),
    by_place=st.booleans(),
)


@given(IDS, IDS)
def test_a_disk_that_is_another_is_so_from_both_sides(one: DiskId, other: DiskId) -> None:
    assert one.same_as(other) == other.same_as(one)


@pytest.mark.parametrize(
    ("disk", "text"),
    [
        (DiskId(serial="A", wwn="w", size=1, path="p"), "A"),
        (DiskId(wwn="w", size=1, path="p"), "w"),
        (DiskId(size=1, path="p"), "p"),
        (DiskId(size=1), ""),
        (DiskId(serial="A", size=1, path="p", by_place=True), "A p"),
        (DiskId(size=1, path="p", by_place=True), "p"),
    ],
)
def test_what_people_read_of_a_disks_name(disk: DiskId, text: str) -> None:
    assert disk.text == text
    assert disk.named == bool(disk.serial or disk.wwn)


def test_a_disk_is_called_by_its_model_serial_and_size_and_no_longer_than_a_sentence_bears() -> None:
    assert label(SSD) == "SSD S1 256.1 GB"
    assert label(replace(SSD, model="")) == "S1 256.1 GB"
    long = replace(SSD, model="m" * 200, id=replace(SSD.id, serial="s" * 200))
    assert label(long) == f"{'m' * 80} {'s' * 120} 256.1 GB"


@pytest.mark.parametrize(
    ("size", "read"),
    [
        (0, "0.0 GB"),
        (256_060_514_304, "256.1 GB"),
        (999 * 10**9, "999.0 GB"),
        (10**12, "1.0 TB"),
        (1_750_000_000, "1.8 GB"),
        (1_750_000_000_000, "1.8 TB"),
        (18_000_207_937_536, "18.0 TB"),
    ],
)
def test_a_size_is_read_as_on_a_disks_label(size: int, read: str) -> None:
    assert gigabytes(size) == read


@pytest.mark.parametrize(
    ("size", "read"),
    [
        (0, "0.0 kB"),
        (1, "0.1 kB"),
        (100, "0.1 kB"),
        (101, "0.2 kB"),
        (512, "0.6 kB"),
        (999_900, "999.9 kB"),
        (999_901, "1.0 MB"),
        (10**6, "1.0 MB"),
        (10**6 + 1, "1.1 MB"),
        (10**9 - 1, "1000.0 MB"),
        (10**9, "1.0 GB"),
        (10**12, "1.0 TB"),
    ],
)
def test_an_amount_is_rounded_up_so_that_something_is_never_nothing(size: int, read: str) -> None:
    assert amount(size) == read


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, None),
        (1000 * DAY, None),
        (1002 * DAY, None),
        (998 * DAY, None),
        (1002 * DAY + 1, 1002 * DAY),
        (1003 * DAY - 1, 1002 * DAY),
        (998 * DAY - 1, 997 * DAY),
        (0, 0),
    ],
)
def test_a_pcs_clock_is_kept_where_it_is_wrong_and_to_the_day(said: int | None, kept: int | None) -> None:
    told = Inventory(system=System(), board=Board(), firmware=Firmware(mode="uefi"), clock=said, memory=7)
    assert judged_clock(told, 1000.0 * DAY) == replace(told, clock=kept)


@pytest.mark.parametrize(
    ("kind", "vouchable"),
    list(itertools.product(["rst", "vmd", "raid", "namespaces", "namespaces-unclear", "unknown"], ["", "06:01.2"])),
)
def test_a_word_ends_only_a_controller_that_is_unknown_and_can_be_named(kind: str, vouchable: str) -> None:
    hidden = replace(HiddenStorage(kind="unknown", vouchable=vouchable), kind=kind)
    assert hidden.may_be_vouched_for == (kind == "unknown" and vouchable != "")
