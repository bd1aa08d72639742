"""The addresses that are lent, on the page of a server that gives them."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from aiohttp.test_utils import TestServer

from netboot.records.values import KeptLease
from netboot.settings.config import parse_settings
from netboot.web import page_application
from netboot.webui.keys import sessions_key
from netboot.webui.visitor import COOKIE
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Conflict
from tests.webui.conftest import HASH, OPERATOR, Person, person_at

LINK = '<a href="/addresses"'


def kept(last: int, name: str, *, bound: bool = True, minutes: int = 60) -> KeptLease:
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    return KeptLease(f"10.0.0.{last}", f"98:fa:9b:00:00:{last:02x}", name, bound, until)


async def test_an_operator_sees_what_is_lent_in_the_order_of_the_addresses(workshop: Workshop) -> None:
    workshop.record.people.set_operator(OPERATOR, HASH)
    workshop.record.leases.keep(
        [kept(110, "pc-a"), kept(9, "<b>"), kept(11, "gone", bound=False), kept(12, "over", minutes=-1)]
    )
    application = await page_application(workshop, parse_settings("dhcp: {mode: full}", source="test"))
    server = TestServer(application)
    async with server, person_at(server) as person:
        assert LINK not in await person.get("/")
        token = application[sessions_key].sign_in(OPERATOR)
        person.client.session.cookie_jar.update_cookies({COOKIE: token}, server.make_url("/"))
        assert LINK in await person.get("/")
        text = await person.get("/addresses")
    assert 0 < text.index("10.0.0.9<") < text.index("10.0.0.110<")
    assert "98:fa:9b:00:00:6e" in text
    assert "&lt;b&gt;" in text
    assert "gone" not in text
    assert "over" not in text


async def test_a_server_that_gives_no_addresses_shows_no_link_to_them(operator: Person) -> None:
    assert LINK not in await operator.get("/")
    assert "Aucune adresse" in await operator.get("/addresses")


async def test_whoever_only_watches_is_not_told_who_has_which_address(visitor: Person) -> None:
    assert "10.0.0." not in await visitor.get("/addresses", status=403)


@pytest.mark.parametrize(
    ("mac", "language", "says"),
    [
        ("98:fa:9b:00:00:01", "fr", "appareil (carte réseau 98:fa:9b:00:00:01) utilise déjà l'adresse 10.0.0.100"),
        ("98:fa:9b:00:00:01", "en", "device (network adapter 98:fa:9b:00:00:01) uses the address 10.0.0.100"),
        ("", "fr", "Un PC a refusé l'adresse 10.0.0.100"),
        ("", "en", "A PC declined the address 10.0.0.100"),
    ],
)
async def test_an_address_that_a_device_uses_already_is_told_with_what_to_do(
    operator: Person, workshop: Workshop, mac: str, language: str, says: str
) -> None:
    await operator.post("/language", {"language": language, "back": "/"})
    workshop.live_board.tell_conflict(Conflict("10.0.0.100", mac), 600)
    for place in ("/", "/addresses"):
        text = unescape(await operator.get(place))
        assert text.count(says) == 1
        assert ("dhcp.full.reservations" in text) is bool(mac)
        assert "dhcp.full.pool" in text
