"""A browser on this LAN misused by foreign sites: DNS rebinding, and requests from pages of other sites."""

import asyncio
import socket
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from netboot.boothttp.known_hosts import is_known, own_names
from netboot.jobs.actor import operator
from netboot.settings.config import Settings
from netboot.shared.protocol import encode
from netboot.web import page_application
from netboot.workshop.greeting import Workshop
from tests.webui.browser import browser_in
from tests.webui.conftest import Person
from tests.workshop.conftest import ERASE, hello, pc
from tests.workshop.player import agent_on

FOREIGN = ["evil.example", "evil.example:8080", "10.66.66.66", "127.0.0.1.evil.example", "[::2]:80", "",
           "localhost.evil.example", "a b", "127.0.0.1:80:80", "127.0.0.1@evil.example", "\x7f"]  # fmt: skip
OURS = [
    "127.0.0.1",
    "127.0.0.1:8080",
    "localhost",
    "LOCALHOST.:80",
    "[::1]:80",
    "atelier.example.org:443",
    "Netboot-Box",
]
NAMES = frozenset({"atelier.example.org", "netboot-box"})


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_not_known(host: str) -> None:
    assert not is_known(host, NAMES, "127.0.0.1")


@pytest.mark.parametrize("host", OURS)
def test_our_address_and_our_names_are_known(host: str) -> None:
    assert is_known(host, NAMES, "::1" if "::" in host else "127.0.0.1")


@given(st.text(max_size=80))
def test_no_text_as_a_host_raises_or_is_known_by_chance(host: str) -> None:
    plain = host.strip().rpartition(":")[0] or host
    if plain.strip().rstrip(".").casefold() not in {"localhost", "localhost.localdomain", *NAMES}:
        assert not is_known(host, NAMES, "192.0.2.7") or "192.0.2.7" in host


def test_this_machine_is_known_by_its_own_names_and_those_that_are_set() -> None:
    names = own_names(Settings(hosts=("Atelier.Example.org",)), "workshop.internal")
    assert {socket.gethostname().casefold(), "atelier.example.org", "netboot.workshop.internal", "netboot"} <= names


@pytest.mark.parametrize("path", ["/", "/machines", "/live", "/static/page.css", "/sign-in"])
async def test_the_page_is_not_read_under_a_foreign_name(visitor: Person, path: str) -> None:
    async with visitor.client.get(path, headers={"Host": "evil.example"}) as answer:
        assert answer.status == HTTPStatus.MISDIRECTED_REQUEST
        assert "Content-Security-Policy" in answer.headers
        assert "hosts" in await answer.text()
    assert await visitor.get("/")


async def test_a_name_that_is_set_is_answered(workshop: Workshop) -> None:
    settings = Settings(hosts=("atelier.example.org",))
    async with (
        TestServer(await page_application(workshop, settings, own_names(settings))) as page,
        ClientSession() as client,
    ):
        for host, status in (("atelier.example.org:8443", 200), ("elsewhere.example.org", 421)):
            async with client.get(page.make_url("/"), headers={"Host": host}) as answer:
                assert answer.status == status


@pytest.mark.parametrize(
    "path", ["/menu.grub?mac=98:fa:9b:00:00:01", "/start.grub?mac=98:fa:9b:00:00:01&profile=erase-only", "/boot/ipxe",
             "/agent/link"]
)  # fmt: skip
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                                     {"Sec-Fetch-Site": "cross-site"}])  # fmt: skip
async def test_the_boot_server_gives_a_foreign_name_and_a_web_page_nothing(
    server: TestServer, path: str, headers: dict[str, str]
) -> None:
    async with ClientSession() as client, client.get(server.make_url(path), headers=headers) as answer:
        assert answer.status == (421 if "Host" in headers else 403)
        assert "ticket" not in await answer.text()


@pytest.mark.parametrize("path", ["/first-start", "/sign-in", "/choose", "/language", "/record", "/policy"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-nothing", "gzip, gzip"])
async def test_a_packed_body_is_a_clean_415(operator: Person, path: str, encoding: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": encoding}
    async with operator.client.post(path, data=b"\x1f\x8b\x08\x00name=a", headers=form) as answer:
        assert answer.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        assert "formulaire" in await answer.text()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("path", ["/first-start", "/sign-in", "/choose", "/language", "/batch/arm", "/policy"])
async def test_what_is_no_form_is_not_read(workshop: Workshop, kind: str, path: str) -> None:
    """Before there is an operator, when the first start is open, and with all that a browser's script may send."""
    async with TestServer(await page_application(workshop, Settings())) as page, ClientSession() as client:
        body = b'{"name": "eve", "password": "un mot de passe long", "again": "un mot de passe long", "code": ""}'
        async with client.post(
            page.make_url(path), data=body, headers={"Content-Type": kind}, allow_redirects=False
        ) as answer:
            assert answer.status in (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.FORBIDDEN)
    assert workshop.record.people.operators() == ()


@pytest.fixture
async def foreign_page(server: TestServer) -> AsyncIterator[TestServer]:
    """A page of somebody else's, which says hello to our boot server as a PC that is away."""
    script = f"""<!doctype html><title>wait</title><script>
    const line = new WebSocket("ws://127.0.0.1:{server.port}/agent/link");
    line.onopen = () => line.send({encode(hello(pc(1), "boot-of-a-page"))!r});
    line.onmessage = (event) => {{ document.title = "heard " + event.data; }};
    line.onerror = line.onclose = () => {{ if (document.title === "wait") document.title = "refused"; }};
    </script>"""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=script, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    page = TestServer(app)
    async with page:
        yield page


@pytest.mark.browser
async def test_a_foreign_page_in_a_browser_on_this_lan_uses_up_no_choice(
    tmp_path: Path, workshop: Workshop, server: TestServer, foreign_page: TestServer
) -> None:
    async with agent_on(server, hello(pc(1), "boot-1")) as (_, _welcome):
        (row,) = workshop.live_board.rows()
    await workshop.commands.choose(operator("anne"), row.machine, ERASE.id)
    assert len(workshop.record.choices.pending()) == 1

    def look() -> str:
        with browser_in(tmp_path / "browser") as browser:
            browser.open(str(foreign_page.make_url("/")))
            for _ in range(100):
                if browser.driver.title != "wait":
                    break
                browser.driver.implicitly_wait(0.1)
            return browser.driver.title

    assert await asyncio.to_thread(look) == "refused"
    assert len(workshop.record.choices.pending()) == 1
