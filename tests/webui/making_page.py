"""A page from which masters are made, with a folder of images and one of recipes: fixtures for its tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.web import Application

from netboot.auth.server_keys import load_key, public_key
from netboot.serve.shelf import StoreShelf
from netboot.serve.workbench import StoreWorkbench
from netboot.settings.config import MastersSettings, Settings
from netboot.shared.process import run
from netboot.store import Store
from netboot.web import page_application
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from tests.masters.images import MIB, SWAP, gpt_disk, sized
from tests.webui.conftest import HASH, OPERATOR


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("data", "inbox", "recipes"):
        (tmp_path / name).mkdir(mode=0o700)
    masters = MastersSettings(recipes=(f"{tmp_path}/recipes",), inbox=f"{tmp_path}/inbox")
    return Settings(data=f"{tmp_path}/data", masters=masters)


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.data_folder / "store", accepts=public_key(load_key(settings.data_folder)))


@pytest.fixture
def image(tmp_path: Path, settings: Settings) -> Path:
    """A disk with swap alone, in the inbox."""
    swap = sized(tmp_path / "swap", 2 * MIB)
    run(["mkswap", swap])
    return gpt_disk(tmp_path, [(SWAP, swap)], name="inbox/old swap.raw", size=8 * MIB)


@pytest.fixture
async def makings(workshop: Workshop, store: Store) -> AsyncIterator[Makings]:
    """At work, as a service of the server."""
    makings = Makings(workshop.record, store.current)
    task = asyncio.create_task(makings.run())
    yield makings
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def application(workshop: Workshop, store: Store, settings: Settings, makings: Makings) -> Application:
    workshop.record.people.set_operator(OPERATOR, HASH)
    return await page_application(
        workshop, settings, shelf=StoreShelf(store), workbench=StoreWorkbench(settings), makings=makings
    )
