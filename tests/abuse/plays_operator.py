"""An operator who chooses for PCs that wait, arms batches and takes them back, without a pause, on the real page.

plays_operator.py SERVER NAME PASSWORD JOURNAL: run on the LAN until it is ended; appends what the page took.
"""

import asyncio
import contextlib
import random
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.abuse.plays_pcs import Journal
from tests.abuse.promises import Note

PAUSE = 0.2
PROFILES = ("erase-only", "erase-only", "inventory-only")


class Forms(HTMLParser):
    """The forms of a page: where each goes, and its hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif tag == "input" and given.get("type") == "hidden" and self.found:
            self.found[-1][1][given.get("name", "")] = given.get("value", "")

    def to(self, action: str) -> list[dict[str, str]]:
        """The hidden fields of those that go there."""
        return [fields for where, fields in self.found if where == action]


class Operator:
    """Signed in, or not any more: a server that was started anew knows nobody."""

    def __init__(self, page: aiohttp.ClientSession, journal: Journal) -> None:
        self._page = page
        self._journal = journal

    async def sign_in(self, name: str, password: str) -> None:
        await self._post("/sign-in", {"name": name, "password": password})

    async def act(self) -> bool:
        """One look at the page and what follows; False when it knows this person no more."""
        async with self._page.get("/") as answer:
            forms = Forms(await answer.text())
        if not forms.to("/sign-out"):
            return False
        waiting, armed = forms.to("/choose"), forms.to("/batch/disarm")
        waiting = [fields for fields in waiting if fields.get("machine", "all") != "all"]
        if not armed and random.random() < 0.5:
            await self._arm(forms.to("/sign-out")[0])
        elif armed and random.random() < 0.05:
            await self._post("/batch/disarm", armed[0])
        elif waiting:
            await self._choose(random.choice(waiting))
        return True

    async def _choose(self, fields: dict[str, str]) -> None:
        text, led_to = await self._post("/choose", {**fields, "profile": random.choice(PROFILES)})
        sure = [asked for asked in Forms(text).to("/choose") if asked.get("sure")]
        if sure:
            _, led_to = await self._post("/choose", sure[0])
        if {"begun", "kept"} & parse_qs(urlsplit(led_to).query).keys():
            self._journal.note(Note(kind="chose", machine=fields["machine"]))

    async def _arm(self, token: dict[str, str]) -> None:
        fields = {**token, "profile": "erase-only", "places": str(random.randint(1, 6)), "instead": "", "sure": "yes"}
        _, led_to = await self._post("/batch/arm", fields)
        if "armed" in parse_qs(urlsplit(led_to).query):
            self._journal.note(Note(kind="armed"))

    async def _post(self, path: str, fields: dict[str, str]) -> tuple[str, str]:
        """The page that comes, and where it leads."""
        async with self._page.post(path, data=fields, allow_redirects=False) as answer:
            return await answer.text(), answer.headers.get("Location", "")


async def main(server: str, name: str, password: str, journal: Journal) -> None:
    jar = aiohttp.CookieJar(unsafe=True)  # the page's host is an address
    within = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(f"http://{server}:8080", cookie_jar=jar, timeout=within) as page:
        operator = Operator(page, journal)
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                if not await operator.act():
                    await operator.sign_in(name, password)
            await asyncio.sleep(PAUSE)


if __name__ == "__main__":
    with Path(sys.argv[4]).open("ab", buffering=0) as opened:
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], Journal(opened)))
