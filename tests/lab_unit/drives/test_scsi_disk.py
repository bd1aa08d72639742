"""A SCSI disk of the lab, asked over a real socket as Linux' virtio_scsi does, and read by the agent's own code."""

import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netboot.agent.answers.scsi_sanitize import status_in
from netboot.agent.answers.sense import parse_sense
from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour, Outcome, WithoutPower
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.scsi.spec import ScsiDisk, ScsiModel, ScsiSpec
from tests.lab_unit.drives.client import VfioClient
from tests.lab_unit.drives.conftest import served
from tests.lab_unit.drives.scsi_driver import CONTROL, DATA, RING, Driver

SECTORS, SECTOR = 512, 512
IMMED, AUSE = 0x80, 0x20
OVERWRITE, BLOCK, CRYPTO, EXIT = 1, 2, 3, 0x1F
REFUSED, RUNNING, FAILED = (5, 0x24, 0), (2, 4, 0x1B), (3, 0x31, 3)


@contextmanager
def serving(folder: Path, behaviour: Behaviour | None = None, grown: int = 0, **model: object) -> Iterator[Driver]:
    image = folder / "disk.img"
    if not image.exists():
        create_used(image, SECTORS * SECTOR, "OLD")
    path = folder / "drive.sock"
    plate = ScsiModel(serial="SCSI1", wwn=0x5000C50012345678, **model)  # type: ignore[arg-type]  # a test's shorthand
    disk = ScsiDisk(os.fspath(image), plate, behaviour or Behaviour(), grown)
    with served(ScsiSpec(os.fspath(path), (disk,))), VfioClient(path, vectors=4) as client:
        yield Driver(client)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Driver]:
    with serving(tmp_path, Behaviour(erase_seconds=3600)) as driver:
        yield driver


def sanitize(
    driver: Driver, action: int, *, flags: int = IMMED, parameters: bytes = b""
) -> tuple[int, int, int] | None:
    """Order one; the sense that it is refused with, None where the disk took it."""
    cdb = bytes([0x48, flags | action, *bytes(5), *len(parameters).to_bytes(2, "big"), 0])
    ended = driver.do(cdb, out=parameters)
    return ended.key if ended.status else None


def state(driver: Driver, *, described: bool = False) -> tuple[str, int | None]:
    """What REQUEST SENSE says, as the agent reads it."""
    sense = driver.do(bytes([0x03, int(described), 0, 0, 96, 0]), room=96).data
    found = status_in(parse_sense(sense))
    return found.state, found.progress


def ended(driver: Driver, seconds: float = 30) -> str:
    """What it says once it runs no more."""
    until = time.monotonic() + seconds
    while state(driver)[0] == "running" and time.monotonic() < until:
        time.sleep(0.02)
    return state(driver)[0]


def read(driver: Driver, lba: int = 0, count: int = 1) -> bytes:
    found = driver.do(bytes([0x28, 0, *lba.to_bytes(4, "big"), 0, *count.to_bytes(2, "big"), 0]), room=count * SECTOR)
    return found.data if not found.status else b""


def test_inquiry_and_its_pages_name_the_disk(disk: Driver) -> None:
    told = disk.do(bytes([0x12, 0, 0, 0, 96, 0]), room=96).data
    assert (told[0], told[1] & 0x80, told[8:32]) == (0, 0, b"NETBOOT LAB SAS SSD     ")
    assert disk.do(bytes([0x12, 1, 0x80, 0, 96, 0]), room=96).data[4:] == b"SCSI1".rjust(20)
    assert disk.do(bytes([0x12, 1, 0x83, 0, 96, 0]), room=96).data[8:16] == bytes.fromhex("5000c50012345678")
    assert disk.do(bytes([0x12, 1, 0xB1, 0, 96, 0]), room=96).data[4:6] == b"\0\1", "it does not turn"
    assert disk.do(bytes([0x12, 1, 0x89, 0, 96, 0]), room=96).key == REFUSED, "no ATA disk is behind it"


