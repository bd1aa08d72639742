"""The fuzzers' own programs, on what they start from, on random bytes, and on what they once found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.packet import DhcpPacket, Op, decode, encode, wire_size
from tests.fuzz import dhcp, dhcp_codec, tftp
from tests.fuzz.pieces import MOST, Piece, read, write


@pytest.mark.parametrize("seed", [*dhcp.seeds()])
def test_recorded_dhcp_dialogues_break_no_promise(seed: bytes) -> None:
    dhcp.play(seed)


def test_recorded_dhcp_packets_break_no_promise() -> None:
    for packet in dhcp_codec.seeds():
        dhcp_codec.play(packet)


@pytest.mark.parametrize("seed", [*tftp.seeds()])
def test_tftp_transfers_break_no_promise(seed: bytes) -> None:
    tftp.play(seed)


def test_a_pcs_packet_of_several_frames_is_not_forwarded() -> None:
    asked = DhcpPacket(
        op=Op.BOOTREQUEST, xid=1, chaddr=bytes(6), options=((53, b"\1"), (60, b"PXEClient"), (93, b"\0\7"))
    )
    fragmented = encode(asked).rstrip(b"\0\xff") + (b"\x4d\xff" + bytes(255)) * 6
    assert len(fragmented) > dhcp.LONGEST_ANSWER
    dhcp.play(write(Piece(9, 10, fragmented)))


def test_a_packet_whose_options_fill_its_other_fields_is_read_and_not_forwarded() -> None:
    kind, client, uefi = b"\x35\1\1", b"\x3c\x09PXEClient", b"\x5d\2\0\7"
    header = encode(DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=bytes(6)))[:240]
    sname, file = b"\xe0\x3e" + bytes(62), b"\xe3\x7e" + bytes(126)
    data = (
        header[:44] + sname + file + header[236:] + kind + client + uefi + b"\x34\1\3" + (b"\xe1\xfe" + bytes(254)) * 4
    )
    data += b"\xe2" + bytes((dhcp.LONGEST_ANSWER - len(data) - 2,))
    data = data.ljust(dhcp.LONGEST_ANSWER, b"\0")
    assert wire_size(decode(data)) > dhcp.LONGEST_ANSWER
    dhcp_codec.play(data)
    dhcp.play(write(Piece(9, 10, data)))


@given(st.binary(max_size=2000))
def test_random_bytes_break_no_promise(data: bytes) -> None:
    dhcp.play(data)
    dhcp_codec.play(data)
    tftp.play(data)


@given(st.lists(st.builds(Piece, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=30)), max_size=MOST))
def test_pieces_are_read_as_they_were_written(pieces: list[Piece]) -> None:
    assert list(read(write(*pieces))) == pieces
