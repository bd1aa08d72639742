"""One input: one datagram. The DHCP codec, a packet as text, and what a packet says of a boot client.

`play` raises AssertionError where a promise of theirs is broken, and lets any other error of theirs through.
"""

from collections.abc import Iterator

from netboot.dhcp.boot_client import read_boot_client
from netboot.dhcp.packet import MAX_PACKET, MalformedPacket, decode, encode, wire_size
from netboot.dhcp.text import render
from tests.fuzz import dhcp, pieces


def play(data: bytes) -> None:
    try:
        packet = decode(data)
    except MalformedPacket:
        return
    if wire_size(packet) <= MAX_PACKET:  # options that filled `sname` and `file` as well may not fit beside them
        assert decode(encode(packet)) == packet
    assert all(line.isprintable() for line in render(packet).splitlines())
    read_boot_client(packet)


def seeds() -> Iterator[bytes]:
    """Each datagram of the recorded dialogues."""
    for dialogue in dhcp.seeds():
        for piece in pieces.read(dialogue):
            yield piece.payload
