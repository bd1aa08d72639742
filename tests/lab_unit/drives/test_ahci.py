"""A lab AHCI controller, asked as a driver asks it: over a real socket, by registers and memory (AHCI 1.3.1)."""

import json
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from netboot.lab.disks import create_used, find_pattern
from netboot.lab.drives.ahci.hba import ABAR
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import Freezes, SataDisk
from netboot.lab.drives.ata.command import SECTOR, Op
from netboot.lab.drives.ata.model import AtaModel
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour, Outcome, WithoutPower
from tests.lab_unit.drives.client import VfioClient
from tests.lab_unit.drives.conftest import served

SECTORS = 512
CAP, GHC, IS, PI, VS = 0x00, 0x04, 0x08, 0x0C, 0x10
CLB, FB, PXIS, PXIE, CMD, TFD, SIG, SSTS, SCTL, SERR, CI = (
    0x00, 0x08, 0x10, 0x14, 0x18, 0x20, 0x24, 0x28, 0x2C, 0x30, 0x38,
)  # fmt: skip
LIST, RECEIVED, TABLES, DATA = 0x10000, 0x20000, 0x30000, 0x100000
TASK_FILE_ERROR, FATAL = 1 << 30, 1 << 29


@dataclass
class Driver:
    """What a driver does: sets a port up, builds commands in memory, rings, and looks at what came."""

    client: VfioClient
    port: int = 0
    slots: set[int] = field(default_factory=set)

    def read(self, register: int) -> int:
        return self.client.read32(ABAR, 0x100 + 0x80 * self.port + register)

    def write(self, register: int, value: int) -> None:
        self.client.write32(ABAR, 0x100 + 0x80 * self.port + register, value)

    def start(self) -> None:
        """§10.1.2: areas, received frames, interrupts, the command list."""
        base = self.port * 0x1000
        self.write(CLB, LIST + base)
        self.write(FB, RECEIVED + base)
        self.write(CMD, 1 << 4)
        self.write(SERR, 0xFFFFFFFF)
        self.write(PXIE, 0xFFFFFFFF)
        self.client.write32(ABAR, GHC, 1 << 31 | 2)
        self.write(CMD, 1 << 4 | 1)

    def prepare(
        self,
        op: int,
        *,
        slot: int = 0,
        lba: int = 0,
        count: int = 0,
        feature: int = 0,
        data: bytes = b"",
        room: int = 0,
    ) -> None:
        """A command in a slot, its data in two pieces of memory."""
        low, high = lba.to_bytes(6, "little")[:3], lba.to_bytes(6, "little")[3:]
        device = 0x40 | (high[0] & 0xF if op < 0x24 or op > 0x80 else 0)
        frame = bytes([0x27, 0x80, op, feature & 0xFF, *low, device, *high, feature >> 8, count & 0xFF, count >> 8])
        size = len(data) or room
        at = DATA + self.port * 0x400000 + slot * 0x20000
        pieces = [(at, size // 2), (at + 0x10000, size - size // 2)] if size else []
        table = TABLES + self.port * 0x8000 + slot * 0x400
        self.client.poke(table, frame.ljust(20, b"\0"))
        for number, (address, length) in enumerate(pieces):
            self.client.poke(table + 0x80 + 16 * number, struct.pack("<QII", address, 0, length - 1))
            if data:
                self.client.poke(address, data[:length] if number == 0 else data[-length:])
        header = 5 | bool(data) << 6 | len(pieces) << 16
        self.client.poke(LIST + self.port * 0x1000 + 32 * slot, struct.pack("<IIQ", header, 0, table))
        self.slots.add(slot)

    def ring(self) -> None:
        self.write(CI, sum(1 << slot for slot in self.slots))
        self.slots.clear()

    def finish(self, within: float = 20) -> int:
        """Wait until the port has a cause; clears and returns it, as an interrupt handler does."""
        self.client.wait_interrupt(within=within)
        assert self.client.read32(ABAR, IS) >> self.port & 1
        cause = self.read(PXIS)
        self.write(PXIS, cause)
        self.client.write32(ABAR, IS, 1 << self.port)
        return cause

    def do(self, op: int, **command: int | bytes) -> int:
        self.prepare(op, **command)  # type: ignore[arg-type]
        self.ring()
        return self.finish()

    def result(self, size: int, slot: int = 0) -> bytes:
        at = DATA + self.port * 0x400000 + slot * 0x20000
        return self.client.peek(at, size // 2) + self.client.peek(at + 0x10000, size - size // 2)

    def serial(self) -> str:
        """The serial number in what IDENTIFY DEVICE brought."""
        return struct.pack(">10H", *struct.unpack("<256H", self.result(512))[10:20]).decode().strip()

    def moved(self, slot: int = 0) -> int:
        """PRDBC: how many bytes the controller says that it moved."""
        return int.from_bytes(self.client.peek(LIST + self.port * 0x1000 + 32 * slot + 4, 4), "little")

    def frame(self, offset: int) -> bytes:
        return self.client.peek(RECEIVED + self.port * 0x1000 + offset, 20)

    def status(self) -> int:
        return self.read(TFD) & 0xFF


@contextmanager
def serving(folder: Path, *behaviours: Behaviour, freezes: Freezes = Freezes.NEVER) -> Iterator[Path]:
    """A controller on its socket, with a disk of old data for each behaviour."""
    disks = []
    for number, behaviour in enumerate(behaviours):
        image = folder / f"disk{number}.img"
        if not image.exists():
            create_used(image, SECTORS * SECTOR, f"AHCI{number}")
        disks.append(SataDisk(os.fspath(image), AtaModel(serial=f"AHCI{number}"), behaviour, freezes))
    path = folder / "drive.sock"
    with served(AhciSpec(os.fspath(path), tuple(disks))):
        yield path


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with serving(tmp_path, Behaviour()) as path, VfioClient(path) as client:
        driver = Driver(client)
        driver.start()
        yield driver


def test_the_pci_function_is_an_ahci_controller_with_its_registers_in_bar_5(driver: Driver) -> None:
    assert driver.client.read_region(7, 9, 3) == bytes([0x01, 0x06, 0x01])
    driver.client.write_region(7, 0x24, b"\xff\xff\xff\xff")
    assert driver.client.read_region(7, 0x24, 4) == (0x100000000 - 0x2000).to_bytes(4, "little")


def test_a_spec_is_json_that_says_what_is_wrong_with_it() -> None:
    disk = {"image": "disk.img", "model": {"serial": "A", "wwn": 0x5000C50012345678}, "behaviour": {"erase": "lies"}}
    spec = {"kind": "ahci", "socket": "drive.sock", "disks": [disk]}
    read = msgspec.json.decode(json.dumps(spec), type=AhciSpec)
    assert read.disks[0].behaviour.erase is Outcome.LIES
    wrongs: list[dict[str, object]] = [{"disks": []}, {"disks": [disk | {"colour": "red"}]}, {"kind": "ide"}]
    for wrong in wrongs:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(spec | wrong), type=AhciSpec)


def test_3_1_the_generic_registers(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(), Behaviour()) as path, VfioClient(path) as client:
        assert client.read32(ABAR, CAP) & 0x1F == 1
        assert client.read32(ABAR, CAP) >> 31 == 1
        assert client.read32(ABAR, CAP) >> 30 & 1 == 0, "there is no NCQ"
        assert client.read32(ABAR, PI) == 3
        assert client.read32(ABAR, VS) == 0x00010301
        assert client.read32(ABAR, GHC) == 1 << 31


def test_3_3_a_port_shows_link_and_signature_of_its_disk(driver: Driver) -> None:
    assert driver.read(SSTS) == 0x133
    assert driver.read(SIG) == 0x101
    assert driver.status() == 0x50
    assert driver.frame(0x40)[:4] == bytes([0x34, 0, 0x50, 1])
    assert driver.read(CMD) & 0xC000 == 0xC000


def test_identify_device_comes_by_pio(driver: Driver) -> None:
    assert driver.do(Op.IDENTIFY_DEVICE, room=512) == 2
    data = driver.result(512)
    assert sum(data) % 256 == 0
    assert driver.serial() == "AHCI0"
    setup = driver.frame(0x20)
    assert (setup[0], setup[15], int.from_bytes(setup[16:18], "little")) == (0x5F, 0x50, 512)
    assert driver.moved() == 512
    assert driver.read(CI) == 0


def test_a_write_and_a_read_by_dma(driver: Driver, tmp_path: Path) -> None:
    data = os.urandom(16 * SECTOR)
    assert driver.do(Op.WRITE_DMA_EXT, lba=100, count=16, data=data) == 1
    assert driver.moved() == len(data)
    assert (tmp_path / "disk0.img").read_bytes()[100 * SECTOR : 116 * SECTOR] == data
    assert driver.do(Op.READ_DMA_EXT, lba=100, count=16, room=len(data)) == 1
    assert driver.result(len(data)) == data


def test_several_commands_at_once_are_done_one_after_the_other(driver: Driver) -> None:
    for slot in range(8):
        driver.prepare(Op.READ_DMA_EXT, slot=slot, lba=slot, count=1, room=SECTOR)
    driver.ring()
    driver.finish()
    assert driver.read(CI) == 0
    assert len({driver.result(SECTOR, slot) for slot in range(8)}) == 1
    assert all(driver.moved(slot) == SECTOR for slot in range(8))


def test_registers_of_28_and_of_48_bits_come_back_whole(driver: Driver) -> None:
    driver.do(Op.READ_NATIVE_MAX_EXT)
    frame = driver.frame(0x40)
    assert int.from_bytes(frame[4:7] + frame[8:11], "little") == SECTORS - 1
    driver.do(Op.SANITIZE, feature=0x12, lba=0x426B4572)
    assert int.from_bytes(driver.frame(0x40)[12:14], "little") == 1 << 14


def test_6_2_2_1_an_error_stops_the_port_until_its_engine_is_started_anew(driver: Driver) -> None:
    driver.prepare(Op.READ_DMA_EXT, slot=3, lba=SECTORS, count=1, room=SECTOR)
    driver.prepare(Op.READ_DMA_EXT, slot=4, count=1, room=SECTOR)
    driver.ring()
    assert driver.finish() & TASK_FILE_ERROR
    assert driver.read(TFD) == 0x1051
    assert driver.read(CMD) >> 8 & 0x1F == 3
    assert driver.read(CI) == 1 << 3 | 1 << 4
    driver.write(CMD, 1 << 4)
    assert driver.read(CI) == 0
    driver.write(CMD, 1 << 4 | 1)
    assert driver.do(Op.READ_DMA_EXT, count=1, room=SECTOR) == 1


def test_an_unreadable_sector_is_named_in_the_frame(tmp_path: Path) -> None:
    behaviour = Behaviour(bad=(BadSectors(first=77, kind=Bad.UNREADABLE),))
    with serving(tmp_path, behaviour) as path, VfioClient(path) as client:
        driver = Driver(client)
        driver.start()
        assert driver.do(Op.READ_DMA_EXT, lba=70, count=16, room=16 * SECTOR) & TASK_FILE_ERROR
        assert driver.frame(0x40)[2:5] == bytes([0x51, 0x40, 77])


@pytest.mark.parametrize("broken", ["list", "table", "data"])
def test_memory_that_is_not_there_is_a_fatal_error_and_ends_nothing(driver: Driver, broken: str) -> None:
    driver.prepare(Op.READ_DMA_EXT, count=1, room=SECTOR)
    if broken == "list":
        driver.write(CLB, 0xF0000000)
    elif broken == "table":
        driver.client.poke(LIST, struct.pack("<IIQ", 5 | 1 << 16, 0, 0xF0000000))
    else:
        driver.client.poke(TABLES + 0x80, struct.pack("<QII", 0xF0000000, 0, SECTOR - 1))
    driver.ring()
    assert driver.finish() & FATAL
    driver.write(CMD, 0)
    driver.start()
    assert driver.do(Op.READ_DMA_EXT, count=1, room=SECTOR) == 1


def test_10_4_2_a_comreset_takes_the_link_down_and_brings_it_up(driver: Driver) -> None:
    driver.write(CMD, 1 << 4)
    driver.write(SCTL, 0x301)
    assert driver.read(SSTS) & 0xF == 0
    assert driver.read(SIG) == 0xFFFFFFFF
    driver.write(SCTL, 0x300)
    assert driver.read(SSTS) == 0x133
    assert driver.read(SERR) & 1 << 26
    assert driver.read(PXIS) & 1 << 6
    driver.write(SERR, 0xFFFFFFFF)
    assert driver.read(PXIS) & 1 << 6 == 0
    assert (driver.read(SIG), driver.status()) == (0x101, 0x50)


def test_10_4_1_a_software_reset_is_two_frames(driver: Driver) -> None:
    for control in (4, 0):
        driver.prepare(0)
        driver.client.poke(TABLES, bytes([0x27, 0]).ljust(15, b"\0") + bytes([control]) + bytes(4))
        driver.ring()
        while driver.read(CI):
            time.sleep(0.001)
    assert driver.frame(0x40)[:7] == bytes([0x34, 0, 0x50, 1, 1, 0, 0])
    assert driver.status() == 0x50


def test_10_4_3_a_reset_of_the_controller_forgets_its_registers(driver: Driver) -> None:
    driver.client.write32(ABAR, GHC, 1 << 31 | 1)
    assert driver.client.read32(ABAR, GHC) == 1 << 31
    assert driver.read(CLB) == driver.read(PXIE) == 0
    assert driver.read(SSTS) == 0x133
    driver.start()
    assert driver.do(Op.READ_DMA_EXT, count=1, room=SECTOR) == 1


def test_10_7_a_cause_that_stays_interrupts_again(driver: Driver) -> None:
    driver.prepare(Op.READ_DMA_EXT, count=1, room=SECTOR)
    driver.ring()
    driver.client.wait_interrupt()
    driver.client.write32(ABAR, IS, 1)
    assert driver.finish() == 1


def test_each_port_has_its_disk_and_its_bit(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(), Behaviour()) as path, VfioClient(path) as client:
        first, second = Driver(client, 0), Driver(client, 1)
        first.start()
        second.start()
        for number, driver in ((0, first), (1, second)):
            driver.do(Op.IDENTIFY_DEVICE, room=512)
            assert driver.serial() == f"AHCI{number}"


def password(data: bytes = b"netboot") -> bytes:
    return struct.pack("<H32s", 0, data).ljust(SECTOR, b"\0")


def test_an_erase_keeps_the_port_busy_and_ends_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase_seconds=5)) as path, VfioClient(path) as client:
        driver = Driver(client)
        driver.start()
        driver.do(Op.SECURITY_SET_PASSWORD, data=password())
        driver.do(Op.SECURITY_ERASE_PREPARE)
        driver.prepare(Op.SECURITY_ERASE_UNIT, data=password())
        driver.ring()
        assert driver.status() & 0x80
        assert driver.read(CI) == 1
        assert driver.finish() == 1
        assert driver.status() == 0x50
    assert find_pattern(tmp_path / "disk0.img") is None


