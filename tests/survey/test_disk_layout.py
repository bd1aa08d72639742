"""Reading a disk image: partition tables as sfdisk prints them, roles, growth, boot loaders."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import FileSystem, Partition
from netboot.survey.disk_layout import parse_table, with_file_systems, with_reasons
from netboot.survey.file_systems import parse_blkid
from netboot.survey.uefi_loaders import choose_loader

MIB = 1024 * 1024

# util-linux 2.38.1 (Debian 12), `sfdisk --json` of a loop device on a 64 MiB file with a dos table.
DOS_TABLE = """\
{
   "partitiontable": {
      "label": "dos",
      "id": "0x5d2f6ac8",
      "device": "/dev/loop0",
      "unit": "sectors",
      "sectorsize": 512,
      "partitions": [
         {
            "node": "/dev/loop0p1",
            "start": 2048,
            "size": 20480,
            "type": "83",
            "bootable": true
         },{
            "node": "/dev/loop0p2",
            "start": 22528,
            "size": 108544,
            "type": "f"
         },{
            "node": "/dev/loop0p5",
            "start": 24576,
            "size": 20480,
            "type": "82"
         }
      ]
   }
}
"""


def test_a_recorded_dos_table_is_read() -> None:
    layout = parse_table(DOS_TABLE, size=64 * MIB, sector=512, source="disk.raw")
    assert (layout.table, layout.table_id, layout.backup) == ("dos", "5d2f6ac8", 64 * MIB)
    assert [(p.number, p.type, p.role, p.start, p.length) for p in layout.partitions] == [
        (1, "83", "other", MIB, 10 * MIB),
        (2, "0f", "extended", 11 * MIB, 53 * MIB),
        (5, "82", "swap", 12 * MIB, 10 * MIB),
    ]


_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["label", "partitions", "node", "start", "size", "type", "id"]), inner)
    ),
    max_leaves=8,
)


@given(_json)
def test_a_table_of_another_shape_raises_only_netboot_error(table: object) -> None:
    with pytest.raises(NetbootError):
        parse_table(json.dumps({"partitiontable": table}), size=MIB, sector=512, source="odd.raw")


def linux(number: int, start: int, length: int) -> Partition:
    return Partition(number=number, start=start * MIB, length=length * MIB, type="83")


EXT4 = FileSystem(kind="ext4")


def test_the_largest_linux_file_system_is_the_root_and_the_last_grows() -> None:
    first, second = with_file_systems([(linux(1, 1, 5), EXT4), (linux(2, 6, 50), EXT4)])
    assert (first.role, first.grow) == ("other", False)
    assert (second.role, second.grow) == ("root", True)


def test_a_partition_grows_before_swap_and_before_nothing_else() -> None:
    swap = Partition(number=2, start=60 * MIB, length=MIB, type="82", role="swap")
    root, last = with_file_systems([(linux(1, 1, 50), EXT4), (swap, FileSystem(kind="swap"))])
    assert (root.role, root.grow, last.grow) == ("root", True, False)
    # What is called swap by its type, and is none that is known, is not moved.
    for inside in (None, FileSystem(kind="vfat"), FileSystem(kind="swsuspend")):
        root, last = with_file_systems([(linux(1, 1, 50), EXT4), (swap, inside)])
        assert (root.role, root.grow, last.grow) == ("root", False, False)


@pytest.mark.parametrize(("kind", "grows"), [("ext4", True), ("xfs", True), ("f2fs", False)])
def test_of_what_was_not_shut_down_cleanly_f2fs_alone_does_not_grow(kind: str, grows: bool) -> None:
    found = with_file_systems([(linux(1, 1, 50), FileSystem(kind=kind))])
    (told,) = with_reasons(found, {1: "it was not shut down cleanly"})
    assert (found[0].grow, told.grow, told.whole) == (True, grows, "it was not shut down cleanly")


@pytest.mark.parametrize(("largest", "grows"), [(50 * MIB, False), (2**50, True)])
def test_an_ntfs_that_no_tool_touches_does_not_grow(largest: int, grows: bool) -> None:
    (found,) = with_file_systems([(linux(1, 1, 50), FileSystem(kind="ntfs", largest=largest))])
    assert found.grow == grows


def test_the_last_logical_partition_grows() -> None:
    extended = Partition(number=2, start=10 * MIB, length=50 * MIB, type="05", role="extended")
    found = with_file_systems([(linux(1, 1, 5), EXT4), (extended, None), (linux(5, 11, 40), EXT4)])
    assert [partition.number for partition in found if partition.grow] == [5]


def test_shim_is_chosen_before_grub_and_the_removable_path() -> None:
    paths = ["::/EFI/BOOT/BOOTX64.EFI", "::/EFI/debian/grubx64.efi", "::/EFI/debian/shimx64.efi", "::/EFI/debian/x.CSV"]
    loader = choose_loader(paths, 2)
    assert loader is not None
    assert (loader.partition, loader.path, loader.label) == (2, "/EFI/debian/shimx64.efi", "debian")


def test_windows_loader_is_chosen_before_the_removable_path() -> None:
    loader = choose_loader(["::/EFI/Boot/bootx64.efi", "::/EFI/Microsoft/Boot/bootmgfw.efi"], 1)
    assert loader is not None
    assert loader.path == "/EFI/Microsoft/Boot/bootmgfw.efi"


def test_the_removable_path_is_chosen_where_there_is_no_other() -> None:
    loader = choose_loader(["::/EFI/BOOT/BOOTX64.EFI", "::/EFI/BOOT/grubx64.efi"], 1)
    assert loader is not None
    assert loader.path == "/EFI/BOOT/BOOTX64.EFI"


@given(st.lists(st.text(max_size=40)))
def test_any_listing_gives_a_loader_a_manifest_can_hold_or_none(paths: list[str]) -> None:
    loader = choose_loader(paths, 1)
    assert loader is None or loader.path.lower().endswith(".efi")


def test_a_label_is_what_it_is_and_not_what_a_shell_would_be_given() -> None:
    # util-linux 2.38.1 (Debian 12), of `mkswap --label 'my $wap "1" \'`
    system = parse_blkid('DEVNAME=sw\nLABEL=my\\ \\$wap\\ \\"1\\"\\ \\\\\nVERSION=1\nTYPE=swap\nUSAGE=other\n')
    assert system == FileSystem(kind="swap", label='my $wap "1" \\')


@given(st.text(max_size=200))
def test_any_output_of_blkid_is_read(text: str) -> None:
    system = parse_blkid(text)
    assert system is None or 0 < len(system.kind) <= 32
