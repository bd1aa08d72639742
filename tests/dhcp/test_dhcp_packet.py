from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.packet import (
    MAX_PACKET,
    MIN_PACKET,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    decode,
    decode_options,
    encode,
    encode_options,
)
from netboot.dhcp.text import render

HEADER = 240  # bytes up to the end of the magic cookie
FILE, SNAME = slice(108, 236), slice(44, 108)

addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
option_codes = st.integers(1, 254).filter(lambda code: code != 52)
options = st.dictionaries(option_codes, st.binary(max_size=600), max_size=5).map(lambda found: tuple(found.items()))
packets = st.builds(
    DhcpPacket,
    op=st.sampled_from(Op),
    xid=st.integers(0, 2**32 - 1),
    chaddr=st.binary(max_size=16),
    options=options,
    secs=st.integers(0, 2**16 - 1),
    flags=st.integers(0, 2**16 - 1),
    ciaddr=addresses,
    yiaddr=addresses,
    siaddr=addresses,
    giaddr=addresses,
    sname=st.binary(max_size=64).map(lambda text: text.replace(b"\0", b"")),
    file=st.binary(max_size=128).map(lambda text: text.replace(b"\0", b"")),
    htype=st.integers(0, 255),
    hops=st.integers(0, 255),
)


def discover(**changes: Any) -> DhcpPacket:
    packet = DhcpPacket(
        op=Op.BOOTREQUEST, xid=0xDEADBEEF, chaddr=b"\x52\x54\0\x88\0\1", options=((Option.MESSAGE_TYPE, b"\1"),)
    )
    return replace(packet, **changes)


@given(packets)
def test_what_is_encoded_is_decoded_to_the_same_value(packet: DhcpPacket) -> None:
    assert decode(encode(packet)) == packet


@given(st.binary(max_size=MAX_PACKET + 200))
def test_garbage_is_malformed_or_a_packet_that_can_be_rendered(data: bytes) -> None:
    try:
        packet = decode(data)
    except MalformedPacket:
        return
    assert packet.op.name in render(packet)


@given(packets, st.data())
def test_a_packet_with_damaged_bytes_raises_nothing_but_malformed(packet: DhcpPacket, data: st.DataObject) -> None:
    damaged = bytearray(encode(packet))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(0, len(damaged))) :]
    try:
        survivor = decode(bytes(damaged))
    except MalformedPacket:
        return
    assert survivor.op.name in render(survivor)


def test_a_packet_is_padded_to_the_length_that_relays_expect() -> None:
    assert len(encode(discover())) == MIN_PACKET


def test_a_long_option_goes_out_in_pieces_and_comes_back_whole() -> None:
    long = bytes(range(256)) * 2
    wire = encode(discover(options=((43, long), (60, b"PXEClient"))))
    assert wire[HEADER : HEADER + 2] == b"\x2b\xff"
    assert decode(wire).options == ((43, long), (60, b"PXEClient"))


def test_pieces_of_an_option_are_joined_even_when_others_stand_between_them() -> None:
    assert decode_options(b"\x2b\x02ab\x3c\x01x\x2b\x02cd\xff") == ((43, b"abcd"), (60, b"x"))


def test_options_run_on_in_file_and_then_in_sname_when_option_52_says_so() -> None:
    wire = bytearray(encode(discover(options=((43, b"one"),))))
    wire[HEADER:] = b"\x34\x01\x03\x2b\x03one\xff"
    wire[FILE] = b"\x2b\x03two\xff".ljust(128, b"\0")
    wire[SNAME] = b"\x2b\x05three\x43\x04file\xff".ljust(64, b"\0")
    packet = decode(bytes(wire))
    assert packet.options == ((43, b"onetwothree"), (67, b"file"))
    assert packet.file == packet.sname == b""


def test_a_field_that_is_not_overloaded_stays_a_name() -> None:
    wire = bytearray(encode(discover(sname=b"host", file=b"x")))
    wire[HEADER:] = b"\x34\x01\x01\xff"
    wire[FILE] = b"\x43\x04boot\xff".ljust(128, b"\0")
    packet = decode(bytes(wire))
    assert (packet.sname, packet.file, packet.option(67)) == (b"host", b"", b"boot")


def test_options_may_end_without_an_end_option() -> None:
    wire = encode(discover())[:HEADER] + b"\x35\x01\x01"
    assert decode(wire).message_type is MessageType.DISCOVER


@pytest.mark.parametrize("tail", [b"\x3c", b"\x3c\x09PXE", b"\x34\x01\x04\xff", b"\x34\x00\xff", b"\x34\x02\1\1\xff"])
def test_what_is_cut_short_or_overloads_nothing_leaves_what_was_said_before_it(tail: bytes) -> None:
    wire = encode(discover(sname=b"host"))[:HEADER] + b"\x35\x01\x01" + tail
    packet = decode(wire)
    assert (packet.options, packet.sname) == (((53, b"\1"),), b"host")


