"""What is read of another server's offer; the search itself is in test_clients.py."""

import asyncio
import socket
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.packet import BROADCAST_FLAG, MAX_PACKET, MessageType
from netboot.dhcp.rival import _discover, _first_offer, read_offer
from tests.dhcp.conftest import ScapyOracle

XID = 0x1234


def offer(oracle: ScapyOracle, *, port: int = 68, kind: str = "offer", **bootp: object) -> bytes:
    fields = {"op": 2, "xid": XID, "yiaddr": "10.0.0.50", **bootp}
    payload = oracle.build(fields, [("message-type", kind), ("server_id", "10.0.0.4")])
    udp = (67).to_bytes(2) + port.to_bytes(2) + (8 + len(payload)).to_bytes(2) + bytes(2)
    header = bytes((0x45, 0)) + bytes(7) + bytes((17,)) + bytes(2) + IPv4Address("10.0.0.3").packed + b"\xff" * 4
    return header + udp + payload


def test_an_offer_with_an_address_names_its_server(scapy_oracle: ScapyOracle) -> None:
    assert read_offer(offer(scapy_oracle), XID) == IPv4Address("10.0.0.4")


async def test_an_offer_that_fills_its_frame_is_read_whole(scapy_oracle: ScapyOracle) -> None:
    packet = offer(scapy_oracle, sname="x" * 60)
    end = packet.rindex(b"\xff")
    room = 20 + 8 + MAX_PACKET - end - 1
    filled = packet[:end] + (b"\xe0\xf0" + bytes(240)) * (room // 242) + b"\xff"
    assert len(filled) > MAX_PACKET
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there:
        there.setblocking(False)
        here.send(filled)
        async with asyncio.timeout(5):
            assert await _first_offer(there, XID, IPv4Address("10.0.0.1")) == IPv4Address("10.0.0.4")


@pytest.mark.parametrize("change", [{"yiaddr": "0.0.0.0"}, {"xid": 1}, {"op": 1}, {"kind": "ack"}, {"port": 67}])
def test_a_proxys_offer_and_others_answers_are_none(scapy_oracle: ScapyOracle, change: dict[str, object]) -> None:
    assert read_offer(offer(scapy_oracle, **change), XID) is None  # type: ignore[arg-type] # one word each


@given(st.binary(max_size=400))
def test_any_packet_is_read(packet: bytes) -> None:
    assert read_offer(packet, XID) is None
    assert read_offer(b"\x45" + packet, XID) is None


def test_our_discover_is_one_to_another_reader(scapy_oracle: ScapyOracle) -> None:
    packet = _discover(bytes.fromhex("020000000001"), XID)
    read = scapy_oracle.read(packet[28:])
    assert (read["bootp"]["xid"], read["bootp"]["flags"]) == (XID, BROADCAST_FLAG)
    assert read["options"]["message-type"] == [MessageType.DISCOVER]
    words = [int.from_bytes(packet[at : at + 2]) for at in range(0, 20, 2)]
    total = sum(words)
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF  # RFC 791: the header's sum with its checksum
