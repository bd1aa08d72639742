"""The page as a person with a keyboard uses it, in a real browser, in French and in English.

An agent is played over its real line (`tests/workshop/player.py`): the page does not know the difference.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application
from msgspec.structs import replace
from selenium.webdriver import Keys
from selenium.webdriver.support.ui import WebDriverWait

from netboot.jobs.actor import operator
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.shared.inventory import Inventory
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.wording import stage_name, verdict_name
from netboot.webui.keys import sessions_key
from netboot.webui.rule_texts import BATCH_ENDS
from netboot.webui.state_texts import STATES
from netboot.webui.texts import texts
from netboot.webui.visitor import COOKIE, LANGUAGE_COOKIE
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Asked, Conflict, Row
from tests.webui.browser import WITHIN, Browser, browser_in
from tests.webui.conftest import OPERATOR, PASSWORD
from tests.webui.test_disk_questions import EMMC, READER, TWINS
from tests.workshop.asked import LONGEST
from tests.workshop.conftest import WIPE, boarded, disk, hello, pc, row_of
from tests.workshop.player import Agent, agent_on, evidence

OFFICE = "02:1a:9b:00:00:99"
pytestmark = pytest.mark.browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with browser_in(tmp_path / "browser") as opened:
        yield opened


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_by_keyboard_alone_from_signing_in_to_the_last_pc_done(
    browser: Browser, page: TestServer, workshop: Workshop, server: TestServer, language: Language
) -> None:
    t = texts(language)
    address = str(page.make_url("/"))
    async with AsyncExitStack() as stack:
        agents = [
            (await stack.enter_async_context(agent_on(server, hello(pc(number), f"boot-{number}"))))[0]
            for number in (1, 2)
        ]
        await asyncio.to_thread(_sign_in, browser, address, language)
        assert workshop.record.choices.pending() == ()
        await asyncio.to_thread(_choose_for_all, browser, t, WIPE.name[language])
        assert row_of(workshop).state == "working"
        runs = [await _in_the_middle_of_the_erase(agent, pc(number)) for number, agent in enumerate(agents, start=1)]
        await asyncio.to_thread(browser.wait_for, "46 %")
        await asyncio.to_thread(browser.wait_for, stage_name("erase", language))
        for number, (agent, run) in enumerate(zip(agents, runs, strict=True), start=1):
            await agent.finish(run, evidence(run.stage, pc(number)))
            assert await agent.obey(pc(number)) == Leave(action="poweroff")
            await asyncio.to_thread(_wait_for_state, browser, number, STATES["done"][language])
        await asyncio.to_thread(browser.wait_for, verdict_name("erased", language))
    assert await asyncio.to_thread(browser.faults) == []
    assert await asyncio.to_thread(browser.complaints) == []


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_batch_of_two_is_armed_by_keyboard_and_its_places_go_down_before_ones_eyes(
    browser: Browser, application: Application, page: TestServer, workshop: Workshop, server: TestServer,
    language: Language,
) -> None:  # fmt: skip
    t = texts(language)
    await asyncio.to_thread(_signed_in_already, browser, application, page, language)
    await asyncio.to_thread(_arm, browser, t, WIPE.name[language], 2)
    batch = workshop.record.batches.newest()
    assert batch is not None
    async with AsyncExitStack() as stack:
        for number, left in ((1, 1), (2, 0)):
            agent, _ = await stack.enter_async_context(agent_on(server, boarded(number, batch.id)))
            await agent.hear(Plan)
            if left:
                await asyncio.to_thread(browser.wait_for, t["batch_left"].format(left=left, places=2))
        await asyncio.to_thread(browser.wait_for, BATCH_ENDS["full"][language])
        third, _ = await stack.enter_async_context(agent_on(server, boarded(3, batch.id)))
        problem = (await third.hear(Stay)).problem
        await asyncio.to_thread(browser.wait_for, problem.sentence(language))
        await asyncio.to_thread(_wait_for_state, browser, 3, STATES["waiting"][language])
        assert t["batch_disarm"] not in await asyncio.to_thread(lambda: browser.text)
        assert await asyncio.to_thread(browser.faults) == []
        assert await asyncio.to_thread(browser.complaints) == []


async def test_what_is_left_of_a_batch_is_announced_and_its_button_stays_under_the_finger(
    browser: Browser, application: Application, page: TestServer, workshop: Workshop, server: TestServer
) -> None:
    batch = workshop.record.batches.arm(WIPE.id, 5, OPERATOR)
    await workshop.show_batch()
    t = texts("fr")
    await asyncio.to_thread(_signed_in_already, browser, application, page, "fr")
    await asyncio.to_thread(browser.tab_to, t["batch_disarm"])
    async with agent_on(server, boarded(1, batch.id)):
        left = t["batch_left"].format(left=4, places=5)
        await asyncio.to_thread(browser.wait_for, left)
        await asyncio.to_thread(_wait_until_announced, browser, left)
        assert await asyncio.to_thread(lambda: browser.focused.accessible_name) == t["batch_disarm"]
    await asyncio.to_thread(browser.press, Keys.ENTER)
    await asyncio.to_thread(browser.wait_for, t["disarmed"])
    newest = workshop.record.batches.newest()
    assert newest is not None
    assert newest.ending == "disarmed"


async def test_tab_goes_through_the_page_from_top_to_bottom(
    browser: Browser, application: Application, page: TestServer, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        label = row_of(workshop).label
        await asyncio.to_thread(_signed_in_already, browser, application, page, "fr")
        assert await asyncio.to_thread(browser.tab_order) == [
            "Aller au contenu",
            "Les PC",
            "Tous les PC",
            "Systèmes",
            "Vérifier",
            "Papiers",
            "PC à part",
            "Journal",
            "English",
            "Se déconnecter",
            "Profil pour tous les PC qui attendent",
            "Choisir pour tous",
            label,
            f"Profil pour {label}",
            f"Choisir {label}",
            "Profil de la série",
            "Nombre de PC",
            "Armer la série",
        ]


async def test_a_choice_that_is_being_made_is_not_disturbed_by_news_of_its_row(
    browser: Browser, application: Application, page: TestServer, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        row = row_of(workshop)
        await asyncio.to_thread(_signed_in_already, browser, application, page, "fr")
        await asyncio.to_thread(browser.tab_to, f"Profil pour {row.label}")
        await asyncio.to_thread(browser.press, "Eff")
        workshop.live_board.put(replace(row, state="failed", problem=Problem("no-disk")))
        await asyncio.to_thread(browser.wait_for, "Aucun disque interne trouvé")
        assert await asyncio.to_thread(lambda: browser.focused.get_attribute("value")) == WIPE.id
        assert await asyncio.to_thread(lambda: browser.focused.accessible_name) == f"Profil pour {row.label}"
        workshop.live_board.put(replace(row, state="working"))
        await asyncio.to_thread(browser.wait_for, STATES["working"]["fr"])
        await asyncio.to_thread(browser.press, Keys.TAB, Keys.TAB)
        await asyncio.to_thread(_wait_until_gone, browser, f"#pc-{row.mac.replace(':', '-')} form")


async def test_a_change_of_state_is_announced_and_a_lost_server_is_told(
    browser: Browser, application: Application, page: TestServer, workshop: Workshop
) -> None:
    row = workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="waiting", machine="m", label="PC 7"))
    await asyncio.to_thread(_signed_in_already, browser, application, page, "fr")
    for percent in (10, 20):
        workshop.live_board.put(replace(row, state="working", done=percent, total=100))
    await asyncio.to_thread(_wait_for_announcement, browser, "PC 7 : travaille")
    workshop.live_board.tell_conflict(Conflict("10.0.0.100", "98:fa:9b:00:00:02"), 600)
    await asyncio.to_thread(browser.wait_for, "(carte réseau 98:fa:9b:00:00:02) utilise déjà l'adresse 10.0.0.100")
    await page.close()
    await asyncio.to_thread(browser.wait_for, texts("fr")["live_lost"])


@pytest.mark.parametrize(("width", "zoom"), [(1280, 1.0), (640, 2.0), (360, 1.0)])
async def test_every_page_can_be_read_wide_narrow_and_enlarged(
    tmp_path: Path, application: Application, page: TestServer, workshop: Workshop, server: TestServer,
    width: int, zoom: float,
) -> None:  # fmt: skip
    two = pc(1, disk("AAA"), disk("BBB", 512))
    async with (
        agent_on(server, hello(two, "boot-1", profile=WIPE.id)) as (agent, _),
        agent_on(server, hello(pc(2), "boot-2", profile=WIPE.id)) as (other, _),
        agent_on(server, hello(replace(pc(20, *TWINS, EMMC), hidden=(READER,)), "boot-20")),
    ):
        await agent.hear(Plan)
        await agent.obey(two)
        await other.hear(Plan)
        await other.obey(pc(2))
        await workshop.commands.choose(operator(OPERATOR), row_of(workshop, 2).machine, WIPE.id)
        workshop.live_board.put(replace(row_of(workshop), state="working", problem=None, done=1, total=3, rate=1e8))
        for number in range(3, 9):
            workshop.live_board.put(_crowded(number))
        workshop.record.batches.arm(WIPE.id, 20, OPERATOR)
        await workshop.show_batch()
        workshop.live_board.tell_conflict(Conflict("10.0.0.100", "98:fa:9b:00:00:77"), 600)
        denied = Key("mac", "98:fa:9b:00:00:04")
        workshop.policies.set(workshop.record, [denied], Policy(True, "ipxe", "merged", "inventory"), OPERATOR)
        places = ["/", "/machines", "/masters", "/record", "/sign-in", "/policies", f"/address/{OFFICE}"]
        places += [f"/machine/{row_of(workshop, number).machine}" for number in (1, 2, 20)]
        found = await asyncio.to_thread(_faults, tmp_path, application, page, width, zoom, places)
        assert not found, "\n".join(f"{place}: {fault}" for place, faults in found.items() for fault in faults)


def _crowded(number: int) -> Row:
    """A row with everything in it, its words as long as they come."""
    return Row(
        mac=f"98:fa:9b:00:00:{number:02x}",
        state="failed",
        machine=f"m{number}",
        label="Hewlett-Packard HP EliteDesk 800 G1 SFF " + "CZC4270ABC" * (20 if number == 3 else 1),
        firmware="UEFI, Secure Boot",
        profile=WIPE.id,
        stage="deploy",
        part="nvme0n1 " + "y" * 200,
        done=1,
        total=3,
        rate=1e8,
        verdicts=(("WD-WCC6Y5XXXXXX", "not-erased"), ("S4EWNX0N0005", "undetermined")),
        hostname="pc-8",
        problem=Problem("disk-gone", {"disk": "SAMSUNG " + "z" * 200}),
        asked=Asked(key="0" * 32, stage="deploy", question=LONGEST, until=2e9) if number == 5 else None,
    )


def _faults(
    folder: Path, application: Application, page: TestServer, width: int, zoom: float, places: list[str]
) -> dict[str, list[str]]:
    found = {}
    with browser_in(folder / "browser", width=width, zoom=zoom) as browser:
        for language in ("fr", "en"):
            _signed_in_already(browser, application, page, language)
            for place in places:
                browser.open(str(page.make_url(place)))
                faults = browser.faults() + browser.complaints()
                if faults:
                    found[f"{place} {language}"] = faults
    return found


async def _in_the_middle_of_the_erase(agent: Agent, inventory: Inventory) -> RunStage:
    await agent.hear(Plan)
    erase = await agent.obey(inventory, until="check")
    assert isinstance(erase, RunStage)
    await agent.start(erase)
    await agent.tick(erase, 46, 100)
    return erase


def _sign_in(browser: Browser, address: str, language: Language) -> None:
    browser.open(address)
    if language == "en":
        browser.tab_to("English")
        browser.press(Keys.ENTER)
        browser.wait_for("Sign in")
    t = texts(language)
    browser.tab_to(t["sign_in"])
    browser.press(Keys.ENTER)
    browser.wait_for(t["password"])
    browser.press(OPERATOR, Keys.TAB, PASSWORD, Keys.ENTER)
    browser.wait_for(t["signed_in_as"].format(name=OPERATOR))


def _choose_for_all(browser: Browser, t: dict[str, str], profile: str) -> None:
    browser.tab_to(t["choose_all"])
    browser.press(profile[:4])
    browser.tab_to(t["choose_all_button"])
    browser.press(Keys.ENTER)
    browser.wait_for(t["sure"])
    browser.wait_for("S4EWNX0N0002")
    browser.tab_to(t["yes"])
    browser.press(Keys.ENTER)
    browser.wait_for(t["begun"].format(count=2))


def _arm(browser: Browser, t: dict[str, str], profile: str, places: int) -> None:
    browser.tab_to(t["batch_profile"])
    browser.press(profile[:4])
    browser.tab_to(t["batch_places"])
    browser.press(str(places))
    browser.tab_to(t["batch_arm"])
    browser.press(Keys.ENTER)
    browser.wait_for(t["batch_sure_next"].format(places=places))
    assert browser.faults() == []
    browser.tab_to(t["batch_yes"])
    browser.press(Keys.ENTER)
    browser.wait_for(t["batch_left"].format(left=places, places=places))


def _signed_in_already(browser: Browser, application: Application, page: TestServer, language: Language) -> None:
    browser.open(str(page.make_url("/sign-in")))
    browser.driver.add_cookie({"name": COOKIE, "value": application[sessions_key].sign_in(OPERATOR)})
    browser.driver.add_cookie({"name": LANGUAGE_COOKIE, "value": language})
    browser.open(str(page.make_url("/")))


def _wait_for_state(browser: Browser, number: int, state: str) -> None:
    row = browser.driver.find_element("id", f"pc-98-fa-9b-00-00-{number:02x}")
    WebDriverWait(browser.driver, WITHIN).until(lambda _: state in row.text)


def _wait_until_gone(browser: Browser, selector: str) -> None:
    WebDriverWait(browser.driver, WITHIN).until(lambda driver: not driver.find_elements("css selector", selector))


def _wait_until_announced(browser: Browser, text: str) -> None:
    announcer = browser.driver.find_element("id", "announcer")
    WebDriverWait(browser.driver, WITHIN).until(lambda _: text in str(announcer.get_property("textContent")))


def _wait_for_announcement(browser: Browser, text: str) -> None:
    announcer = browser.driver.find_element("id", "announcer")
    WebDriverWait(browser.driver, WITHIN).until(lambda _: announcer.get_property("textContent") == text)
