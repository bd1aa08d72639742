"""What is said to the building's DNS, and who may be overwritten; by RFC 4701's own example, and on a real BIND."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

import dns.name
import dns.rcode
import dns.update
import msgspec
import pytest

from netboot.errors import NetbootError
from netboot.named import Named
from netboot.names.announcer import (
    FIRST_PAUSE,
    GIVEN_UP_AFTER,
    KEPT_AS,
    LONGEST_PAUSE,
    WAITING,
    Announcer,
    NotToldError,
    load_target,
    pause_after,
)
from netboot.names.settings import UpdateSettings
from netboot.names.update import UpdateTarget, dhcid, reverse_name
from netboot.problems import Problem
from tests.names.conftest import dig, free_port, program

BUILDING = IPv4Address("127.0.0.1")  # the one loopback address that BIND listens on
SECRET = base64.b64encode(secrets.token_bytes(32)).decode()
ONE = Named("one", "atelier-1", "98:fa:9b:00:00:01", IPv4Address("127.77.0.101"))
TWO = Named("two", "atelier-1", "98:fa:9b:00:00:02", IPv4Address("127.77.0.102"))
SETTINGS = UpdateSettings(
    server=str(BUILDING), zone="building.test", reverse_zone="77.127.in-addr.arpa", key="netboot", secret=SECRET
)


class Kept:
    """What the record keeps."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def setting(self, key: str) -> str | None:
        assert key == KEPT_AS
        return self.text

    def set_setting(self, key: str, value: str) -> None:
        assert key == KEPT_AS
        self.text = value

    def is_(self, text: str) -> bool:
        return self.text == text

    @property
    def hostnames(self) -> list[str]:
        return [waiting["hostname"] for waiting in json.loads(self.text or "[]")]


Told = list[tuple[str, Problem | None]]


@asynccontextmanager
async def announcing(announcer: Announcer) -> AsyncIterator[None]:
    running = asyncio.create_task(announcer.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to be")


def target_of(settings: UpdateSettings = SETTINGS) -> UpdateTarget:
    target = load_target(settings)
    assert target is not None
    return target


ZONE = """$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
printer IN A 127.77.0.9
"""
REVERSE = """$TTL 300
@ IN SOA ns.building.test. hostmaster.building.test. 1 3600 600 86400 60
@ IN NS ns.building.test.
9.0 IN PTR printer.building.test.
"""


@pytest.fixture
async def bind(tmp_path: Path) -> AsyncIterator[UpdateTarget]:
    """BIND as the building's DNS: a printer that somebody entered by hand, and a key for netboot."""
    port = free_port(str(BUILDING))
    (tmp_path / "building.zone").write_text(ZONE)
    (tmp_path / "reverse.zone").write_text(REVERSE)
    (tmp_path / "named.conf").write_text(f"""
        options {{
            directory "{tmp_path}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
            listen-on port {port} {{ {BUILDING}; }}; listen-on-v6 {{ none; }};
        }};
        controls {{ }};
        key "netboot" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
        zone "building.test" {{ type primary; file "building.zone"; allow-update {{ key netboot; }}; }};
        zone "77.127.in-addr.arpa" {{ type primary; file "reverse.zone"; allow-update {{ key netboot; }}; }};
    """)
    async with program(
        "named", "-g", "-c", tmp_path / "named.conf", "-n", "1", log=tmp_path / "named.log", ready="all zones loaded"
    ):
        yield replace(target_of(), port=port)


async def records(target: UpdateTarget, *words: str) -> list[str]:
    return (await dig(target.server, target.port, "+short", *words)).splitlines()


async def tell(target: UpdateTarget, *names: Named) -> Told:
    """Announce these, wait until each was tried once, and return what was told of them."""
    told: Told = []
    announcer = Announcer(target, Kept(), lambda machine, problem: told.append((machine, problem)))
    async with announcing(announcer):
        for named in names:
            announcer.announce(named)
        await until(lambda: len(told) >= len(names))
    return told


async def test_a_new_name_is_there_by_name_and_by_address_with_its_mark(bind: UpdateTarget) -> None:
    assert await tell(bind, ONE) == [("one", None)]
    assert await records(bind, "atelier-1.building.test", "A") == ["127.77.0.101"]
    assert await records(bind, "-x", "127.77.0.101") == ["atelier-1.building.test."]
    mark = dhcid(ONE.mac, dns.name.from_text("atelier-1.building.test")).to_text().replace(" ", "")
    assert await records(bind, "atelier-1.building.test", "DHCID") == [mark]
    assert "300" in (await dig(bind.server, bind.port, "+noall", "+answer", "atelier-1.building.test")).split()


async def test_a_pc_that_comes_again_gets_its_new_address(bind: UpdateTarget) -> None:
    moved = replace(ONE, address=IPv4Address("127.77.0.111"))
    assert await tell(bind, ONE) == [("one", None)]
    assert await tell(bind, moved) == [("one", None)]
    assert await records(bind, "atelier-1.building.test", "A") == ["127.77.0.111"]
    assert await records(bind, "-x", "127.77.0.111") == ["atelier-1.building.test."]


async def test_an_address_that_another_of_our_pcs_had_gets_its_new_name(bind: UpdateTarget) -> None:
    assert await tell(bind, ONE, replace(TWO, hostname="atelier-2", address=ONE.address)) == [
        ("one", None),
        ("two", None),
    ]
    assert await records(bind, "-x", "127.77.0.101") == ["atelier-2.building.test."]


@pytest.mark.parametrize("foreign", ["another PC", "a person"])
async def test_a_name_that_is_somebody_elses_is_left_and_told(bind: UpdateTarget, foreign: str) -> None:
    named = TWO if foreign == "another PC" else replace(ONE, hostname="printer")
    assert await tell(bind, ONE) == [("one", None)]
    before = await records(bind, f"{named.hostname}.building.test", "A")
    [(_, problem)] = await tell(bind, named)
    assert problem == Problem("name-taken", {"name": f"{named.hostname}.building.test"})
    assert await records(bind, f"{named.hostname}.building.test", "A") == before


async def test_an_addresss_name_that_a_person_entered_is_left(bind: UpdateTarget) -> None:
    assert await tell(bind, replace(ONE, address=IPv4Address("127.77.0.9"))) == [("one", None)]
    assert await records(bind, "-x", "127.77.0.9") == ["printer.building.test."]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"secret": base64.b64encode(bytes(32)).decode()}, "BADSIG"),
        ({"key": "somebody"}, "BADKEY"),
        ({"zone": "elsewhere.test"}, "NOTAUTH"),
    ],
)
async def test_a_wrong_key_or_zone_is_told_in_the_words_of_the_protocol_and_changes_nothing(
    bind: UpdateTarget, change: dict[str, str], error: str
) -> None:
    settings = msgspec.structs.replace(SETTINGS, **change)
    [(_, problem)] = await tell(replace(target_of(settings), port=bind.port), ONE)
    assert problem is not None
    assert (problem.code, problem.values["error"]) == ("name-not-told", error)
    assert await records(bind, "atelier-1.building.test", "A") == []


