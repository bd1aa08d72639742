"""The page of masters in a real browser, by keyboard: readable in any width, and another version given to PCs."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace
from selenium.webdriver import Keys

from netboot.shared.language import Language
from netboot.shared.manifest import Manifest, Origin
from netboot.store import Store
from netboot.store.store import chunk_name
from netboot.webui.texts import texts
from tests.store.test_store import KEY, part, put_master
from tests.webui.browser import browser_in
from tests.webui.shelved import *  # noqa: F403 — its fixtures: the store, and the page that shows it
from tests.webui.test_browser import _signed_in_already

pytestmark = pytest.mark.browser
LONG = "Système pour les classes de CE2, avec GCompris, Tux Paint, TuxMath, LibreOffice et les polices pour dyslexiques"


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("en", 360)])
async def test_it_is_readable_and_another_version_is_given_by_keyboard(
    tmp_path: Path, application: Application, page: TestServer, store: Store, versions: tuple[Manifest, Manifest],
    language: Language, width: int,
) -> None:  # fmt: skip
    t, (old, new) = texts(language), versions
    origin = Origin(workshop="Atelier " + "x" * 100, key="ab" * 32, manifest="cd" * 32)
    school = replace(put_master(store, "ecole-" + "y" * 50, part("x"), version="1"), title=LONG, origin=(origin,))
    store.publish(replace(school, version="2026-" + "z" * 50), KEY)
    put_master(store, "half", part("h"), part("i"))
    store.blobs.remove(chunk_name(put_master(store, "half", part("h"), version="2").chunks[0].sha256))

    def give() -> None:
        with browser_in(tmp_path / "browser", width=width, zoom=1.0) as browser:
            _signed_in_already(browser, application, page, language)
            browser.open(str(page.make_url("/masters")))
            browser.wait_for(t["master_lacking"])
            browser.shot(tmp_path / "masters.png")
            assert browser.faults() == []
            named = t["master_use_of"].format(name=old.name, version=old.version)
            browser.tab_to(f"{t['master_use']} {named}")
            browser.press(Keys.ENTER)
            browser.wait_for(t["master_in_use"])
            assert browser.faults() == []

    await asyncio.to_thread(give)
    current = store.current(old.name)
    assert current is not None
    assert current.version == old.version != new.version
