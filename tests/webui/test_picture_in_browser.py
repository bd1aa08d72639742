"""A picture of a paper's QR code, given to “Check” in a real browser, which makes grey dots of it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import WebDriverWait

from netboot.auth.certificate_keys import load_certificate_keys
from netboot.certificates.compose import compose
from netboot.certificates.issue import issue
from netboot.certificates.layout import laid_out
from netboot.certificates.pdf import make_pictures
from netboot.certificates.values import Workshop as Issuer
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.browser import WITHIN, Browser, browser_in
from tests.webui.test_papers import application, wiped_visit

__all__ = ["application"]
pytestmark = pytest.mark.browser


async def test_a_picture_of_the_code_is_read_and_its_seal_checked(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, server: TestServer
) -> None:
    visit = await wiped_visit(workshop, server)
    paper = compose(workshop.record.papers.of_visit(visit), Issuer(), software="netboot")
    assert paper is not None
    issued = issue(paper, load_certificate_keys(tmp_path / "data")).issued
    names = []
    for number, png in enumerate(make_pictures(laid_out(issued, "fr"), dots=120)):
        names.append(tmp_path / f"page-{number}.png")
        names[-1].write_bytes(png)
    words = {"fr": "Sceau (texte du code QR) : intact", "en": "Seal (text of the QR code): whole"}
    found: list[str] = []

    def give(browser: Browser, name: Path) -> None:
        browser.open(str(page.make_url("/verify")))
        browser.driver.find_element("id", "file").send_keys(str(name))
        taken = "const f = document.getElementById('file').files[0]; return f && f.name === 'picture.pgm'"
        WebDriverWait(browser.driver, WITHIN).until(lambda driver: driver.execute_script(taken))
        for _ in ("the link above the page", "the form's button"):
            browser.tab_to(texts("fr")["verify_button"])
        browser.press(Keys.ENTER)
        browser.wait_for(texts("fr")["verify_found"])
        assert browser.faults() == []
        found.append(browser.text)

    with browser_in(tmp_path / "browser") as browser:
        for name in names:
            await asyncio.to_thread(give, browser, name)
        assert await asyncio.to_thread(browser.complaints) == []
    assert any(words["fr"] in text for text in found)
    assert any("aucun code QR de netboot ne s'y lit" in text for text in found)
