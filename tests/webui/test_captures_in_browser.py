"""A PC is captured from the page in a real browser, by keyboard: a mistake is told, then corrected."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace
from selenium.webdriver import Keys

from netboot.shared.language import Language
from netboot.shared.protocol import Plan
from netboot.store import Store
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.store.test_store import part, put_master
from tests.webui.browser import Browser, browser_in
from tests.webui.capturing_page import *  # noqa: F403 — its fixtures: the store, the workshop, the page
from tests.webui.capturing_page import DISK, pc
from tests.webui.test_browser import _signed_in_already
from tests.workshop.capturing import CAPTURE, KEY
from tests.workshop.conftest import hello, row_of
from tests.workshop.player import agent_on

pytestmark = [pytest.mark.browser, pytest.mark.root]


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("en", 360)])
async def test_a_capture_is_named_and_begun_by_keyboard(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, server: TestServer, store: Store,
    language: Language, width: int,
) -> None:  # fmt: skip
    t = texts(language)
    put_master(store, "prepared", part("a"), version="1", key=KEY)
    other = replace(DISK, name="sdb", id=replace(DISK.id, serial="OTHER"))

    def write(browser: Browser, label: str, text: str) -> None:
        browser.tab_to(label)
        browser.press(text)  # what Tab comes to is selected

    def capture(browser: Browser) -> None:
        browser.open(str(page.make_url(f"/machine/{row_of(workshop).machine}")))
        browser.tab_to(t["choose_for"].format(machine=row_of(workshop).label))
        browser.press(CAPTURE.name[language])
        browser.tab_to(t["choose"])
        browser.press(Keys.ENTER)
        browser.wait_for(t["capture_reads"])
        assert browser.faults() == []
        browser.tab_to(t["capture_disk"])
        browser.press(Keys.DOWN)
        write(browser, t["called_licence"], "libre")
        browser.tab_to(t["capture_smaller"])
        browser.press(Keys.SPACE)
        browser.press(Keys.ENTER)
        browser.wait_for(t["called_licence-unknown"])
        browser.shot(tmp_path / "mistake.png")
        assert browser.faults() == []
        write(browser, t["called_licence"], "LicenseRef-Debian-main")
        browser.press(Keys.ENTER)
        browser.wait_for(t["called_taken"].format(name="prepared", version="1"))
        browser.shot(tmp_path / "taken.png")
        assert browser.faults() == []
        browser.tab_to(t["capture_again"])
        browser.press(Keys.ENTER)
        browser.wait_for(t["begun"].format(count=1))
        assert browser.complaints() == []

    with browser_in(tmp_path / "browser", width=width) as browser:
        async with agent_on(server, hello(pc([DISK, other]))) as (agent, _):
            await asyncio.to_thread(_signed_in_already, browser, application, page, language)
            await asyncio.to_thread(capture, browser)
            await agent.hear(Plan)
    detail = workshop.record.machines.detail(row_of(workshop).machine)
    options = detail.visits[0].jobs[0].profile.options
    assert options == {
        "capture": {
            "name": "prepared", "title": "Prepared by hand", "licence": "LicenseRef-Debian-main", "version": "",
            "smaller": True,
        }
    }  # fmt: skip
