"""The two datagrams by which a PC finds a server that moved: what is signed, what is believed, what is not."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from netboot.shared.manifest import MAGIC
from netboot.shared.whereabouts import (
    ANSWER_LENGTH,
    NONCE_LENGTH,
    QUESTION_LENGTH,
    SIGNED_AS,
    Place,
    WhereaboutsError,
    encode_answer,
    encode_question,
    parse_answer,
    parse_question,
)

KEY = SigningKey(b"netboot test key, for tests only"[:32])
PUBLIC = bytes(KEY.verify_key)
NONCE, OTHER_NONCE = b"\x01" * NONCE_LENGTH, b"\x02" * NONCE_LENGTH
HERE, ELSEWHERE = IPv4Address("10.77.0.9"), IPv4Address("10.77.0.66")
ANSWER = encode_answer(NONCE, Place(HERE, 80), KEY)

nonces = st.binary(min_size=NONCE_LENGTH, max_size=NONCE_LENGTH)
places = st.builds(Place, st.ip_addresses(v=4), st.integers(1, 65535))


def believed(datagram: bytes, *, nonce: bytes = NONCE, sender: IPv4Address = HERE, key: bytes = PUBLIC) -> Place:
    return parse_answer(datagram, nonce=nonce, sender=sender, public_key=key)


@given(nonces, places)
def test_what_is_asked_and_answered_is_read_as_it_was_meant(nonce: bytes, place: Place) -> None:
    assert parse_question(encode_question(nonce)) == nonce
    answer = encode_answer(nonce, place, KEY)
    assert believed(answer, nonce=nonce, sender=place.address) == place


def test_a_place_is_where_http_is() -> None:
    assert believed(ANSWER).url == "http://10.77.0.9:80"


def test_no_answer_is_longer_than_its_question() -> None:
    assert len(encode_question(NONCE)) == QUESTION_LENGTH
    assert len(ANSWER) == ANSWER_LENGTH <= QUESTION_LENGTH


@pytest.mark.parametrize(
    "answer",
    [
        encode_answer(OTHER_NONCE, Place(HERE, 80), KEY),
        encode_answer(NONCE, Place(ELSEWHERE, 80), KEY),
        encode_answer(NONCE, Place(HERE, 80), SigningKey.generate()),
        encode_answer(NONCE, Place(HERE, 0), KEY),
        ANSWER[:-1],
        ANSWER + b"\0",
        encode_question(NONCE),
    ],
    ids=["an old answer", "sent by a stranger", "another key", "port 0", "cut", "longer", "a question"],
)
def test_what_is_not_followed(answer: bytes) -> None:
    with pytest.raises(WhereaboutsError):
        believed(answer)


@given(st.integers(0, ANSWER_LENGTH - 1), st.integers(1, 255))
def test_one_changed_byte_is_not_believed(at: int, by: int) -> None:
    changed = bytearray(ANSWER)
    changed[at] ^= by
    with pytest.raises(WhereaboutsError):
        believed(bytes(changed))


def test_a_signature_made_for_anything_else_counts_for_nothing_here_and_the_other_way_round() -> None:
    body = ANSWER[16:-64]
    with pytest.raises(WhereaboutsError):
        believed(ANSWER[:-64] + KEY.sign(body).signature)
    assert not SIGNED_AS.startswith(MAGIC)
    assert not MAGIC.startswith(SIGNED_AS)


@given(st.one_of(st.binary(max_size=300), nonces.map(lambda nonce: encode_question(nonce)[:-1] + b"x")))
def test_garbage_raises_nothing_but_its_own_error(garbage: bytes) -> None:
    with pytest.raises(WhereaboutsError):
        parse_question(garbage)
    with pytest.raises(WhereaboutsError):
        believed(garbage)


@given(st.binary(max_size=64))
def test_a_key_that_is_none_is_no_reason_to_fall_over(key: bytes) -> None:
    with pytest.raises(WhereaboutsError):
        believed(ANSWER, key=key)