def test_capacity_reads_and_writes(disk: Driver) -> None:
    assert disk.do(bytes([0x25]), room=8).data == struct.pack(">II", SECTORS - 1, SECTOR)
    long = disk.do(bytes([0x9E, 0x10, *bytes(8), 0, 0, 0, 32]), room=32).data
    assert long[:12] == struct.pack(">QI", SECTORS - 1, SECTOR)
    data = os.urandom(4 * SECTOR)
    assert disk.do(bytes([0x2A, 0, 0, 0, 0, 9, 0, 0, 4, 0]), out=data).status == 0
    assert disk.do(bytes([0x88, 0, *(9).to_bytes(8, "big"), 0, 0, 0, 4]), room=len(data)).data == data
    assert disk.do(bytes([0x28, 0, 0, 0, 2, 0, 0, 0, 1, 0]), room=SECTOR).key == (5, 0x21, 0)
    assert disk.do(bytes([0x93])).key == (5, 0x20, 0), "WRITE SAME is not known"


def supported(driver: Driver, action: int) -> int:
    """SUPPORT of REPORT SUPPORTED OPERATION CODES for this SANITIZE: 3 for one that is there by the standard."""
    cdb = bytes([0xA3, 0x0C, 2, 0x48, 0, action, 0, 0, 0, 96])
    return driver.do(cdb, room=96).data[1] & 7


def test_the_commands_that_it_knows_are_listed_with_its_kinds_of_sanitize(tmp_path: Path) -> None:
    with serving(tmp_path, sanitize=("block",)) as driver:
        told = driver.do(bytes([0xA3, 0x0C, 0, 0, 0, 0, 0, 0, 4, 0]), room=1024).data
        entries = [told[at : at + 8] for at in range(4, 4 + int.from_bytes(told[:4]), 8)]
        assert len(told) == 4 + 8 * len(entries)
        assert [int.from_bytes(one[2:4]) for one in entries if one[0] == 0x48] == [BLOCK, EXIT]
        assert all(one[5] == 1 for one in entries if one[0] in (0x48, 0xA3, 0x9E))
        assert [supported(driver, action) for action in (OVERWRITE, BLOCK, CRYPTO, EXIT)] == [1, 3, 1, 3]
        assert sanitize(driver, CRYPTO) == REFUSED


@pytest.mark.parametrize("what", [{"sanitize": ()}, {"lists_commands": False}])
def test_one_without_the_command_or_the_list_says_so(tmp_path: Path, what: dict[str, object]) -> None:
    with serving(tmp_path, **what) as driver:  # type: ignore[arg-type]  # a test's shorthand
        listed = driver.do(bytes([0xA3, 0x0C, 0, 0, 0, 0, 0, 0, 4, 0]), room=1024)
        if "sanitize" in what:
            assert 0x48 not in [listed.data[at] for at in range(4, len(listed.data), 8)]
            assert sanitize(driver, BLOCK) == (5, 0x20, 0)
        else:
            assert listed.key == (5, 0x20, 0)


def test_a_sanitize_that_runs_tells_how_far_it_is_and_lets_nobody_read(disk: Driver) -> None:
    assert state(disk) == ("idle", None)
    assert sanitize(disk, BLOCK) is None
    for described in (False, True):
        assert state(disk, described=described) == ("running", 0)
    assert disk.do(bytes(6)).key == RUNNING
    assert disk.do(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]), room=SECTOR).key == RUNNING
    assert sanitize(disk, CRYPTO) == RUNNING
    assert disk.do(bytes([0x12, 0, 0, 0, 96, 0]), room=96).status == 0
    assert disk.do(bytes([0x25]), room=8).status == 0


@pytest.mark.parametrize(("action", "leaves"), [(BLOCK, b"\0" * SECTOR), (OVERWRITE, b"\xb5" * SECTOR), (CRYPTO, None)])
def test_a_good_one_leaves_nothing_of_before(tmp_path: Path, action: int, leaves: bytes | None) -> None:
    parameters = b"\x01\x00\x00\x01\xb5" if action == OVERWRITE else b""
    with serving(tmp_path, Behaviour(erase_seconds=0.3)) as driver:
        before = read(driver)
        assert sanitize(driver, action, parameters=parameters) is None
        assert ended(driver) == "idle"
        assert read(driver, SECTORS - 1) != before
        if leaves is not None:
            assert read(driver, SECTORS - 1) == leaves
    assert find_pattern(tmp_path / "disk.img") is None