def test_a_comreset_frees_a_port_whose_erase_hangs(tmp_path: Path) -> None:
    with serving(tmp_path, Behaviour(erase=Outcome.HANGS, erase_seconds=0.1)) as path, VfioClient(path) as client:
        driver = Driver(client)
        driver.start()
        driver.do(Op.SECURITY_SET_PASSWORD, data=password())
        driver.do(Op.SECURITY_ERASE_PREPARE)
        driver.prepare(Op.SECURITY_ERASE_UNIT, data=password())
        driver.ring()
        time.sleep(0.5)
        assert driver.status() & 0x80
        driver.write(CMD, 1 << 4)
        driver.write(SCTL, 0x301)
        driver.write(SCTL, 0x300)
        driver.start()
        driver.do(Op.IDENTIFY_DEVICE, room=512)
        assert driver.result(512)[256] & 2, "its password is still there"


def test_a_power_cut_is_a_client_that_goes_and_what_lasts_is_there_for_the_next_process_too(tmp_path: Path) -> None:
    behaviour = Behaviour(erase_seconds=60, without_power=WithoutPower.WAITS)
    with serving(tmp_path, behaviour) as path:
        with VfioClient(path) as client:
            driver = Driver(client)
            driver.start()
            driver.do(Op.SECURITY_SET_PASSWORD, data=password())
            driver.do(Op.SANITIZE, feature=0x12, lba=0x426B4572)
        with VfioClient(path) as client:
            driver = Driver(client)
            driver.start()
            driver.do(Op.IDENTIFY_DEVICE, room=512)
            assert driver.result(512)[256] & 6 == 6, "locked by its password"
    with serving(tmp_path, behaviour) as path, VfioClient(path) as client:
        driver = Driver(client)
        driver.start()
        driver.do(Op.SANITIZE)
        assert int.from_bytes(driver.frame(0x40)[12:14], "little") == 1 << 14


def frozen(driver: Driver) -> bool:
    driver.do(Op.IDENTIFY_DEVICE, room=512)
    return bool(driver.result(512)[256] & 8)


def test_a_bus_reset_thaws_a_disk_that_was_in_standby_and_no_other(driver: Driver) -> None:
    driver.do(Op.SECURITY_FREEZE_LOCK)
    driver.client.call(13)
    driver.start()
    assert frozen(driver)
    driver.do(Op.STANDBY_IMMEDIATE)
    driver.client.call(13)
    driver.start()
    assert not frozen(driver)


@pytest.mark.parametrize(
    ("freezes", "at_start", "awake"),
    [(Freezes.NEVER, False, False), (Freezes.AT_START, True, False), (Freezes.ALWAYS, True, True)],
)
def test_a_pc_whose_firmware_freezes_its_disks(tmp_path: Path, freezes: Freezes, at_start: bool, awake: bool) -> None:
    with serving(tmp_path, Behaviour(), freezes=freezes) as path:
        for _ in range(2):
            with VfioClient(path) as client:
                driver = Driver(client)
                driver.start()
                assert frozen(driver) == at_start
                driver.do(Op.STANDBY_IMMEDIATE)
                client.call(13)
                driver.start()
                assert frozen(driver) == awake
