"""The line of names that wait for the building's DNS: who leaves it and when, and what of it is on the record."""

import asyncio
import json
from dataclasses import replace
from functools import partial

import dns.rcode
import dns.update
import pytest

from netboot.dns.announcer import FIRST_PAUSE, GIVEN_UP_AFTER, LONGEST_PAUSE, WAITING, Announcer, pause_after
from netboot.dns.update import UpdateTarget
from tests.dns.building_dns import ONE, TWO, Kept, Told, announcing, silent, target_of, until

OTHER = replace(TWO, hostname="atelier-2")


def test_pauses_grow_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_after(tries) for tries in range(100)]
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


async def test_a_name_is_given_up_after_a_day() -> None:
    now = 0.0
    told: Told = []
    kept = Kept()
    announcer = Announcer(
        target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent, clock=lambda: now
    )
    async with announcing(announcer):
        announcer.announce(ONE)
        now = GIVEN_UP_AFTER + 1
        await until(lambda: bool(told) and kept.text == "[]")
    assert len(told) == 1


async def test_what_waits_is_bounded_and_one_name_a_pc() -> None:
    kept = Kept()
    told: Told = []
    announcer = Announcer(target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent)
    async with announcing(announcer):
        for number in range(WAITING + 10):
            announcer.announce(replace(ONE, machine=str(number), hostname=f"pc-{number}"))
        announcer.announce(replace(ONE, machine="20", hostname="pc-new"))
        announcer.announce(replace(ONE, machine="30", hostname=""))
        await until(lambda: len(told) == WAITING - 1 and "pc-new" in kept.hostnames)
    assert len(kept.hostnames) == WAITING - 1
    assert not {"pc-9", "pc-20", "pc-30"} & set(kept.hostnames)


async def test_what_was_kept_and_cannot_be_read_is_left_out() -> None:
    whole = {"machine": "m", "hostname": "pc", "mac": ONE.mac, "address": "nowhere", "since": 0}
    for text in ("rubbish", '[{"machine": "m"}]', json.dumps([whole])):
        kept = Kept(text)
        async with announcing(Announcer(target_of(), kept, lambda machine, problem: None, send=silent)):
            await until(partial(kept.is_, "[]"))


async def test_a_name_that_is_withdrawn_between_two_tries_leaves_the_record_at_once() -> None:
    told: Told = []
    kept = Kept()
    announcer = Announcer(target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent)
    async with announcing(announcer):
        announcer.announce(ONE)
        await until(lambda: bool(told) and kept.hostnames == ["atelier-1"])
        announcer.announce(replace(ONE, hostname="", address=None))
        await asyncio.sleep(0.2)
        assert kept.text == "[]"


async def test_a_name_that_was_withdrawn_leaves_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netboot.dns.announcer.FIRST_PAUSE", 0.1)
    told: Told = []
    kept = Kept()
    announcer = Announcer(target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=silent)
    async with announcing(announcer):
        announcer.announce(ONE)
        await until(lambda: bool(told))
        announcer.announce(replace(ONE, hostname=""))
        await asyncio.sleep(0.2)  # past the time of the next try
        written = kept.writes
        await asyncio.sleep(0.3)
        assert kept.writes == written
    assert len(told) == 1


async def test_a_name_that_is_withdrawn_while_another_is_told_leaves_the_record_and_is_never_told() -> None:
    answered = asyncio.Event()
    sent: list[str] = []
    told: Told = []

    async def slow(update: dns.update.UpdateMessage, target: UpdateTarget) -> dns.rcode.Rcode:
        sent.append(update.to_text())
        await answered.wait()
        return dns.rcode.NOERROR

    kept = Kept()
    announcer = Announcer(target_of(), kept, lambda machine, problem: told.append((machine, problem)), send=slow)
    async with announcing(announcer):
        announcer.announce(ONE)
        announcer.announce(OTHER)
        await until(lambda: bool(sent) and kept.hostnames == ["atelier-1", "atelier-2"])
        announcer.announce(replace(OTHER, hostname=""))
        await asyncio.sleep(0.2)
        assert kept.hostnames == ["atelier-1"]
        answered.set()
        await until(lambda: bool(told) and kept.text == "[]")
    assert told == [("one", None)]
    assert not [text for text in sent if "atelier-2" in text]


async def test_what_is_announced_while_the_server_stops_is_on_the_record() -> None:
    kept = Kept()
    announcer = Announcer(target_of(), kept, lambda machine, problem: None, send=silent)
    await announcer.start()
    running = asyncio.create_task(announcer.run())
    announcer.announce(ONE)
    await until(lambda: kept.hostnames == ["atelier-1"])
    running.cancel()
    await asyncio.wait([running])
    announcer.announce(replace(ONE, hostname=""))
    announcer.announce(OTHER)
    await announcer.close()
    assert kept.hostnames == ["atelier-2"]


async def test_a_server_that_could_not_start_leaves_the_line_as_it_is() -> None:
    """Another one, which has the ports, may have written there since."""
    kept = Kept()
    announcer = Announcer(target_of(), kept, lambda machine, problem: None, send=silent)
    await announcer.start()
    kept.text = "another server's"
    await announcer.close()
    assert kept.text == "another server's"


async def test_a_clock_that_is_set_back_delays_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netboot.dns.announcer.FIRST_PAUSE", 0.3)
    now = 1e9
    told: Told = []
    announcer = Announcer(
        target_of(), Kept(), lambda machine, problem: told.append((machine, problem)), send=silent, clock=lambda: now
    )
    async with announcing(announcer):
        announcer.announce(ONE)
        await until(lambda: len(told) == 1)
        now -= 86400
        async with asyncio.timeout(5):
            await until(lambda: len(told) == 2)
