"""An operator at the page: signs in, chooses with the same forms as a browser, reads the rows. No JavaScript.

Not for: how the page looks and what its scripts do; the browser tests see that.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

import aiohttp

from netboot.shared.errors import NetbootError

_FORM: Final = re.compile(r"<form\b.*?</form>", re.DOTALL)
ERASES_ITSELF: Final = re.compile(r'<li data-step="drive"><span class="mono">([^<]*)</span>')
"""The name of a disk that the live board shows erasing itself: its agent has asked it."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One PC's row: the page's name of its state, and each disk's serial with its verdict."""

    mac: str
    state: str
    verdicts: tuple[tuple[str, str], ...]


class PageClient:
    """One signed-in operator; made by `signed_in`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def choose(self, profile: str, machine: str = "all") -> None:
        """Choose a profile for one machine or for all that wait, and say yes when asked. Raises NetbootError."""
        fields = hidden_fields(await self._get("/" if machine == "all" else f"/machine/{machine}"))
        answer = await self._post("/choose", {**fields, "profile": profile, "machine": machine})
        fields = hidden_fields(answer)
        if fields.get("sure") == "yes":
            await self._post("/choose", fields)

    async def arm_batch(self, profile: str, places: int) -> None:
        """Arm a profile for the next PCs that boot from the network, and say yes. Raises NetbootError."""
        fields = hidden_fields(await self._get("/"))
        fields = {"form-token": fields["form-token"], "profile": profile, "places": str(places)}
        await self._post("/batch/arm", hidden_fields(await self._post("/batch/arm", fields)))

    async def answer(self, machine: str, word: str) -> None:
        """Answer what its page asks of a PC's disks with this word, and say yes. Raises NetbootError."""
        for form in _FORM.findall(await self._get(f"/machine/{machine}")):
            fields = hidden_fields(form)
            if fields.get("answer") == word:
                await self._post("/disk-answer", hidden_fields(await self._post("/disk-answer", fields)))
                return
        raise NetbootError(f"the page of {machine} asks nothing that {word!r} answers")

    async def sign_exception(self, machine: str, reason: str) -> None:
        """Sign the exception that the page of this PC offers, and say yes. Raises NetbootError."""
        for form in _FORM.findall(await self._get(f"/machine/{machine}")):
            if 'action="/exception"' in form:
                sure = await self._post("/exception", {**hidden_fields(form), "reason": reason})
                await self._post("/exception", hidden_fields(sure))
                return
        raise NetbootError(f"the page of {machine} offers no exception")

    async def rows(self) -> tuple[PageRow, ...]:
        """The PCs as the page shows them now. Raises NetbootError."""
        return page_rows(await self._get("/"))

    async def text(self, path: str = "/") -> str:
        """A page's HTML as it is now, without a path the live board's. Raises NetbootError."""
        return await self._get(path)

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


def page_rows(html: str) -> tuple[PageRow, ...]:
    """The rows of the live board's table, in the page's order."""
    reader = _Rows()
    reader.feed(html)
    return tuple(PageRow(mac, state, tuple(verdicts)) for mac, state, verdicts in reader.rows)


class _Rows(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, list[tuple[str, str]]]] = []
        self._verdict = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("id") or ""
        if tag == "tr":
            self._verdict = ""
            if name.startswith("pc-"):
                mac = name.removeprefix("pc-").replace("-", ":")
                self.rows.append((mac, given.get("data-state") or "", []))
        elif tag == "li":
            self._verdict = given.get("class") or ""

    def handle_data(self, data: str) -> None:
        # The first text in a disk's line is its serial.
        if self._verdict and self.rows and (serial := data.strip()):
            self.rows[-1][2].append((serial, self._verdict))
            self._verdict = ""


async def _text(response: aiohttp.ClientResponse) -> str:
    text = await response.text()
    if response.status >= 400:
        raise NetbootError(f"the page answered {response.status} to {response.url.path}", hint=text[:2000])
    return text