@pytest.mark.parametrize(
    "parameters",
    [b"", b"\x00\x00\x00\x01\xb5", b"\x01\x00\x00\x02\xb5", b"\x01\x00\x00\x00"],
)
def test_an_overwrite_needs_passes_and_a_pattern_of_its_length(disk: Driver, parameters: bytes) -> None:
    assert sanitize(disk, OVERWRITE, parameters=parameters) == (5, 0x26, 0)
    assert state(disk) == ("idle", None)


def test_one_that_is_waited_for_answers_at_its_end(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase_seconds=0.3)) as driver:
        assert sanitize(driver, CRYPTO, flags=0) is None
        assert state(driver) == ("idle", None)
    assert find_pattern(tmp_path / "disk.img") is None


def test_one_that_is_waited_for_keeps_nobody_waiting(disk: Driver) -> None:
    """SBC-4 4.11: what is let through is answered, all else is refused."""
    disk.give(bytes([0x48, CRYPTO]).ljust(16, b"\0"))
    disk.client.read32(0, 20)  # it has taken the first before the second lies where that lay
    disk.give(bytes([0x03, 0, 0, 0, 96, 0]).ljust(16, b"\0"), room=96)
    disk.client.wait_interrupt(3)
    assert struct.unpack("<H", disk.client.peek(RING + 0x2002, 2)) == (1,), "not both"
    assert status_in(parse_sense(disk.client.peek(DATA + 0x90000, 18))).state == "running"
    disk.give(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]).ljust(16, b"\0"), room=SECTOR)
    disk.client.wait_interrupt(3)
    assert struct.unpack("<H", disk.client.peek(RING + 0x2002, 2)) == (2,)
    assert disk.client.peek(DATA + 0x8000A, 1) == b"\2"
    assert status_in(parse_sense(disk.client.peek(DATA + 0x8000C, 18))).state == "running"


def test_one_that_is_waited_for_and_fails_says_so_at_its_end(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase=Outcome.FAILS, erase_seconds=0.3)) as driver:
        assert sanitize(driver, CRYPTO, flags=0) == FAILED
        assert state(driver) == ("failed", None)


def test_a_command_that_is_aborted_lets_others_be_answered(disk: Driver) -> None:
    disk.give(bytes([0x48, CRYPTO]).ljust(16, b"\0"))
    disk.client.write_region(0, 22, struct.pack("<H", CONTROL))
    for at, address in ((32, RING + 0x4000), (40, RING + 0x5000), (48, RING + 0x6000)):
        disk.client.write32(0, at, address)
    disk.client.write_region(0, 24, struct.pack("<H", 16))
    disk.client.write_region(0, 28, b"\1\0")
    disk.client.poke(DATA + 0x3000, struct.pack("<II8sQ", 0, 0, bytes([1, 0, 0x40, 0]), 7))
    disk.client.poke(RING + 0x4000, struct.pack("<QIHH", DATA + 0x3000, 24, 1, 1))
    disk.client.poke(RING + 0x4010, struct.pack("<QIHH", DATA + 0x4000, 1, 2, 0))
    disk.client.poke(RING + 0x5002, struct.pack("<H", 1))
    disk.client.write_region(0, 0x2000, struct.pack("<H", CONTROL))
    disk.give(bytes([0x03, 0, 0, 0, 96]).ljust(16, b"\0"), room=96)
    disk.client.wait_interrupt(3)
    assert struct.unpack("<H", disk.client.peek(RING + 0x2002, 2)) == (1,), "what was aborted never comes"
    sense = parse_sense(disk.client.peek(DATA + 0x90000, 18))
    assert status_in(sense).state == "running", "the sanitize goes on"


