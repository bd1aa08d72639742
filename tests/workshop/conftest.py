"""A workshop on a real record, with two PCs that never existed."""

import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.bootmenu.ticket import Picked, issue
from netboot.jobs.profile import Profile
from netboot.records.record import Record, open_record
from netboot.shared.inventory import Board, Cpu, Dimm, Disk, DiskId, Firmware, Inventory, Nic, System
from netboot.shared.protocol import VERSION, Hello
from netboot.shared.stages import StageName
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard, Row
from tests.workshop.player import find_master, serving

TICKET_KEY = b"k" * 32
ALL: tuple[StageName, ...] = ("check", "erase", "deploy", "customise", "finish")
WIPE = Profile(
    id="wipe-and-debian",
    name={"fr": "Effacer, puis installer Debian", "en": "Erase, then install Debian"},
    stages=ALL,
    master="debian-minimal",
)
ERASE = Profile(
    id="erase-only",
    name={"fr": "Effacer les disques", "en": "Erase the disks"},
    stages=("check", "erase", "finish"),
)
LOOK = Profile(id="inventory-only", name={"fr": "Inventaire", "en": "Inventory"}, stages=("check", "finish"))
LOST = Profile(
    id="lost-master",
    name={"fr": "Master perdu", "en": "Lost master"},
    stages=ALL,
    master="not-in-the-store",
)


def disk(serial: str, gigabytes: int = 256) -> Disk:
    """An SSD."""
    return Disk(
        name="nvme0n1",
        id=DiskId(serial=serial, size=gigabytes * 10**9),
        model="SAMSUNG MZVLB256HBHQ",
        transport="nvme",
    )


def pc(number: int = 1, *disks: Disk) -> Inventory:
    """An ordinary PC; the same number is the same PC."""
    return Inventory(
        system=System(
            manufacturer="LENOVO",
            product="ThinkCentre M720q",
            serial=f"PC0X7Q{number:02d}",
            uuid=f"4c1bb2a8-7e52-11ea-9d7a-0862664a{number:04x}",
            chassis="desktop",
        ),
        board=Board(manufacturer="LENOVO", product="3136", serial=f"L1HF9570{number:02d}"),
        firmware=Firmware(vendor="LENOVO", version="M1UKT6BA", date="03/15/2022", mode="uefi", secure_boot="on"),
        memory=8 * 2**30,
        cpus=(Cpu(model="Intel(R) Core(TM) i5-8400T", cores=6, threads=6, mhz=1700),),
        dimms=(Dimm(locator="ChannelA-DIMM0", size=8 * 2**30, kind="DDR4"), Dimm(locator="ChannelB-DIMM0")),
        disks=disks or (disk(f"S4EWNX0N{number:04d}"),),
        nics=(Nic(name="eth0", mac=f"98:fa:9b:00:00:{number:02x}", driver="e1000e", mbps=1000, boot=True),),
    )


def hello(inventory: Inventory, boot: str = "boot-1", *, token: str = "", profile: str = "") -> Hello:
    """A hello as the agent says it; with a ticket, where something was picked in its menu."""
    mac = next(nic.mac for nic in inventory.nics if nic.boot)
    digest = next((known.digest for known in (WIPE, ERASE, LOOK, LOST) if known.id == profile), "")
    picked = Picked(profile, mac, inventory.system.uuid, digest=digest)
    return Hello(
        version=VERSION,
        boot=boot,
        token=token,
        profile=profile,
        ticket=issue(TICKET_KEY, picked, now=time.time()) if profile else "",
        menu_mac=mac,
        inventory=inventory,
    )


def boarded(number: int, batch: str) -> Hello:
    """The hello of a PC whose menu had this batch armed."""
    said = hello(pc(number), f"boot-{number}")
    picked = Picked("", said.menu_mac, said.inventory.system.uuid, batch)
    return replace(said, batch=batch, ticket=issue(TICKET_KEY, picked, now=time.time()))


def new_workshop(record: Record) -> Workshop:
    """A server that was just started on this record."""
    return Workshop(
        record, LiveBoard(time.time), [WIPE, ERASE, LOOK, LOST], find_master, wait=600, ticket_key=TICKET_KEY
    )


def row_of(workshop: Workshop, number: int = 1) -> Row:
    """The row of this PC on the live board."""
    row = workshop.live_board.row(f"98:fa:9b:00:00:{number:02x}")
    assert row is not None
    return row


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with its tables made: each test begins with a copy."""
    path = tmp_path_factory.mktemp("record") / "empty.sqlite"
    open_record(path).close()
    return path


@pytest.fixture
def record(tmp_path: Path, empty_record: Path) -> Iterator[Record]:
    path = tmp_path / "record.sqlite"
    shutil.copy(empty_record, path)
    with open_record(path) as opened:
        yield opened


@pytest.fixture
def workshop(record: Record) -> Workshop:
    return new_workshop(record)


@pytest.fixture
async def server(workshop: Workshop) -> AsyncIterator[TestServer]:
    async with serving(workshop) as running:
        yield running
