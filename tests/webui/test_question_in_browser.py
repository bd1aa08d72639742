"""A real agent asks, and a person answers: on the page by its keyboard, in a real browser, or at the PC's own."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from selenium.webdriver import Keys

from netboot.shared.language import Language
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.agent.terminals import displays_in
from tests.webui.browser import Browser, browser_in
from tests.webui.test_browser import _signed_in_already, _wait_until_announced
from tests.workshop.asked import QUESTION
from tests.workshop.asking_agent import asking_pc
from tests.workshop.conftest import row_of
from tests.workshop.player import eventually

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("en", 360)])
async def test_a_question_is_announced_and_answered_by_keyboard_and_the_bench_answers_the_next(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, server: TestServer,
    language: Language, width: int,
) -> None:  # fmt: skip
    t, text = texts(language), QUESTION.text.of(language)
    again, leave = (choice.words.of(language) for choice in QUESTION.choices)

    def look(browser: Browser) -> None:
        browser.wait_for(text)
        _wait_until_announced(browser, text)
        assert browser.faults() == []

    def answer_it(browser: Browser, label: str) -> None:
        browser.tab_to(f"{leave} {label}")
        browser.press(Keys.ENTER)
        browser.wait_for(t["stage_answered"])
        assert browser.faults() == []

    with browser_in(tmp_path / "browser", width=width) as browser:
        await asyncio.to_thread(_signed_in_already, browser, application, page, language)
        for number in (1, 2):
            root = tmp_path / str(number)
            root.mkdir()
            with displays_in(root) as (screen, _):
                async with asking_pc(server, root, number=number, language=language) as asking:
                    await asyncio.to_thread(look, browser)
                    if number == 1:
                        await asyncio.to_thread(answer_it, browser, row_of(workshop).label)
                    else:
                        label = row_of(workshop, 2).label
                        await asyncio.to_thread(browser.tab_to, f"{again} {label}")
                        screen.type("2\r")
                    await eventually(asking.visit.done)
                    assert asking.answers == ["leave"]
                    if number == 2:
                        # Under the finger the button stays; it answers nothing any more.
                        focused = await asyncio.to_thread(lambda: browser.focused.accessible_name)
                        assert focused == f"{again} {label}"
                        await asyncio.to_thread(browser.press, Keys.ENTER)
                        await asyncio.to_thread(browser.wait_for, t["error"])
        refused = str(page.make_url("/stage-answer"))
        assert all(said.startswith(refused) for said in await asyncio.to_thread(browser.complaints))