def test_junk_in_an_overloaded_field_leaves_the_other_options() -> None:
    wire = bytearray(encode(discover()))
    wire[HEADER:] = b"\x35\x01\x01\x34\x01\x03\xff"
    wire[FILE] = b"\x3c\x02ok\x0c\xf0".ljust(128, b"\xbb")
    wire[SNAME] = b"\xaa" * 64
    assert decode(bytes(wire)).options == ((53, b"\1"), (60, b"ok"))


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"\x0a\0\0\1", "10.0.0.1"),
        (b"\x0a\0\0\1\x0a\0\0\2", "10.0.0.1"),
        (b"\x0a\0\0", None),
        (bytes(4), None),
        (b"\xff" * 4, None),
    ],
)
def test_an_address_that_is_nobodys_is_none(value: bytes, address: str | None) -> None:
    packet = discover(options=((54, value),))
    assert packet.address(54) == (IPv4Address(address) if address else None)


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"", "too short"),
        (encode(discover())[: HEADER - 1], "too short"),
        (bytes(MAX_PACKET + 1), "more than"),
        (b"\x03" + encode(discover())[1:], "op 3"),
        (encode(discover())[:2] + b"\x11" + encode(discover())[3:], "17 bytes"),
        (encode(discover())[: HEADER - 4] + bytes(64), "cookie"),
        (encode(discover())[:HEADER] + b"\x35", "option 53 is cut short"),
        (encode(discover())[:HEADER] + b"\x35\x05\x01", "option 53 is cut short"),
        (encode(discover())[:HEADER] + b"\x34\x01\x04\xff", "overload"),
        (encode(discover())[:HEADER] + b"\x34\x02\x01\x01\xff", "overload"),
    ],
)
def test_a_malformed_packet_says_where_it_stops_being_one(wire: bytes, why: str) -> None:
    with pytest.raises(MalformedPacket, match=why):
        decode(wire)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (discover(chaddr=bytes(17)), "chaddr holds 16 bytes"),
        (discover(sname=b"x" * 65), "sname 64"),
        (discover(file=b"x" * 129), "file 128"),
        (discover(file=b"a\0b"), "first NUL"),
        (discover(xid=2**32), "does not fit"),
        (discover(secs=-1), "does not fit"),
        (discover(options=((0, b""),)), "0 is not the code"),
        (discover(options=((52, b"\1"),)), "52 is not the code"),
        (discover(options=((255, b""),)), "255 is not the code"),
        (discover(options=((43, bytes(MAX_PACKET)),)), "more than"),
    ],
)
def test_a_value_that_no_packet_can_carry_is_refused(packet: DhcpPacket, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        encode(packet)


@pytest.mark.parametrize(
    ("value", "kind"), [(b"\2", MessageType.OFFER), (b"\x63", None), (b"", None), (b"\1\1", MessageType.DISCOVER)]
)
def test_a_message_type_is_read_by_its_first_byte_and_an_odd_one_is_none(
    value: bytes, kind: MessageType | None
) -> None:
    assert discover(options=((53, value),)).message_type is kind


def test_scapy_reads_what_is_encoded(scapy_oracle: Any) -> None:
    seen = scapy_oracle.read(
        encode(
            discover(
                secs=7,
                flags=0x8000,
                ciaddr=IPv4Address("10.0.0.9"),
                yiaddr=IPv4Address("10.0.0.10"),
                siaddr=IPv4Address("10.0.0.2"),
                giaddr=IPv4Address("10.0.0.1"),
                sname=b"10.0.0.2",
                file=b"undionly.kpxe",
                options=((53, b"\2"), (54, b"\x0a\0\0\2"), (60, b"PXEClient"), (43, b"\6\1\x08\xff")),
            )
        )
    )
    assert seen["bootp"] == {
        "op": 1,
        "htype": 1,
        "hlen": 6,
        "hops": 0,
        "xid": 0xDEADBEEF,
        "secs": 7,
        "flags": 0x8000,
        "ciaddr": "10.0.0.9",
        "yiaddr": "10.0.0.10",
        "siaddr": "10.0.0.2",
        "giaddr": "10.0.0.1",
        "chaddr": "525400880001",
        "sname": b"10.0.0.2".hex(),
        "file": b"undionly.kpxe".hex(),
    }
    assert seen["options"] == {
        "message-type": [2],
        "server_id": ["10.0.0.2"],
        "vendor_class_id": [b"PXEClient".hex()],
        "vendor_specific": ["060108ff"],
    }


def test_what_scapy_builds_is_decoded(scapy_oracle: Any) -> None:
    wire = scapy_oracle.build(
        {"op": 1, "xid": 77, "secs": 4, "flags": 0x8000, "giaddr": "10.0.0.1", "chaddr": b"\x52\x54\0\x88\0\1"},
        [("message-type", "discover"), ("vendor_class_id", b"PXEClient"), ("server_id", "10.0.0.2"), ("lease_time", 9)],
    )
    assert decode(wire) == DhcpPacket(
        op=Op.BOOTREQUEST,
        xid=77,
        secs=4,
        flags=0x8000,
        giaddr=IPv4Address("10.0.0.1"),
        chaddr=b"\x52\x54\0\x88\0\1",
        options=((53, b"\1"), (60, b"PXEClient"), (54, b"\x0a\0\0\2"), (51, b"\0\0\0\x09")),
    )


def test_encapsulated_options_end_where_they_say() -> None:
    assert decode_options(encode_options(((6, b"\x08"), (10, b""))) + b"rest") == ((6, b"\x08"), (10, b""))
