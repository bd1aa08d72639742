"""The menu's proof of a choice: good for what it was made for, for an hour, and for nothing else."""

import base64
import hmac
import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.command_line import parse_command_line
from netboot.bootmenu.ticket import LASTS, Picked, check, issue

KEY = b"k" * 32
NOW = 1_795_500_000.5
PICKED = Picked("wipe", "52:54:00:00:00:01", "4c1bb2a8-7e52-11ea-9d7a-0862664a0001", "batch-1", "ab" * 32)


def test_a_ticket_is_good_for_an_hour() -> None:
    ticket = issue(KEY, PICKED, now=NOW)
    assert check(KEY, ticket, PICKED, now=NOW) == "good"
    assert check(KEY, ticket, PICKED, now=NOW + LASTS - 1) == "good"
    assert check(KEY, ticket, PICKED, now=NOW + LASTS + 1) == "expired"


def test_a_ticket_of_a_clock_that_was_put_back_is_too_old() -> None:
    assert check(KEY, issue(KEY, PICKED, now=NOW), PICKED, now=NOW - 86400) == "expired"


@pytest.mark.parametrize(
    "other",
    [
        replace(PICKED, profile="look"),
        replace(PICKED, mac="52:54:00:00:00:02"),
        replace(PICKED, uuid="4c1bb2a8-7e52-11ea-9d7a-0862664a0002"),
        replace(PICKED, uuid=""),
        replace(PICKED, batch=""),
        replace(PICKED, digest="cd" * 32),
    ],
)
def test_a_ticket_is_good_for_nothing_else(other: Picked) -> None:
    assert check(KEY, issue(KEY, PICKED, now=NOW), other, now=NOW) == "wrong"


def test_another_servers_ticket_is_wrong() -> None:
    assert check(b"x" * 32, issue(KEY, PICKED, now=NOW), PICKED, now=NOW) == "wrong"


def test_a_loader_that_told_no_uuid_has_a_ticket_for_its_address() -> None:
    ticket = issue(KEY, replace(PICKED, uuid=""), now=NOW)
    assert check(KEY, ticket, PICKED, now=NOW) == "good"
    assert check(KEY, ticket, PICKED, now=NOW, uuid_needed=True) == "wrong"
    assert check(KEY, ticket, replace(PICKED, uuid=""), now=NOW, uuid_needed=True) == "wrong"


def test_a_uuid_counts_in_both_byte_orders() -> None:
    swapped = str(uuid.UUID(bytes_le=uuid.UUID(PICKED.uuid).bytes))
    assert check(KEY, issue(KEY, replace(PICKED, uuid=swapped), now=NOW), PICKED, now=NOW, uuid_needed=True) == "good"


@pytest.mark.parametrize("uuid_said", [PICKED.uuid, "a8b21b4c-527e-ea11-9d7a-0862664a0001"])
def test_a_ticket_is_made_as_its_module_says_so_that_one_from_before_an_update_stays_good(uuid_said: str) -> None:
    until = int(NOW) + 3600
    said = f'["netboot-ticket-2", "wipe", "{"ab" * 32}", "batch-1", "{PICKED.mac}", "{PICKED.uuid}", {until}]'
    proof = base64.urlsafe_b64encode(hmac.new(KEY, said.encode(), "sha256").digest()).decode().removesuffix("=")
    assert issue(KEY, replace(PICKED, uuid=uuid_said), now=NOW) == f"{until}-{proof}"


def test_a_ticket_is_good_from_the_second_it_is_made_in_to_the_second_it_ends_in() -> None:
    start = int(NOW)
    ticket = issue(KEY, PICKED, now=start)
    assert check(KEY, ticket, PICKED, now=start - 1) == "expired"
    assert check(KEY, ticket, PICKED, now=start) == "good"
    assert check(KEY, ticket, PICKED, now=start + LASTS) == "good"
    assert check(KEY, ticket, PICKED, now=start + LASTS + 1) == "expired"


PICKS = st.builds(
    Picked,
    profile=st.text(max_size=20),
    mac=st.text(max_size=17),
    uuid=st.uuids().map(str) | st.text(max_size=36),
    batch=st.text(max_size=20),
    digest=st.text(max_size=20),
)


@given(one=PICKS, other=PICKS, now=st.floats(0, 1e11))
def test_no_two_picks_share_a_ticket(one: Picked, other: Picked, now: float) -> None:
    ticket = issue(KEY, one, now=now)
    assert check(KEY, ticket, one, now=now) == "good"
    if (one.profile, one.mac, one.batch, one.digest) != (other.profile, other.mac, other.batch, other.digest):
        assert check(KEY, ticket, other, now=now) == "wrong"
    assert parse_command_line(f"quiet netboot.ticket={ticket}").ticket == ticket


@given(ticket=st.text(max_size=200) | st.from_regex(r"\A[0-9]{1,12}-[0-9A-Za-z_-]{43}\Z"), now=st.floats(0, 1e11))
def test_whatever_is_said_is_a_ticket_or_is_wrong(ticket: str, now: float) -> None:
    assert check(KEY, ticket, PICKED, now=now) == "wrong"
