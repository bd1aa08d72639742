"""The page on loopback, on a real workshop with a real record, and people who look at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from netboot.auth.passwords import hash_password
from netboot.settings.config import Settings
from netboot.web import page_application
from netboot.webui.keys import sessions_key
from netboot.webui.visitor import COOKIE
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import *  # noqa: F403 — its fixtures: the record, the workshop, the boot HTTP server

OPERATOR = "anne"
PASSWORD = "un mot de passe long"
HASH = hash_password(PASSWORD)

Client = TestClient[Request, Application]


class Person:
    """Somebody with a browser that has no script: gets pages, fills in forms."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def get(self, path: str, status: int = 200) -> str:
        """The page at this path."""
        async with self.client.get(path) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text

    async def post(self, path: str, fields: dict[str, str], status: int = 200) -> str:
        """Post a form, and follow where it leads."""
        async with self.client.post(path, data=fields) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text

    async def sign_in(self, name: str = OPERATOR, password: str = PASSWORD, status: int = 200) -> str:
        """Fill in the sign-in form."""
        return await self.post("/sign-in", {"name": name, "password": password}, status)

    async def token(self) -> str:
        """The form token of this person's pages."""
        return hidden_fields(await self.get("/"))["form-token"]

    async def choose(self, machine: str, profile: str, status: int = 200, **more: str) -> str:
        """Choose, as the forms of the live board and of a PC's page do."""
        shown = hidden_fields(await self.get("/" if machine == "all" else f"/machine/{machine}"))
        token = shown.get("form-token") or await self.token()
        fields = {"form-token": token, "visit": shown.get("visit", ""), "machine": machine, "profile": profile, **more}
        return await self.post("/choose", fields, status)

    async def say_yes(self, asked: str, status: int = 200) -> str:
        """Say yes to the page that asks whether one is sure."""
        return await self.post("/choose", hidden_fields(asked), status)


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.found[str(given["name"])] = given.get("value") or ""


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields of the forms of a page."""
    reader = _Fields()
    reader.feed(html)
    return reader.found


@asynccontextmanager
async def person_at(server: TestServer) -> AsyncIterator[Person]:
    """One more person at this page, with cookies of their own."""
    client: Client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
    try:
        yield Person(client)
    finally:
        await client.session.close()


@pytest.fixture
async def application(workshop: Workshop) -> Application:
    """The page, with one operator."""
    workshop.record.people.set_operator(OPERATOR, HASH)
    return await page_application(workshop, Settings())


@pytest.fixture
async def page(application: Application) -> AsyncIterator[TestServer]:
    server = TestServer(application)
    await server.start_server(auto_decompress=False)  # as `netboot serve` does
    async with server:
        yield server


@pytest.fixture
async def visitor(page: TestServer) -> AsyncIterator[Person]:
    """Somebody who only watches."""
    async with person_at(page) as person:
        yield person


@pytest.fixture
async def operator(application: Application, page: TestServer) -> AsyncIterator[Person]:
    """Somebody who has signed in; without the password's hash, which is slow on purpose."""
    async with person_at(page) as person:
        token = application[sessions_key].sign_in(OPERATOR)
        person.client.session.cookie_jar.update_cookies({COOKIE: token}, page.make_url("/"))
        yield person
