from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.arp_packet import Arp, decode, encode_probe

ADDRESS = IPv4Address("10.0.0.9")
# A reply of Linux 6.1 to a probe, over a veth.
REPLY = bytes.fromhex("0001080006040002 0200000000ee0a000009 0200000000010 0000000".replace(" ", ""))


def test_a_probe_says_who_asks_but_no_address_of_ours() -> None:
    probe = encode_probe(bytes.fromhex("020000000001"), ADDRESS)
    assert probe == bytes.fromhex("0001080006040001020000000001000000000000000000000a000009")
    asked = decode(probe)
    assert asked == Arp(True, "02:00:00:00:00:01", IPv4Address(0), ADDRESS)
    assert asked.claims == ADDRESS


def test_a_reply_names_who_has_the_address() -> None:
    arp = decode(REPLY + bytes(18))
    assert arp == Arp(False, "02:00:00:00:00:ee", ADDRESS, IPv4Address(0))
    assert arp.claims == ADDRESS


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    arp = decode(payload)
    assert arp is None or len(payload) >= 28


def test_arp_for_anything_but_ipv4_over_ethernet_is_refused() -> None:
    for at, value in ((1, 6), (2, 0x86), (4, 8), (5, 16), (7, 3)):
        changed = bytearray(REPLY)
        changed[at] = value
        assert decode(bytes(changed)) is None
