"""Signing in: one answer for every wrong try, few tries, sessions that end; the first operator."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector
from aiohttp.test_utils import TestServer
from aiohttp.web import Application

from netboot.auth.known_browsers import KnownBrowsers, known_browsers
from netboot.auth.passwords import hash_password
from netboot.auth.sessions import LASTS, TRIES, TRIES_OF_NAME, TRIES_WITHIN, Sessions
from netboot.settings.config import Settings
from netboot.web import page_application
from netboot.webui import sign_in
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Row
from tests.webui.conftest import HASH, OPERATOR, PASSWORD, Person, person_at


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_who_signs_in_is_named_and_can_sign_out(visitor: Person) -> None:
    assert "Connecté : anne" in await visitor.sign_in()
    await visitor.post("/sign-out", {"form-token": await visitor.token()})
    assert "Connecté" not in await visitor.get("/")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Person) -> None:
    fields = {"name": OPERATOR, "password": PASSWORD}
    async with visitor.client.post("/sign-in", data=fields, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(visitor: Person) -> None:
    wrong = await visitor.sign_in(OPERATOR, "not this password", 403)
    unknown = await visitor.sign_in("nobody", "not this password", 403)
    empty = await visitor.sign_in("", "", 403)
    assert wrong == unknown == empty


async def test_after_five_tries_even_the_right_password_has_to_wait(visitor: Person) -> None:
    for _ in range(TRIES):
        await visitor.sign_in(OPERATOR, "not this password", 403)
    assert "Attendez cinq minutes" in await visitor.sign_in(status=429)


@asynccontextmanager
async def at_address(page: TestServer, address: str) -> AsyncIterator[Person]:
    """Somebody who comes from this address of loopback."""
    jar = CookieJar(unsafe=True)
    connector = TCPConnector(local_addr=(address, 0), limit=0)
    async with ClientSession(base_url=page.make_url("/"), cookie_jar=jar, connector=connector) as session:
        yield Person(session)  # type: ignore[arg-type] # the same get and post


async def guess(page: TestServer, address: str, name: str, times: int = TRIES) -> list[int]:
    """What an address is answered that sends so many wrong passwords at one instant."""
    async with at_address(page, address) as person:

        async def once() -> int:
            async with person.client.post("/sign-in", data={"name": name, "password": "guessed guess"}) as answer:
                return answer.status

        return await asyncio.gather(*(once() for _ in range(times)))


async def test_guesses_from_many_addresses_keep_no_honest_person_out(page: TestServer) -> None:
    async with at_address(page, "127.0.0.77") as used_before, at_address(page, "127.0.0.78") as new:
        await used_before.sign_in()
        guessing = [asyncio.create_task(guess(page, f"127.0.9.{number}", f"n{number}", 1)) for number in range(40)]
        await asyncio.sleep(0.5)
        await used_before.sign_in()
        assert not all(each.done() for each in guessing), "not behind the guesses"
        assert "Connecté : anne" in await new.sign_in(), "waits for its turn, and is not sent away"
        for answers in await asyncio.gather(*guessing):
            assert answers == [403]


async def test_guesses_for_one_name_are_few_from_however_many_addresses_and_a_known_browser_signs_in(
    page: TestServer,
) -> None:
    async with at_address(page, "127.0.0.77") as used_before, at_address(page, "127.0.0.78") as new:
        await used_before.sign_in()
        answers = [status for number in range(8) for status in await guess(page, f"127.0.9.{number}", OPERATOR)]
        assert answers.count(403) == TRIES_OF_NAME
        assert answers.count(429) == 8 * TRIES - TRIES_OF_NAME
        assert "Connecté : anne" in await used_before.sign_in()
        assert "navigateur qui a déjà servi" in await new.sign_in(status=429)
        for _ in range(TRIES):
            await used_before.sign_in(OPERATOR, "guessed guess", 403)
        await used_before.sign_in(status=429)


def test_made_up_names_push_no_count_out_and_a_right_try_is_not_counted() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    for _ in range(2 * TRIES_OF_NAME):
        assert sessions.may_try_name("anne")
        sessions.take_back_try_of_name("anne")
    assert [sessions.may_try_name("anne") for _ in range(TRIES_OF_NAME + 1)] == [True] * TRIES_OF_NAME + [False]
    for number in range(10_000):
        sessions.may_try_name(f"made up {number}")
    assert not sessions.may_try_name("anne")
    assert len(sessions._tries_of_name) <= 4096
    clock.now = TRIES_WITHIN + 1
    assert sessions.may_try_name("anne")


def test_a_browser_is_known_for_the_name_that_it_signed_in_under_by_the_server_that_made_its_cookie(
    workshop: Workshop,
) -> None:
    browsers = known_browsers(workshop.record.people)
    cookie = browsers.new_cookie("anne")
    assert known_browsers(workshop.record.people).number_in("anne", cookie), "also after a restart"
    assert not browsers.number_in("bruno", cookie)
    assert not KnownBrowsers(b"another server's").number_in("anne", cookie)
    for forged in ("", ".", "1.2", cookie[:-1], "é.é"):
        assert not browsers.number_in("anne", forged)
    assert browsers.cookie_name("anne") != browsers.cookie_name("bruno")


async def test_the_first_operator_needs_the_code_of_the_log(workshop: Workshop) -> None:
    application = await page_application(workshop, Settings())
    code = application[sign_in.start_code_key].text
    new = {"name": "bruno", "password": "dix caractères", "again": "dix caractères"}
    server = TestServer(application)
    async with server, person_at(server) as person:
        await person.get("/first-start")
        await person.post("/first-start", {**new, "code": "guessed"}, 403)
        await person.post("/first-start", {**new, "code": code, "again": "another one"}, 400)
        await person.post("/first-start", {**new, "code": code, "name": " "}, 400)
        short = await person.post("/first-start", {"name": "b", "password": "x", "again": "x", "code": code}, 400)
        assert "Ce mot de passe a 1 caractères" in short
        assert workshop.record.people.operators() == ()
        assert "Connecté : bruno" in await person.post("/first-start", {**new, "code": code})
        assert [each.name for each in workshop.record.people.operators()] == ["bruno"]
        await person.post("/first-start", {**new, "code": code, "name": "eve"})
        assert [each.name for each in workshop.record.people.operators()] == ["bruno"], "there is one first start"


async def test_of_twelve_first_starts_at_one_instant_one_makes_an_operator(workshop: Workshop) -> None:
    application = await page_application(workshop, Settings())
    fields = {"password": PASSWORD, "again": PASSWORD, "code": application[sign_in.start_code_key].text}
    server = TestServer(application)
    async with server, person_at(server) as person:
        await asyncio.gather(*(person.post("/first-start", {**fields, "name": f"p{number}"}) for number in range(12)))
    assert len(workshop.record.people.operators()) == 1


@pytest.mark.parametrize("by", ["the code", "a command"])
async def test_the_code_is_spent_by_the_first_operator_also_once_they_were_removed(workshop: Workshop, by: str) -> None:
    application = await page_application(workshop, Settings())
    fields = {"name": OPERATOR, "password": PASSWORD, "again": PASSWORD, "code": ""}
    fields["code"] = application[sign_in.start_code_key].text
    server = TestServer(application)
    async with server, person_at(server) as person:
        if by == "the code":
            await person.post("/first-start", fields)
        else:
            workshop.record.people.set_operator(OPERATOR, HASH)  # as `netboot operator password` does
        workshop.record.people.forget(OPERATOR)
        assert "Ce code a déjà servi" in await person.post("/first-start", {**fields, "name": "eve"}, 403)
        assert workshop.record.people.operators() == ()
    after = TestServer(await page_application(workshop, Settings()))
    async with after, person_at(after) as person:
        fields["code"] = after.app[sign_in.start_code_key].text
        assert "Connecté" in await person.post("/first-start", fields)


async def test_there_is_no_default_password(workshop: Workshop) -> None:
    server = TestServer(await page_application(workshop, Settings()))
    async with server, person_at(server) as person:
        for name, password in (("admin", "admin"), ("", ""), ("root", "")):
            await person.sign_in(name, password, 403)


async def test_argon2_works_for_few_at_a_time(visitor: Person, application: Application) -> None:
    turns = application[sign_in.hashing_key]
    turns._here = turns._most
    assert "Le serveur est occupé" in await visitor.sign_in(status=503)


def test_a_session_ends_with_the_working_day() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token = sessions.sign_in("anne")
    found = sessions.find(token)
    assert found is not None
    assert found.operator == "anne"
    clock.now = LASTS + 1
    assert sessions.find(token) is None


def test_sessions_and_tries_are_bounded_in_number() -> None:
    sessions = Sessions(time.monotonic)
    tokens = [sessions.sign_in("anne") for _ in range(300)]
    assert sessions.find(tokens[0]) is None
    assert sessions.find(tokens[-1]) is not None
    for number in range(1000):
        assert sessions.may_try(f"10.0.{number // 256}.{number % 256}")
    assert len(sessions._tries) <= 256


def test_a_try_counts_before_its_outcome_is_known_and_a_right_one_begins_anew() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    assert [sessions.may_try("a") for _ in range(TRIES + 1)] == [True] * TRIES + [False]
    assert sessions.may_try("b"), "another address is another person"
    sessions.forget_tries("a")
    assert sessions.may_try("a")
    for _ in range(TRIES):
        sessions.may_try("a")
    clock.now = TRIES_WITHIN + 1
    assert sessions.may_try("a")


@pytest.mark.parametrize(
    ("back", "place"),
    [
        ("/machines", "/machines"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere", "/"),
        ("http://elsewhere", "/"),
        ("", "/"),
    ],
)
async def test_the_language_leads_back_to_this_page_only(visitor: Person, back: str, place: str) -> None:
    fields = {"language": "en", "back": back}
    async with visitor.client.post("/language", data=fields, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, place)
    text = await visitor.get("/")
    assert re.search(r'<html lang="en">', text)
    assert "The PCs" in text


@pytest.mark.parametrize("added_again", [False, True])
async def test_a_removed_operator_reads_nothing_from_the_next_request_on_nor_does_a_later_one_of_that_name_inherit(
    operator: Person, workshop: Workshop, added_again: bool
) -> None:
    assert OPERATOR in await operator.get("/record")
    workshop.record.people.forget(OPERATOR)  # as `netboot operator remove` does, in a process of its own
    if added_again:
        workshop.record.people.set_operator(OPERATOR, HASH)
    await operator.get("/record", 403)
    assert "Connecté" not in await operator.get("/")


async def test_a_new_password_ends_the_sessions_of_the_old_one(operator: Person, workshop: Workshop) -> None:
    await operator.get("/record")
    workshop.record.people.set_operator(OPERATOR, hash_password("un autre mot de passe"))
    await operator.get("/record", 403)


async def test_the_stream_of_a_removed_operator_ends_before_anything_more_is_told(
    operator: Person, workshop: Workshop
) -> None:
    workshop.live_board.put(Row(mac="98:fa:9b:00:00:01", state="waiting", machine="m", label="PC 1"))
    async with operator.client.get("/live") as answer, asyncio.timeout(10):
        while b"beat" not in await answer.content.readline():
            pass
        workshop.record.people.forget(OPERATOR)
        workshop.live_board.put(Row(mac="98:fa:9b:00:00:02", state="waiting", machine="n", label="PC 2"))
        assert b"PC 2" not in await answer.content.read()


async def test_an_operator_who_was_taken_off_the_record_orders_nothing_more(
    operator: Person, workshop: Workshop
) -> None:
    fields = {"form-token": await operator.token(), "profile": "erase-only", "machine": "all"}
    workshop.record.people.forget(OPERATOR)
    assert "Personne n&#39;est connecté" in await operator.post("/choose", fields, 403)
