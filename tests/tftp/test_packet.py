"""The codec: what real clients send is read, anything else is refused with one error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.tftp_packet import (
    MAX_OPTIONS,
    MAX_REQUEST,
    ClientError,
    ErrorCode,
    PacketError,
    ReadRequest,
    encode_data,
    encode_error,
    encode_oack,
    parse_reply,
    parse_request,
    printable,
)

WORD = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20)


def rrq(*strings: str) -> bytes:
    return b"\0\1" + b"".join(string.encode() + b"\0" for string in strings)


def test_a_request_is_read_with_its_options_in_the_clients_spelling() -> None:
    request = parse_request(rrq("/EFI/boot.efi", "OCTET", "tsize", "0", "BlkSize", "1468"))
    assert request == ReadRequest("/EFI/boot.efi", "octet", (("tsize", "0"), ("BlkSize", "1468")))


def test_padding_after_the_last_option_is_harmless() -> None:
    assert parse_request(rrq("a", "octet", "tsize", "0") + b"\0\0\0").options == (("tsize", "0"),)


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"", "not a read request"),
        (b"\0\2a\0octet\0", "not a read request"),
        (b"\0\1", "not terminated"),
        (b"\0\1a\0octet\0blksize", "not terminated"),
        (b"\0\1a\0", "malformed"),
        (b"\0\1\0octet\0", "no file name"),
        (rrq("é", "octet"), "malformed"),
        (rrq("a", "octet", "blksize"), "malformed"),
        (rrq("a", "octet", *("o", "v") * (MAX_OPTIONS + 1)), "too many options"),
        (rrq("a" * MAX_REQUEST, "octet"), "too long"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(datagram: bytes, why: str) -> None:
    with pytest.raises(PacketError, match=why):
        parse_request(datagram)


@given(st.binary(max_size=700) | st.binary(max_size=600).map(lambda tail: b"\0\1" + tail + b"\0"))
def test_no_bytes_raise_anything_but_a_packet_error(datagram: bytes) -> None:
    for parse in (parse_request, parse_reply):
        with contextlib.suppress(PacketError):
            parse(datagram)


@given(WORD, st.lists(st.tuples(WORD, WORD), max_size=8, unique_by=lambda pair: pair[0]))
def test_every_printable_request_that_fits_is_read_back(name: str, options: list[tuple[str, str]]) -> None:
    datagram = rrq(name, "octet", *(word for pair in options for word in pair))
    assert parse_request(datagram) == ReadRequest(name, "octet", tuple(options))


def test_acks_and_errors_are_read_and_an_errors_text_made_printable() -> None:
    assert parse_reply(b"\0\4\xff\xff") == 65535
    assert parse_reply(b"\0\4\0\1padding") == 1
    assert parse_reply(b"\0\5\0\x08User aborted\0") == ClientError(8, "User aborted")
    assert parse_reply(b"\0\5\0\0\x1b[2Jx\xff") == ClientError(0, "�[2Jx�")


def test_what_is_sent_has_the_bytes_of_the_rfcs() -> None:
    assert encode_data(1, b"x") == b"\0\3\0\1x"
    assert encode_data(65536, b"") == b"\0\3\0\0"
    assert encode_oack((("tsize", "5"), ("BLKSIZE", "1468"))) == b"\0\6tsize\0" + b"5\0BLKSIZE\0" + b"1468\0"
    assert encode_error(ErrorCode.NOT_FOUND, "file not found") == b"\0\5\0\1file not found\0"


def test_a_name_in_a_log_line_has_no_control_characters_and_an_end() -> None:
    assert printable("a\n\x1b[1mb") == "a��[1mb"
    assert len(printable("x" * 1000)) == 128
