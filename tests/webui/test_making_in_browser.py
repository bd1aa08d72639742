"""Making masters from the page in a real browser, by keyboard: an image is named, taken in, and its end told."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace
from selenium.webdriver import Keys

from netboot.auth.server_keys import load_key
from netboot.jobs.making import Making
from netboot.settings.config import Settings
from netboot.shared.language import Language
from netboot.store import Store
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from tests.store.test_store import part, put_master
from tests.webui.browser import Browser, browser_in
from tests.webui.making_page import *  # noqa: F403 — its fixtures: the store, the inbox, the page
from tests.webui.test_browser import _signed_in_already
from tests.workshop.player import eventually

pytestmark = [pytest.mark.browser, pytest.mark.root]


@pytest.mark.parametrize(("language", "width"), [("fr", 1280), ("en", 360)])
async def test_an_image_is_taken_in_by_keyboard_and_the_page_tells_how_far_it_is(
    tmp_path: Path, application: Application, page: TestServer, store: Store, settings: Settings, makings: Makings,
    image: Path, language: Language, width: int,
) -> None:  # fmt: skip
    t = texts(language)
    put_master(store, "debian-minimal", part("a"), version="13.1", key=load_key(settings.data_folder))
    (tmp_path / "recipes" / "ours.yaml").write_text("name: ours\nsuite: 13\n", encoding="utf-8")

    def write(browser: Browser, label: str, text: str) -> None:
        browser.tab_to(label)
        browser.press(text)

    def name_it(browser: Browser) -> None:
        browser.open(str(page.make_url("/masters")))
        browser.wait_for(t["recipes"])
        browser.shot(tmp_path / "masters.png")
        assert browser.faults() == []
        browser.tab_to(f"{t['import_it']} {image.name}")
        browser.press(Keys.ENTER)
        browser.wait_for(t["import_checked"])
        assert browser.faults() == []
        write(browser, t["called_name"], "ecole")
        write(browser, t["called_title"], "École")
        write(browser, t["called_licence"], "LicenseRef-Debian-main")
        browser.shot(tmp_path / "import.png")
        browser.press(Keys.ENTER)
        browser.wait_for(t["making_of_import"].format(name="ecole"))
        browser.wait_for(t["making_meanwhile"])
        browser.shot(tmp_path / "running.png")
        assert browser.faults() == []
        browser.tab_to(t["making_stop"])

    def is_told(browser: Browser) -> None:
        browser.wait_for(t["making_look"])
        assert browser.focused.get_attribute("id") == "making", "the button is gone; who was at it goes on from here"
        browser.shot(tmp_path / "done.png")
        assert browser.faults() == []
        browser.tab_to(t["making_account"])
        browser.press(Keys.ENTER)
        browser.wait_for("What it is:")
        browser.shot(tmp_path / "account.png")
        assert browser.faults() == []
        browser.tab_to(t["making_look"])  # from the page's top again
        browser.press(Keys.ENTER)
        browser.wait_for("LicenseRef-Debian-main")
        assert browser.complaints() == []

    with browser_in(tmp_path / "browser", width=width) as browser:
        await asyncio.to_thread(_signed_in_already, browser, application, page, language)
        with store.exclusive():  # as a clean-up does: the import waits for it
            await asyncio.to_thread(name_it, browser)
        await eventually(lambda: not makings.runs)
        await asyncio.to_thread(is_told, browser)


@pytest.mark.parametrize(("language", "width"), [("fr", 360), ("en", 1280)])
async def test_what_is_told_of_a_build_is_readable_as_it_goes_on_and_when_it_fails(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, makings: Makings,
    language: Language, width: int,
) -> None:  # fmt: skip
    t = texts(language)
    making = Making(id="m", kind="build", name="ecole", source="ecole.yaml", began=1_800_000_000.0)
    failed = replace(
        making, state="failed", ended=1_800_000_600.0, message=f"mmdebstrap ended with status 25 {'x' * 200}",
        step="downloading",
        hint="tried: mmdebstrap --mode=root\nE: Failed to fetch " + "http://deb.debian.org/debian/" + "y" * 100,
    )  # fmt: skip
    workshop.record.makings.begin(making, "anne")
    workshop.record.makings.end(failed)
    await makings.recover()

    def look() -> None:
        with browser_in(tmp_path / "browser", width=width) as browser:
            _signed_in_already(browser, application, page, language)
            browser.open(str(page.make_url("/masters")))
            browser.wait_for(t["making_why_failed"])
            browser.shot(tmp_path / "failed.png")
            assert browser.faults() == []

    await asyncio.to_thread(look)


async def test_a_file_whose_name_is_taken_is_not_sent(
    tmp_path: Path, application: Application, page: TestServer, makings: Makings, image: Path
) -> None:
    other = tmp_path / "other.raw"
    other.write_bytes(b"other")
    taken = tmp_path / image.name
    taken.write_bytes(b"taken")

    def choose() -> None:
        with browser_in(tmp_path / "browser") as browser:
            _signed_in_already(browser, application, page, "en")
            browser.open(str(page.make_url("/masters")))
            field = browser.driver.find_element("id", "upload")
            field.send_keys(str(taken))
            says = "return document.getElementById('upload').validationMessage"
            assert browser.driver.execute_script(says) == texts("en")["upload_taken"]
            field.send_keys(str(other))
            assert browser.driver.execute_script(says) == ""

    await asyncio.to_thread(choose)


@pytest.mark.matrix  # the daily run takes in an image by the same way: a build takes minutes
@pytest.mark.timeout(3000)
async def test_debian_minimal_is_built_by_the_button_also_after_a_build_was_stopped_in_the_middle(
    tmp_path: Path, application: Application, page: TestServer, store: Store, makings: Makings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    t = texts("fr")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # else the kept build is copied
    steps: dict[str, None] = {}

    async def watch() -> None:
        async with makings.watch() as changed:
            while True:
                await changed.wait()
                changed.clear()
                if makings.shown is not None and makings.shown.step:
                    steps[makings.shown.step] = None

    def build(browser: Browser) -> None:
        browser.open(str(page.make_url("/masters")))
        browser.wait_for(t["recipes"])
        browser.tab_to(f"{t['recipe_build']} debian-minimal")
        browser.press(Keys.ENTER)
        browser.wait_for(t["making_of_build"].format(name="debian-minimal"))

    async def installs() -> None:
        while makings.shown is None or makings.shown.step != "installing":
            assert makings.shown is None or not makings.shown.making.message
            await asyncio.sleep(0.5)

    def look(browser: Browser) -> None:
        browser.wait_for(t["step_installing"])
        browser.shot(tmp_path / "building.png")
        assert browser.faults() == []

    def stop(browser: Browser) -> None:
        browser.tab_to(t["making_stop"])
        browser.press(Keys.ENTER)

    with browser_in(tmp_path / "browser") as browser:
        await asyncio.to_thread(_signed_in_already, browser, application, page, "fr")
        await asyncio.to_thread(build, browser)
        await installs()
        await asyncio.to_thread(look, browser)
        await asyncio.to_thread(stop, browser)
        await eventually(lambda: makings.shown is not None and (makings.shown.stopping or not makings.runs))
        while makings.runs:  # noqa: ASYNC110 — seconds
            await asyncio.sleep(0.1)
        await asyncio.to_thread(browser.wait_for, t["making_why_stopped"])
        assert str(tmp_path) not in Path("/proc/self/mounts").read_text(encoding="utf-8")
        assert not list((tmp_path / "cache").rglob("*.build")), "what was half made is gone"
        assert store.current("debian-minimal") is None
        watching = asyncio.create_task(watch())
        await asyncio.to_thread(build, browser)
        await eventually(lambda: makings.runs)
        while makings.runs:  # noqa: ASYNC110 — minutes
            await asyncio.sleep(1)
        await asyncio.to_thread(browser.wait_for, t["making_look"])
        assert browser.faults() == []
    watching.cancel()
    assert makings.shown is not None
    assert makings.shown.making.message == ""
    manifest = store.current("debian-minimal")
    assert manifest is not None
    assert manifest.digest == makings.shown.making.digest
    store.require_whole(manifest.digest)
    assert list(steps) == [
        "looking-up", "downloading", "installing", "setting-up", "making-disk", "checking", "packing", "copying",
    ]  # fmt: skip
