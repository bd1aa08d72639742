"""An operator's hands on the page: signs in and chooses, with the same forms as a browser. No JavaScript is needed.

Not for: looking at the page; the browser tests do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import aiohttp

from netboot.errors import NetbootError


class PageClient:
    """One signed-in operator; made by `signed_in`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def choose(self, profile: str, machine: str = "all") -> None:
        """Choose a profile for one machine or for all that wait, and say yes when asked. Raises NetbootError."""
        fields = hidden_fields(await self._get("/"))
        answer = await self._post("/choose", {**fields, "profile": profile, "machine": machine})
        fields = hidden_fields(answer)
        if fields.get("sure") == "yes":
            await self._post("/choose", fields)

    async def _get(self, path: str) -> str:
        async with self._session.get(path) as response:
            return await _text(response)

    async def _post(self, path: str, fields: dict[str, str]) -> str:
        async with self._session.post(path, data=fields) as response:
            return await _text(response)


@asynccontextmanager
async def signed_in(page: str, operator: str, password: str) -> AsyncIterator[PageClient]:
    """Sign in at this address. Raises NetbootError."""
    jar = aiohttp.CookieJar(unsafe=True)  # a page whose host is an address
    async with aiohttp.ClientSession(page, cookie_jar=jar, trust_env=False) as session:
        async with session.post("/sign-in", data={"name": operator, "password": password}) as response:
            await _text(response)
        yield PageClient(session)


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden fields of a page's forms; of fields with one name the last counts."""
    reader = _Fields()
    reader.feed(html)
    return reader.fields


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "input" and given.get("type") == "hidden" and name:
            self.fields[name] = given.get("value") or ""


async def _text(response: aiohttp.ClientResponse) -> str:
    text = await response.text()
    if response.status >= 400:
        raise NetbootError(f"the page answered {response.status} to {response.url.path}", hint=text[:2000])
    return text
