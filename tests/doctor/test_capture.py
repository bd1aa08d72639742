"""Frames of the LAN become plain values, and no frame breaks the doctor."""

from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, LLC, STP, Dot3, Ether
from scapy.packet import Packet, Raw

from netboot.dhcp.packet import encode
from netboot.doctor.capture import HeardDhcp, HeardEcho, HeardQuery, parse_frame
from netboot.doctor.notes import Notes
from netboot.doctor.observed import ArpAnswer, Asker, Bpdu
from netboot.doctor.questions import discover

MAC = "52:54:00:00:00:09"
SOURCE = IPv4Address("10.77.0.9")
DHCP = encode(discover(Asker.BIOS, "02:11:22:33:44:55", 7))

ARP_REPLY = Ether(src=MAC) / ARP(op=2, hwsrc=MAC, psrc=str(SOURCE))
TREE = Dot3(src=MAC, dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(bridgemac=MAC, fwddelay=15)
QUESTION = Ether(src=MAC) / IP(src=str(SOURCE)) / UDP(sport=68, dport=67) / Raw(DHCP)
QUERY = Ether(src=MAC) / IP(src=str(SOURCE), ttl=1, proto=2) / Raw(b"\x11" + bytes(7))
ECHO = Ether(src=MAC) / IP(src=str(SOURCE)) / ICMP(type=0) / Raw(bytes(1472))


def from_the_wire(frame: Packet) -> Packet:
    return type(frame)(bytes(frame))


def test_each_kind_of_frame_is_read() -> None:
    assert parse_frame(from_the_wire(ARP_REPLY)) == ArpAnswer(SOURCE, MAC)
    assert parse_frame(from_the_wire(TREE)) == Bpdu(bridge=MAC, version=0, forward_delay=15.0)
    assert parse_frame(from_the_wire(QUERY)) == HeardQuery(SOURCE)
    assert parse_frame(from_the_wire(ECHO)) == HeardEcho(SOURCE, 1500)
    heard = parse_frame(from_the_wire(QUESTION))
    assert isinstance(heard, HeardDhcp)
    assert (heard.packet.xid, heard.source, heard.source_mac) == (7, SOURCE, MAC)


def test_an_arp_probe_names_no_sender() -> None:
    assert parse_frame(Ether(bytes(Ether() / ARP(op=1, psrc="0.0.0.0")))) is None


@given(
    frame=st.sampled_from([bytes(frame) for frame in (ARP_REPLY, QUESTION, QUERY, ECHO)]),
    changes=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6),
    length=st.integers(14, 400),
)
def test_no_frame_breaks_the_reader(frame: bytes, changes: list[tuple[int, int]], length: int) -> None:
    spoilt = bytearray(frame)
    for at, value in changes:
        spoilt[at % len(spoilt)] = value
    heard = parse_frame(Ether(bytes(spoilt[:length])))
    if heard is not None:
        Notes().hear(heard)


def test_notes_keep_a_bounded_number_of_things() -> None:
    notes = Notes()
    for number in range(1000):
        notes.hear(ArpAnswer(IPv4Address(number + 1), MAC))
    assert len(notes.arp) == 64
