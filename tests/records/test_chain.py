"""The arithmetic of a chain: what one link's hash is made of, and what is told of a chain that does not hold."""

import hashlib
from dataclasses import replace

import pytest

from netboot.records.chain import START, canonical, check, sealed
from netboot.records.values import ChainCheck, Event


def chain_of(length: int) -> list[Event]:
    links: list[Event] = []
    for sequence in range(1, length + 1):
        previous = links[-1].hash if links else START
        links.append(sealed(Event("s", sequence, "now", "choice-made", "m", "v", "j", "{}", previous, "")))
    return links


def checked(links: list[Event], of: list[Event]) -> ChainCheck:
    """What is told of `links` where the chain `of` was written."""
    return check(links, server="s", last=(of[-1].sequence, of[-1].hash))


def test_canonical_json_has_one_spelling() -> None:
    assert canonical({"b": [1, 2], "a": "é"}) == canonical({"a": "é", "b": [1, 2]}) == '{"a":"é","b":[1,2]}'


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical([number])


def test_a_links_hash_is_sha_256_of_all_its_other_fields_in_their_order() -> None:
    # Written out, so that chains of today can be checked by whoever has the documents and no netboot.
    event = Event("sé", 7, "2026-11-28", "choice-made", "m", "v", "j", '{"a":1}', "ab" * 32, "whatever stood here")
    said = '["sé",7,"2026-11-28","choice-made","m","v","j","{\\"a\\":1}","' + "ab" * 32 + '"]'
    assert sealed(event) == replace(event, hash=hashlib.sha256(said.encode("utf-8")).hexdigest())


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_whole_chain_holds_with_all_its_events(length: int) -> None:
    links = chain_of(length)
    assert checked(links, links) == ChainCheck(length)
    assert check([], server="s", last=(0, START)) == ChainCheck(0), "nothing was written yet"


def test_a_missing_event_is_told_by_its_number_and_those_before_it_hold() -> None:
    links = chain_of(4)
    assert checked([links[0], *links[2:]], links) == ChainCheck(1, ("s", 2), "event 2 is missing")
    assert checked(links[1:], links) == ChainCheck(0, ("s", 1), "event 1 is missing")


def test_an_event_of_another_chain_does_not_follow() -> None:
    links = chain_of(4)
    strange = sealed(replace(links[2], previous="cd" * 32))
    found = checked([*links[:2], strange, links[3]], links)
    assert found == ChainCheck(2, ("s", 3), "it does not follow the event before it")


def test_an_event_that_was_changed_is_told_even_when_its_hash_was_made_to_fit() -> None:
    links = chain_of(4)
    changed = replace(links[2], body='{"erased":true}')
    found = checked([*links[:2], changed, links[3]], links)
    assert found == ChainCheck(2, ("s", 3), "its content is not what was hashed")
    found = checked([*links[:2], sealed(changed), links[3]], links)
    assert found == ChainCheck(3, ("s", 4), "it does not follow the event before it")


def test_a_chain_that_ends_early_or_with_another_link_is_told() -> None:
    links = chain_of(4)
    ends = "the chain ends here, but 4 events were written"
    assert checked(links[:3], links) == ChainCheck(3, ("s", 4), ends)
    assert checked([], links) == ChainCheck(0, ("s", 1), ends)
    other = sealed(replace(links[3], body='{"erased":true}'))
    assert checked([*links[:3], other], links) == ChainCheck(4, ("s", 5), ends)