def test_a_failed_one_is_left_only_by_another(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase=Outcome.FAILS, erase_seconds=0.3)) as driver:
        assert sanitize(driver, BLOCK) is None
        assert ended(driver) == "failed"
        assert driver.do(bytes([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]), room=SECTOR).key == FAILED
        assert sanitize(driver, EXIT) == REFUSED
        assert sanitize(driver, BLOCK, flags=IMMED | AUSE) == REFUSED
        assert sanitize(driver, BLOCK) is None
    assert find_pattern(tmp_path / "disk.img") is not None


def test_a_failed_one_that_allowed_it_is_left_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase=Outcome.FAILS, erase_seconds=0.3)) as driver:
        assert sanitize(driver, BLOCK, flags=IMMED | AUSE) is None
        assert ended(driver) == "failed"
        assert sanitize(driver, EXIT) is None
        assert state(driver) == ("idle", None)


def test_others_refuse_lie_or_hang(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase=Outcome.REFUSES)) as driver:
        assert sanitize(driver, BLOCK) == REFUSED
    with serving(tmp_path, Behaviour(erase=Outcome.LIES, erase_seconds=0.2)) as driver:
        before = read(driver)
        assert sanitize(driver, BLOCK) is None
        assert ended(driver) == "idle"
        assert read(driver) == before
    with serving(tmp_path, Behaviour(erase=Outcome.HANGS, erase_seconds=0.1, erase_stops_at=0.5)) as driver:
        assert sanitize(driver, BLOCK) is None
        time.sleep(0.3)
        assert state(driver) == ("running", 0x8000)


def test_a_power_cut_does_not_end_it_unless_the_disk_forgets(tmp_path: Path) -> None:
    """VfioClient's end is that of its PC."""
    waits = Behaviour(erase_seconds=1.0, without_power=WithoutPower.WAITS)
    with serving(tmp_path, waits) as driver:
        assert sanitize(driver, BLOCK) is None
    with serving(tmp_path, waits) as driver:
        assert state(driver)[0] == "running"
        assert ended(driver) == "idle"
    assert find_pattern(tmp_path / "disk.img") is None
    with serving(tmp_path, Behaviour(erase=Outcome.FORGETS, erase_seconds=3600)) as driver:
        assert sanitize(driver, BLOCK) is None
    with serving(tmp_path, Behaviour(erase=Outcome.FORGETS)) as driver:
        assert state(driver) == ("idle", None)


@pytest.mark.parametrize(
    ("cdb", "head"), [(bytes([0x37, 0, 0x0C, *bytes(4), 0, 8]), 4), (bytes([0xB7, 0x0C, *bytes(7), 8]), 8)]
)
def test_grown_defects_are_those_of_before_and_the_sectors_replaced_since(
    tmp_path: Path, cdb: bytes, head: int
) -> None:
    behaviour = Behaviour(bad=(BadSectors(first=3, kind=Bad.PENDING),))
    with serving(tmp_path, behaviour, 2) as driver:

        def count() -> int:
            return int.from_bytes(driver.do(cdb, room=8).data[2 if head == 4 else 4 : head]) // 8

        assert count() == 2
        assert driver.do(bytes([0x28, 0, 0, 0, 0, 3, 0, 0, 1, 0]), room=SECTOR).key == (3, 0x11, 4)
        assert driver.do(bytes([0x2A, 0, 0, 0, 0, 3, 0, 0, 1, 0]), out=bytes(SECTOR)).status == 0
        assert count() == 3
        errors = driver.do(bytes([0x4D, 0, 0x43, *bytes(4), 0, 64, 0]), room=64).data
        assert errors == struct.pack(">BBHHBBQ", 3, 0, 12, 6, 3, 8, 1)


def test_what_it_was_told_is_in_its_journal(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase_seconds=0.1)) as driver:
        sanitize(driver, BLOCK)
    entries = [entry for entry in read_journal(tmp_path / "disk.img") if entry["command"] == "48h"]
    assert [entry["cdb"] for entry in entries] == ["4882" + "00" * 14]