async def test_a_dns_that_comes_back_gets_the_names_that_waited_also_after_a_restart(
    bind: UpdateTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.names.announcer.FIRST_PAUSE", 0.05)
    told: Told = []
    kept = Kept()
    away = Announcer(
        replace(bind, port=free_port(str(BUILDING))), kept, lambda machine, problem: told.append((machine, problem))
    )
    async with announcing(away):
        away.announce(ONE)
        await until(lambda: len(told) >= 3)
    assert {problem.code for _, problem in told if problem} == {"name-not-told"}
    assert kept.hostnames == ["atelier-1"]
    told.clear()
    async with announcing(Announcer(bind, kept, lambda machine, problem: told.append((machine, problem)))):
        await until(lambda: bool(told) and not kept.hostnames)
    assert told == [("one", None)]
    assert await records(bind, "atelier-1.building.test", "A") == ["127.77.0.101"]


def test_the_mark_is_the_one_of_the_rfcs_example() -> None:
    """RFC 4701 §3.6.3: MAC 01:02:03:04:05:06, client.example.com."""
    mark = dhcid("01:02:03:04:05:06", dns.name.from_text("Client.example.com"))
    assert mark.to_text().replace(" ", "") == "AAABxLmlskllE0MVjd57zHcWmEH3pCQ6VytcKD//7es/deY="


def test_an_address_outside_the_reverse_zone_gets_no_name() -> None:
    assert reverse_name(target_of(), ONE) == dns.name.from_text("101.0.77.127.in-addr.arpa")
    assert reverse_name(target_of(), replace(ONE, address=IPv4Address("10.0.0.1"))) is None


def test_pauses_grow_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_after(tries) for tries in range(100)]
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


async def silent(update: dns.update.UpdateMessage, target: UpdateTarget) -> dns.rcode.Rcode:
    raise NotToldError("no answer")


async def test_a_name_is_given_up_after_a_day() -> None:
    now = 0.0
    told: Told = []
    kept = Kept()
    announcer = Announcer(
        target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent, clock=lambda: now
    )
    announcer.announce(ONE)
    now = GIVEN_UP_AFTER + 1
    async with announcing(announcer):
        await until(lambda: bool(told) and kept.text == "[]")
    assert len(told) == 1


async def test_what_waits_is_bounded_and_one_name_a_pc() -> None:
    kept = Kept()
    told: Told = []
    announcer = Announcer(target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent)
    for number in range(WAITING + 10):
        announcer.announce(replace(ONE, machine=str(number), hostname=f"pc-{number}"))
    announcer.announce(replace(ONE, machine="20", hostname="pc-new"))
    announcer.announce(replace(ONE, machine="30", hostname=""))
    async with announcing(announcer):
        await until(lambda: len(told) == WAITING - 1 and "pc-new" in kept.hostnames)
    assert len(kept.hostnames) == WAITING - 1
    assert not {"pc-9", "pc-20", "pc-30"} & set(kept.hostnames)


async def test_what_was_kept_and_cannot_be_read_is_left_out() -> None:
    whole = {"machine": "m", "hostname": "pc", "mac": ONE.mac, "address": "nowhere", "since": 0}
    for text in ("rubbish", '[{"machine": "m"}]', json.dumps([whole])):
        kept = Kept(text)
        async with announcing(Announcer(target_of(), kept, lambda machine, problem: None, send=silent)):
            await until(partial(kept.is_, "[]"))


def test_a_key_is_read_from_its_file_and_a_bad_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    from_file = msgspec.structs.replace(SETTINGS, secret="", secret_file=str(path))
    assert target_of(from_file).key.secret == base64.b64decode(SECRET)
    path.write_text('secret "x";')
    for wrong in (from_file, msgspec.structs.replace(from_file, secret_file=str(tmp_path / "nothing"))):
        with pytest.raises(NetbootError) as caught:
            load_target(wrong)
        assert caught.value.hint
        assert "names.update" in caught.value.message
    path.chmod(0o640)
    with pytest.raises(NetbootError, match="others may read"):
        load_target(from_file)
    assert load_target(UpdateSettings()) is None
