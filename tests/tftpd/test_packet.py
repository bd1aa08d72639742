"""The codec: what real clients send is read, anything else is refused with one error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.tftpd.packet import (
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
        (b"\0\1", "name without an end"),
        (b"\0\1shimx64.efi", "name without an end"),
        (rrq("a" * MAX_REQUEST, "octet"), "name without an end"),
    ],
)
def test_what_names_no_file_is_refused_with_the_reason(datagram: bytes, why: str) -> None:
    with pytest.raises(PacketError, match=why):
        parse_request(datagram)


SLOPPY = {
    "an option that ends after its name": rrq("a", "octet", "tsize", "0", "blksize"),
    "an option that is cut in its name": rrq("a", "octet", "tsize", "0") + b"blks",
    "an option that is cut in its value": rrq("a", "octet", "tsize", "0", "blksize") + b"14",
    "an option without a value": rrq("a", "octet", "blksize", "", "tsize", "0"),
    "an option without a name": rrq("a", "octet", "", "5", "tsize", "0"),
    "bytes of the buffer behind the last NUL": rrq("a", "octet", "tsize", "0") + b"\xff\xde\xad",
    "a whole buffer, longer than a request may be": rrq("a", "octet", "tsize", "0") + b"\xff" * 700,
    "zeros up to the end of the buffer": rrq("a", "octet", "tsize", "0").ljust(600, b"\0"),
}


@pytest.mark.parametrize("sloppy", SLOPPY)
def test_what_is_unfinished_or_empty_in_a_request_is_left_out(sloppy: str) -> None:
    assert parse_request(SLOPPY[sloppy]) == ReadRequest("a", "octet", (("tsize", "0"),))


def test_a_mode_whose_nul_was_forgotten_is_read() -> None:
    assert parse_request(b"\0\1a\0octet") == ReadRequest("a", "octet")
    assert parse_request(b"\0\1a\0").mode == ""


def test_more_options_than_are_looked_at_are_ignored() -> None:
    many = [word for number in range(MAX_OPTIONS + 5) for word in (f"o{number}", "v")]
    assert len(parse_request(rrq("a", "octet", *many)).options) == MAX_OPTIONS


def test_a_name_is_read_whatever_its_bytes_are() -> None:
    assert parse_request(b"\0\1shimx64.efi\xff\0octet\0").filename == "shimx64.efi\xff"
    assert parse_request(b"\0\1\0octet\0").filename == ""


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
