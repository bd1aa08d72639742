"""A workshop that takes captures, and the page that shows it: for the tests in which a person captures a PC."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp.web import Application
from msgspec.structs import replace

from netboot.records.record import Record
from netboot.serve.shelf import StoreShelf
from netboot.serve.workbench import StoreWorkbench
from netboot.settings.config import Settings
from netboot.shared.inventory import Disk, Inventory
from netboot.store import Store
from netboot.web import page_application
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from tests.webui.conftest import HASH, OPERATOR
from tests.workshop.capturing import capturing_workshop, disk_at, store_in
from tests.workshop.conftest import pc as pc_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


@pytest.fixture
def workshop(record: Record, store: Store) -> Workshop:
    return capturing_workshop(record, store)


@pytest.fixture
def makings(record: Record, store: Store) -> Makings:
    return Makings(record, store.current)


@pytest.fixture
async def application(workshop: Workshop, store: Store, makings: Makings, tmp_path: Path) -> Application:
    workshop.record.people.set_operator(OPERATOR, HASH)
    settings = Settings(data=f"{tmp_path}/data")
    workbench = StoreWorkbench(settings)
    return await page_application(workshop, settings, shelf=StoreShelf(store), workbench=workbench, makings=makings)


DISK = disk_at(Path("/dev/sda"), 64 << 20)


def pc(disks: Sequence[Disk] = (DISK,)) -> Inventory:
    return replace(pc_of(1), disks=tuple(disks))
