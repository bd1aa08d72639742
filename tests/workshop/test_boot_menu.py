"""What firmware's loaders fetch over HTTP: the menu, the digits that were typed, the start with its ticket."""

import re

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.agent.command_line import parse_command_line
from netboot.bootmenu.password import SETTING, TRIES, hash_menu_password
from netboot.records.record import Record
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import hello, pc
from tests.workshop.test_greeting import Line

DIGITS = "240871"
PC = {"mac": "98-FA-9B-00-00-01", "uuid": pc().system.uuid}


@pytest.fixture
def locked(record: Record) -> None:
    record.people.set_setting(SETTING, hash_menu_password(DIGITS))


async def fetch(server: TestServer, path: str, **query: str) -> str:
    """What HEAD announced and GET gave, as GRUB asks."""
    async with ClientSession() as session:
        async with session.head(server.make_url(path), params=PC | query) as head:
            announced = head.headers["Content-Length"]
        async with session.get(server.make_url(path), params=PC | query) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert int(announced) == len(text.encode())
            assert answer.headers["Cache-Control"] == "no-store"
            return text


@pytest.mark.parametrize("loader", ["grub", "ipxe"])
async def test_the_right_digits_start_the_agent_whose_hello_is_believed(
    workshop: Workshop, server: TestServer, locked: None, loader: str
) -> None:
    start = await fetch(server, f"/start.{loader}", profile="erase-only", digits=DIGITS)
    words = parse_command_line(start)
    said = replace(hello(pc()), profile=words.profile, ticket=words.ticket)
    assert (await workshop.greet(said, Line().send)).job is not None


@pytest.mark.parametrize("loader", ["grub", "ipxe"])
@pytest.mark.parametrize("digits", ["", "240872", "'; echo", "9" * 4000])
async def test_wrong_digits_start_nothing_and_say_so(
    server: TestServer, locked: None, loader: str, digits: str
) -> None:
    refused = await fetch(server, f"/start.{loader}", profile="erase-only", digits=digits)
    assert "pas le bon code" in refused
    assert "ticket" not in refused
    assert "pas le bon code" not in await fetch(server, f"/start.{loader}", profile="erase-only", digits=DIGITS)


async def test_a_pc_that_guesses_is_told_to_wait(server: TestServer, locked: None) -> None:
    said = [await fetch(server, "/start.grub", profile="erase-only", digits=f"{n:06}") for n in range(TRIES + 1)]
    assert ["essais" in text for text in said] == [False] * TRIES + [True]
    assert "essais" in await fetch(server, "/start.grub", profile="erase-only", digits=DIGITS, lang="fr")
    assert "Too many tries" in await fetch(server, "/start.grub", profile="erase-only", digits=DIGITS, lang="en")


async def test_without_a_password_the_start_is_given_at_once(server: TestServer) -> None:
    assert "netboot.ticket=" in await fetch(server, "/start.grub", profile="erase-only")


async def test_no_start_is_given_for_what_is_not_offered(server: TestServer) -> None:
    for query in ({"profile": "no-such"}, {"profile": "erase-only", "batch": "b1"}, {"profile": "$(reboot)"}, {}):
        assert "netboot.ticket" not in await fetch(server, "/start.grub", **query)


async def test_the_menu_comes_in_the_language_that_was_asked_for_last(server: TestServer) -> None:
    async with ClientSession() as session, session.get(server.make_url("/menu.grub?lang=fr&lang=en")) as answer:
        assert "Boot this PC" in await answer.text()


async def test_accents_are_for_a_graphic_screen(server: TestServer) -> None:
    assert "Démarrer" in await fetch(server, "/menu.grub", screen="graphic")
    assert "Demarrer" in await fetch(server, "/menu.grub", screen="text")


async def test_grubs_theme_is_told_without_accents_lost(server: TestServer) -> None:
    assert "Êtes-vous sûr ?" in await fetch(server, "/grub/theme.txt", title="sure", lang="fr")


async def test_a_menu_holds_neither_digits_nor_their_hash_nor_a_ticket(
    server: TestServer, record: Record, locked: None
) -> None:
    stored = record.people.setting(SETTING)
    assert stored
    for path in ("/menu.grub", "/menu.ipxe"):
        text = await fetch(server, path)
        assert DIGITS not in text
        assert "argon2" not in text
        assert not re.search(r"netboot\.ticket=\d", text)
