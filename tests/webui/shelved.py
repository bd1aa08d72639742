"""A store of masters, and the page that shows it: fixtures for the tests that look at that page."""

from pathlib import Path

import pytest
from aiohttp.web import Application

from netboot.serve.shelf import StoreShelf
from netboot.settings.config import Settings
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.web import page_application
from netboot.workshop.greeting import Workshop
from tests.store.test_store import PUBLIC, part, put_master
from tests.webui.conftest import HASH, OPERATOR


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", accepts=PUBLIC)


@pytest.fixture
def versions(store: Store) -> tuple[Manifest, Manifest]:
    """Two versions of debian-minimal, which a profile gives to PCs; the second is current."""
    return (
        put_master(store, "debian-minimal", part("a"), part("b"), version="13.1"),
        put_master(store, "debian-minimal", part("b"), part("c"), version="13.2"),
    )


@pytest.fixture
async def application(workshop: Workshop, store: Store) -> Application:
    workshop.record.people.set_operator(OPERATOR, HASH)
    return await page_application(workshop, Settings(), shelf=StoreShelf(store))
