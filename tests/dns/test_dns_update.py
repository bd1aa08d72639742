"""What is said to the building's DNS, and who may be overwritten; by RFC 4701's own example, and on a real BIND."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import dns.name
import dns.rcode
import dns.update
import msgspec
import pytest

from netboot.dns.announcer import Announcer, load_target
from netboot.dns.update import UpdateTarget, dhcid, reverse_name
from netboot.jobs.named import Named
from netboot.settings.names import UpdateSettings
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from tests.dns.building_dns import (
    BIND_READY,
    LOOPBACK,
    ONE,
    SECRET,
    SETTINGS,
    TWO,
    Kept,
    Told,
    announcing,
    set_up_bind,
    target_of,
    until,
)
from tests.dns.conftest import dig, free_port, program


@pytest.fixture
async def bind(tmp_path: Path) -> AsyncIterator[UpdateTarget]:
    """BIND as the building's DNS: a printer that somebody entered by hand, and a key for netboot."""
    port = free_port(str(LOOPBACK))
    async with program(*set_up_bind(tmp_path, LOOPBACK, port), log=tmp_path / "named.log", ready=BIND_READY):
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
    monkeypatch.setattr("netboot.dns.announcer.FIRST_PAUSE", 0.05)
    told: Told = []
    kept = Kept()
    away = Announcer(
        replace(bind, port=free_port(str(LOOPBACK))), kept, lambda machine, problem: told.append((machine, problem))
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
