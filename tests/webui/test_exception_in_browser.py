"""An exception signed, and a disk noted as taken out, by keyboard alone in a real browser, in French and in English."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from selenium.webdriver import Keys

from netboot.jobs.actor import operator
from netboot.shared.language import Language
from netboot.shared.protocol import Plan, RunStage
from netboot.webui.exception_texts import BECAME
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.browser import Browser, browser_in
from tests.webui.conftest import OPERATOR
from tests.webui.test_browser import _signed_in_already
from tests.webui.test_exceptions import DEAD, REASON, SSD, TWO, fail_to_erase
from tests.workshop.conftest import WIPE, hello, row_of
from tests.workshop.player import agent_on

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("en", 360)])
async def test_it_is_signed_by_keyboard_and_read_before(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, server: TestServer,
    language: Language, width: int,
) -> None:  # fmt: skip
    t = texts(language)

    def sign(browser: Browser, address: str) -> None:
        browser.open(address)
        browser.wait_for(t["exception_help"])
        assert browser.faults() == []
        browser.tab_to(t["take_out_by"])
        browser.press("Karim", Keys.TAB)
        browser.press(*(Keys.ARROW_DOWN for became in BECAME if became != "not-told"))
        browser.press(Keys.TAB, Keys.ENTER)
        browser.wait_for(t["take_out_kept"])
        assert browser.faults() == []
        browser.open(address)
        browser.tab_to(t["exception_reason"].format(least=8, most=400))
        browser.press(REASON, Keys.TAB, Keys.ENTER)
        browser.wait_for(t["exception_paper"])
        assert REASON in browser.text
        assert DEAD.id.serial in browser.text
        assert browser.faults() == []
        browser.tab_to(t["exception_yes"])
        browser.press(Keys.ENTER)
        browser.wait_for(t["exception_begun"])
        assert browser.faults() == []

    async with agent_on(server, hello(TWO)) as (agent, _):
        machine = row_of(workshop).machine
        await workshop.commands.choose(operator(OPERATOR), machine, WIPE.id, SSD.id)
        await fail_to_erase(agent)
        with browser_in(tmp_path / "browser", width=width) as browser:
            await asyncio.to_thread(_signed_in_already, browser, application, page, language)
            await asyncio.to_thread(sign, browser, str(page.make_url(f"/machine/{machine}")))
            assert await asyncio.to_thread(browser.complaints) == []
        await agent.hear(Plan)
        assert isinstance(await agent.order(), RunStage)
    (said,) = workshop.record.exceptions.taken_out(machine)
    assert (said.take_out.taken_by, said.take_out.became, said.who) == ("Karim", "destroyed", OPERATOR)
