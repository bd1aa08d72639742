"""How fast a disk says that it turns: the page that Linux keeps of it in sysfs, read and passed on.

No page of a real disk was at hand as bytes. These are the lab disks' own (`netboot/lab/drives/`, written from SBC-4),
and the one that libata makes of an ATA disk's word 217 (Linux 6.12, drivers/ata/libata-scsi.c, ata_scsiop_inq_b1).
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.disks.block_devices import parse_rotation
from netboot.agent.disks.listing import read_disks
from netboot.agent.host import Host
from netboot.lab.drives.scsi.pages import vital_page
from netboot.lab.drives.scsi.spec import ScsiModel

LIBATA = bytes.fromhex("00b1003c 1c20 0002").ljust(64, b"\0")
"""A 3.5-inch disk of 7200 revolutions a minute."""


def lab_page(rotation: int) -> bytes:
    page = vital_page(0xB1, ScsiModel(serial="S1", rotation=rotation))
    assert page is not None
    return page


@pytest.mark.parametrize("rotation", [0, 1, 5400, 7200, 15000])
def test_the_page_of_a_disk_tells_how_fast_it_turns(rotation: int) -> None:
    assert parse_rotation(lab_page(rotation)) == rotation


def test_what_libata_makes_of_an_ata_disk_is_read() -> None:
    assert parse_rotation(LIBATA) == 7200


@pytest.mark.parametrize(
    "page",
    [
        b"",
        LIBATA[:6],
        LIBATA[:63],
        LIBATA.replace(b"\xb1", b"\xb0"),
        LIBATA.replace(b"\x00\x3c", b"\x00\x3b"),
        LIBATA.replace(b"\x00\x3c", b"\x01\x3c"),
    ],
    ids=["none", "header", "cut", "other page", "too short", "longer than it is"],
)
def test_a_page_that_is_another_or_not_whole_tells_nothing(page: bytes) -> None:
    assert parse_rotation(page) == 0


def test_a_longer_page_of_a_later_standard_tells_it_too() -> None:
    assert parse_rotation(LIBATA.replace(b"\x00\x3c", b"\x00\x40") + bytes(4)) == 7200


@given(st.binary(max_size=80))
def test_whatever_is_there_gives_a_number_that_an_inventory_can_hold(page: bytes) -> None:
    assert 0 <= parse_rotation(page) <= 0xFFFF


@pytest.mark.parametrize(("page", "rotation"), [(None, 0), (lab_page(5400), 5400), (lab_page(0), 0)])
def test_the_inventory_has_what_the_disk_tells_and_nothing_where_linux_has_no_page(
    recorded: Callable[[str], Host], tmp_path: Path, page: bytes | None, rotation: int
) -> None:
    host = recorded("bios-desktop")
    if page is not None:
        (tmp_path / "bios-desktop/sys/block/sda/device/vpd_pgb1").write_bytes(page)
    assert {disk.name: (disk.rotational, disk.rotation) for disk in read_disks(host)} == {
        "mmcblk0": (False, 0), "nvme0n1": (False, 0), "sda": (True, rotation), "sdb": (True, 0),
    }  # fmt: skip
