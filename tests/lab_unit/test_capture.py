import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.lab.capture import Datagram, datagrams

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def record(frame: bytes, seconds: int = 5) -> bytes:
    return struct.pack("<IIII", seconds, 500_000, len(frame), len(frame)) + frame


def frame(payload: bytes, *, protocol: int = 17, fragment: int = 0) -> bytes:
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, fragment, 64, protocol, 0, bytes(4), b"\xff" * 4)
    udp = struct.pack(">HHHH", 68, 67, 8 + len(payload), 0)
    return b"\xff" * 6 + bytes.fromhex("525400770001") + b"\x08\x00" + ip + udp + payload


def test_a_udp_datagram_is_read_with_its_time_addresses_and_payload() -> None:
    # Ethernet pads a short frame: what lies behind the datagram's length is none of it.
    assert list(datagrams(HEADER + record(frame(b"hello") + bytes(13)))) == [
        Datagram(5.5, "52:54:00:77:00:01", IPv4Address("0.0.0.0"), 68, IPv4Address("255.255.255.255"), 67, b"hello")
    ]


def test_other_protocols_and_fragments_are_passed_over() -> None:
    pcap = HEADER + record(frame(b"a", protocol=6)) + record(frame(b"b", fragment=0x2000)) + record(frame(b"c"))
    assert [datagram.payload for datagram in datagrams(pcap)] == [b"c"]


@given(st.integers(0, 60))
def test_a_file_cut_in_its_last_record_gives_the_records_before(cut: int) -> None:
    whole = HEADER + record(frame(b"first"))
    last = record(frame(b"second"))
    assert [one.payload for one in datagrams(whole + last[: min(cut, len(last) - 1)])] == [b"first"]


@given(st.binary(max_size=200))
def test_no_bytes_after_the_header_raise_an_error(rest: bytes) -> None:
    assert all(len(datagram.payload) < 200 for datagram in datagrams(HEADER + rest))


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="pcap"):
        list(datagrams(b"\x0a\x0d\x0d\x0a" + bytes(40)))
