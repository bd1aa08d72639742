"""A lab SAT bridge, asked over a real socket as Linux' virtio_scsi asks it."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.command import SECTOR, Op
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour
from netboot.lab.drives.sat_bridge.spec import BridgeSpec, Registers
from tests.lab_unit.drives.client import CONFIG, VfioClient
from tests.lab_unit.drives.conftest import served
from tests.lab_unit.drives.scsi_driver import DATA, REQUESTS, RING, Driver, Ended

SECTORS = 512


def pass_through(
    driver: Driver, op: int, *, feature: int = 0, count: int = 0, lba: int = 0, out: bytes = b"", room: int = 0
) -> Ended:
    """ATA PASS-THROUGH (16), extended, as hdparm writes it: registers wanted where there is no data."""
    data = out or room
    low = lba.to_bytes(6, "little")
    cdb = bytes(
        [
            0x85, 6 << 1 | 1 if data else 3 << 1 | 1, 0x06 if data else 0x20, feature >> 8, feature & 0xFF,
            count >> 8, count & 0xFF, low[3], low[0], low[4], low[1], low[5], low[2], 0x40, op, 0,
        ]
    )  # fmt: skip
    return driver.do(cdb, out=out, room=room)


@contextmanager
def serving(folder: Path, registers: Registers, behaviour: Behaviour) -> Iterator[Driver]:
    image = folder / "disk.img"
    create_used(image, SECTORS * SECTOR, "BRIDGED")
    path = folder / "drive.sock"
    disk = SataDisk(os.fspath(image), AtaModel(serial="BRIDGED", wwn=0x5000C50012345678), behaviour)
    spec = BridgeSpec(os.fspath(path), (disk,), registers)
    with served(spec), VfioClient(path, vectors=4) as client:
        yield Driver(client)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with serving(tmp_path, Registers.GIVEN, Behaviour(erase_seconds=3600)) as driver:
        yield driver


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Driver]:
    with serving(tmp_path, Registers.GIVEN, Behaviour(erase_seconds=0.2)) as driver:
        yield driver


def sanitize_status(driver: Driver) -> Ended:
    return pass_through(driver, Op.SANITIZE)


def test_4_1_4_the_function_says_where_its_registers_are(driver: Driver) -> None:
    config = driver.client.read_region(CONFIG, 0, 256)
    assert config[:4] == bytes.fromhex("f41a4810")
    at, kinds = config[0x34], {}
    while at:
        if config[at] == 9:
            kinds[config[at + 3]] = (config[at + 4], *struct.unpack_from("<II", config, at + 8))
        at = config[at + 1]
    assert kinds == {1: (0, 0, 0x1000), 2: (0, 0x2000, 0x1000), 3: (0, 0x1000, 0x1000), 4: (0, 0x3000, 0x1000)}


def test_inquiry_and_its_pages_name_the_disk_and_that_it_is_ata(driver: Driver) -> None:
    assert driver.do(bytes([0x12, 0, 0, 0, 96, 0]), room=96).data[8:32] == b"ATA     NETBOOT LAB SSD "
    assert driver.do(bytes([0x12, 1, 0x80, 0, 96, 0]), room=96).data[4:] == b"BRIDGED".rjust(20)
    assert driver.do(bytes([0x12, 1, 0x83, 0, 96, 0]), room=96).data[8:16] == bytes.fromhex("5000c50012345678")
    information = driver.do(bytes([0x12, 1, 0x89, 4, 0, 0]), room=1024).data
    assert len(information) == 572
    assert sum(information[60:]) % 256 == 0
    assert driver.do(bytes([0x12, 1, 0xB2, 0, 96, 0]), room=96).key == (5, 0x24, 0)


def test_capacity_reads_and_writes(driver: Driver) -> None:
    assert driver.do(bytes([0x25]), room=8).data == struct.pack(">II", SECTORS - 1, SECTOR)
    assert driver.do(bytes([0x9E, 0x10, *bytes(8), 0, 0, 0, 32]), room=32).data[:12] == struct.pack(
        ">QI", SECTORS - 1, SECTOR
    )
    data = os.urandom(4 * SECTOR)
    assert driver.do(bytes([0x2A, 0, 0, 0, 0, 9, 0, 0, 4, 0]), out=data).status == 0
    assert driver.do(bytes([0x88, 0, *(9).to_bytes(8, "big"), 0, 0, 0, 4]), room=len(data)).data == data
    assert driver.do(bytes([0x28, 0, 0, 0, 2, 0, 0, 0, 1, 0]), room=SECTOR).key == (5, 0x21, 0)
    assert driver.do(bytes([0x35])).status == 0


def test_a_target_that_is_not_there_is_said_to_be_bad(driver: Driver) -> None:
    assert driver.do(bytes(6), target=1).response == 3


def test_an_unknown_command_is_refused(driver: Driver) -> None:
    assert driver.do(bytes([0x48])).key == (5, 0x20, 0)


def test_an_unreadable_sector_is_a_medium_error(tmp_path: Path) -> None:
    with serving(tmp_path, Registers.GIVEN, Behaviour(bad=(BadSectors(first=3, kind=Bad.UNREADABLE),))) as driver:
        assert driver.do(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0]), room=8 * SECTOR).key == (3, 0x11, 4)


def test_registers_that_are_given_come_in_a_descriptor(driver: Driver) -> None:
    assert pass_through(driver, Op.SANITIZE, feature=0x12, lba=0x426B4572).key == (1, 0, 0x1D)
    ended = sanitize_status(driver)
    assert (ended.status, ended.sense[0], ended.sense[8], ended.sense[9]) == (2, 0x72, 9, 12)
    assert ended.sense[12] == 0x40, "in progress"
    refused = pass_through(driver, Op.SANITIZE, feature=0x12, lba=1)
    assert refused.key == (0xB, 0, 0)
    assert (refused.sense[11], refused.sense[21]) == (4, 0x51)


def test_a_running_sanitize_makes_the_disk_not_ready(driver: Driver) -> None:
    pass_through(driver, Op.SANITIZE, feature=0x12, lba=0x426B4572)
    assert driver.do(bytes(6)).key == (2, 4, 0x1B)
    assert driver.do(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]), room=SECTOR).key == (2, 4, 0x1B)


def test_a_sanitize_ends_and_says_so(quick: Driver, tmp_path: Path) -> None:
    pass_through(quick, Op.SANITIZE, feature=0x12, lba=0x426B4572)
    while sanitize_status(quick).sense[12] == 0x40:
        pass
    assert sanitize_status(quick).sense[12] == 0x80
    assert quick.do(bytes(6)).status == 0
    assert find_pattern(tmp_path / "disk.img") is None


@pytest.mark.parametrize(
    ("registers", "status", "sense"),
    [
        (Registers.FIXED, 2, bytes.fromhex("70000100000000 0a 00000000 001d 00000000")),
        (Registers.LOST, 0, b""),
        (Registers.REFUSED, 2, bytes.fromhex("70000500000000 0a 00000000 2000 00000000")),
    ],
)
def test_a_bridge_that_drops_registers_says_the_same_of_every_state(
    tmp_path: Path, registers: Registers, status: int, sense: bytes
) -> None:
    with serving(tmp_path, registers, Behaviour(erase_seconds=60)) as driver:
        before = sanitize_status(driver)
        pass_through(driver, Op.SANITIZE, feature=0x12, lba=0x426B4572)
        assert sanitize_status(driver) == before == Ended(status, 0, 0, sense, b"")
        # It runs all the same, unless no command is passed on.
        assert driver.do(bytes(6)).status == (0 if registers is Registers.REFUSED else 2)


def test_an_erase_by_password_goes_through_with_its_data(quick: Driver, tmp_path: Path) -> None:
    sector = struct.pack("<H32s", 0, b"netboot").ljust(SECTOR, b"\0")
    assert pass_through(quick, Op.SECURITY_SET_PASSWORD, out=sector).status == 0
    pass_through(quick, Op.SECURITY_ERASE_PREPARE)
    assert pass_through(quick, Op.SECURITY_ERASE_UNIT, out=sector).status == 0
    assert find_pattern(tmp_path / "disk.img") is None


def test_a_chain_without_an_end_breaks_the_device_until_it_is_reset(driver: Driver) -> None:
    driver.client.poke(RING, struct.pack("<QIHH", DATA, 16, 1, 0))
    driver.client.poke(RING + 0x1002, struct.pack("<H", 1))
    driver.client.write_region(0, 0x2008, struct.pack("<H", REQUESTS))
    assert driver.client.read_region(0, 20, 1) == b"\x40"
    driver.client.write_region(0, 20, b"\0")
    again = Driver(driver.client)
    driver.client.poke(RING + 0x2002, b"\0\0")
    assert again.do(bytes(6)).status == 0
