"""Sloppy packets, each to a real dnsmasq and to our own server: what that answers, ours answers, and it is heard.

The bytes are made by hand, since no codec of ours would write them. The PC hears every frame of its wire and has no
address, as firmware has none: an answer by unicast to an address that it does not have would need ARP, and never comes.
"""

import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.packet import DhcpPacket, MessageType, decode
from tests.dhcp.wire import EVERYBODY, udp_socket
from tests.dhcp_full.switch import SERVER, Switch, run_in, serving
from tests.namespace import inside

pytestmark = pytest.mark.root

FIRST, LAST = IPv4Address("10.81.0.100"), IPv4Address("10.81.0.119")
PLAN = AddressPlan(server=SERVER, network=IPv4Network("10.81.0.0/24"), first=FIRST, last=LAST, lease=600)
OLD = IPv4Address("10.81.0.77")
ELSEWHERE = IPv4Address("192.168.1.5")
NOBODY = IPv4Address(0)
_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_ALL_FRAMES = 3  # ETH_P_ALL


@dataclass(frozen=True, slots=True)
class Firmware:
    """A PC that says what it is told to, with a new transaction id each time."""

    namespace: str
    mac: bytes
    ids: Iterator[int]

    def say(
        self,
        options: bytes = b"",
        *,
        kind: MessageType | None = MessageType.DISCOVER,
        ciaddr: IPv4Address = NOBODY,
        hlen: int = 6,
        htype: int = 1,
        secs: int = 0,
        flags: int = 0x8000,
        chaddr: bytes = b"",
        fields: tuple[bytes, bytes] = (b"", b""),
        end: bytes = b"\xff",
        size: int = 300,
    ) -> DhcpPacket | None:
        """Broadcast one packet, and give the first answer that comes over the wire within a second."""
        xid = next(self.ids)
        head = (1, htype, hlen, 0, xid, secs, flags, ciaddr.packed, bytes(4), bytes(4), bytes(4))
        wire = _HEADER.pack(*head, chaddr or self.mac, *fields, b"\x63\x82\x53\x63")
        wire += (bytes((53, 1, kind)) if kind else b"") + options + end
        with closing(inside(self.namespace, _all_frames)) as ear, udp_socket(self.namespace, 68) as mouth:
            mouth.sendto(wire.ljust(size, b"\0"), (EVERYBODY, 67))
            return _heard(ear, xid, until=time.monotonic() + 1.0)

    def offered(self) -> IPv4Address:
        offer = self.say()
        assert offer is not None
        return offer.yiaddr


def _all_frames() -> socket.socket:
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_FRAMES))
    ear.bind(("eth0", _ALL_FRAMES))
    return ear


def _heard(ear: socket.socket, xid: int, until: float) -> DhcpPacket | None:
    while (left := until - time.monotonic()) > 0:
        ear.settimeout(left)
        try:
            packet = ear.recv(2048)
        except TimeoutError:
            return None
        udp = packet[(packet[0] & 15) * 4 :]
        if packet[9] == socket.IPPROTO_UDP and udp[2:4] == (68).to_bytes(2) and udp[12:16] == xid.to_bytes(4):
            return decode(udp[8:])
    return None


def code(number: int, value: bytes) -> bytes:
    return bytes((number, len(value))) + value


DISCOVERS: dict[str, Callable[[Firmware], DhcpPacket | None]] = {
    "as it should be": lambda pc: pc.say(),
    "an old address in ciaddr": lambda pc: pc.say(ciaddr=OLD),
    "another network's address in ciaddr": lambda pc: pc.say(ciaddr=ELSEWHERE),
    "0.0.0.0 asked for": lambda pc: pc.say(code(50, bytes(4))),
    "half an address asked for": lambda pc: pc.say(code(50, bytes(2))),
    "an address asked for twice": lambda pc: pc.say(code(50, OLD.packed) * 2),
    "a lease of 0 s asked for": lambda pc: pc.say(code(51, bytes(4))),
    "a hardware address of 0 bytes": lambda pc: pc.say(hlen=0),
    "a hardware address of 16 bytes": lambda pc: pc.say(hlen=16),
    "a hardware address of 17 bytes": lambda pc: pc.say(hlen=17),
    "no hardware type": lambda pc: pc.say(htype=0),
    "IEEE 802 as hardware type": lambda pc: pc.say(htype=6),
    "junk behind the hardware address": lambda pc: pc.say(chaddr=pc.mac + b"\xff" * 10),
    "junk behind the end": lambda pc: pc.say(end=b"\xff" + b"\x0c\xff\x01\x02" * 10),
    "no end": lambda pc: pc.say(end=b"", size=0),
    "no end, and padding": lambda pc: pc.say(end=b""),
    "an option cut in its value": lambda pc: pc.say(bytes((12, 40)) + b"abc", end=b"", size=0),
    "an option cut after its code": lambda pc: pc.say(bytes((12,)), end=b"", size=0),
    "an overload of nothing": lambda pc: pc.say(code(52, b"\0")),
    "an overload of 9": lambda pc: pc.say(code(52, b"\x09")),
    "an overload of two bytes": lambda pc: pc.say(code(52, b"\1\1")),
    "an overload of junk": lambda pc: pc.say(code(52, b"\3"), fields=(b"\xaa" * 64, b"\x0c\xf0".ljust(128, b"\xbb"))),
    "an overload of a file's name": lambda pc: pc.say(code(52, b"\1"), fields=(b"", b"undionly.kpxe")),
    "an empty client identifier": lambda pc: pc.say(code(61, b"")),
    "an empty list of what it wants": lambda pc: pc.say(code(55, b"")),
    "a message type of two bytes": lambda pc: pc.say(code(53, b"\1\1"), kind=None),
    "a message type twice": lambda pc: pc.say(code(53, b"\1")),
    "no message type": lambda pc: pc.say(kind=None),
    "seconds in the other byte order": lambda pc: pc.say(secs=0x0400),
    "flags that nobody knows": lambda pc: pc.say(flags=0x8001),
    "a server named in a DISCOVER": lambda pc: pc.say(code(54, bytes(4))),
    "shorter than BOOTP": lambda pc: pc.say(size=0),
    "a whole frame": lambda pc: pc.say(size=1472),
    "a largest size of 0": lambda pc: pc.say(code(57, bytes(2))),
    "a relay's empty word": lambda pc: pc.say(code(82, b"")),
}

US = code(54, SERVER.packed)
request = partial(Firmware.say, kind=MessageType.REQUEST)

REQUESTS: dict[str, Callable[[Firmware], DhcpPacket | None]] = {
    "as it should be": lambda pc: request(pc, US + code(50, pc.offered().packed)),
    "an old address in ciaddr": lambda pc: request(pc, US + code(50, pc.offered().packed), ciaddr=OLD),
    "half a server named": lambda pc: request(pc, code(54, bytes(2)) + code(50, pc.offered().packed)),
    "no server named": lambda pc: request(pc, code(50, pc.offered().packed)),
    "our server named twice": lambda pc: request(pc, US + US + code(50, pc.offered().packed)),
}

MORE_THAN_DNSMASQ: dict[str, Callable[[Firmware], DhcpPacket | None]] = {
    "0.0.0.0 named as server": lambda pc: request(pc, code(54, bytes(4)) + code(50, pc.offered().packed)),
    "everybody named as server": lambda pc: request(pc, code(54, b"\xff" * 4) + code(50, pc.offered().packed)),
    "no address asked for": lambda pc: request(pc, US) if pc.offered() else None,
    "0.0.0.0 asked for": lambda pc: request(pc, US + code(50, bytes(4))) if pc.offered() else None,
}


@pytest.fixture(scope="module")
def switch() -> Iterator[Switch]:
    made = Switch()
    try:
        made.open()
        made.host("server", SERVER)
        made.host("pc")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def pc(switch: Switch) -> Firmware:
    mac = bytes.fromhex(switch.mac("pc").replace(":", ""))
    return Firmware(switch.host("pc"), mac, iter(range(0x1000, 0x10000)))


@pytest.fixture(scope="module")
def dnsmasqs_answers(
    switch: Switch, pc: Firmware, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, MessageType | None]:
    """What dnsmasq says to each packet, as the only DHCP server of the switch."""
    with dnsmasq(switch, tmp_path_factory.mktemp("dnsmasq")):
        discovers = {f"DISCOVER: {name}": kind(say(pc)) for name, say in DISCOVERS.items()}
        return discovers | {f"REQUEST: {name}": kind(say(pc)) for name, say in REQUESTS.items()}


@contextmanager
def dnsmasq(switch: Switch, folder: Path) -> Iterator[None]:
    words = ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=eth0", "--bind-interfaces"]
    words += [f"--dhcp-range={FIRST},{LAST},600", "--dhcp-authoritative", "--no-ping", "--user=root"]
    words += [f"--dhcp-leasefile={folder}/leases", f"--log-facility={folder}/log"]
    with subprocess.Popen(["ip", "netns", "exec", switch.host("server"), "dnsmasq", *words]) as program:
        try:
            until = time.monotonic() + 10
            while ":67 " not in run_in(switch.host("server"), "ss", "-lun").stdout:
                assert program.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            yield
        finally:
            program.terminate()


@pytest.fixture(scope="module")
def ours(switch: Switch, dnsmasqs_answers: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Our server, once dnsmasq is gone."""
    with serving(switch, PLAN, tmp_path_factory.mktemp("ours") / "record.sqlite"):
        yield


def kind(answer: DhcpPacket | None) -> MessageType | None:
    return answer.message_type if answer is not None else None


@pytest.mark.parametrize("name", DISCOVERS)
def test_a_sloppy_discover_is_answered_as_dnsmasq_answers_it(
    pc: Firmware, dnsmasqs_answers: dict[str, MessageType | None], ours: None, name: str
) -> None:
    answer = DISCOVERS[name](pc)
    assert kind(answer) is dnsmasqs_answers[f"DISCOVER: {name}"]
    if answer is not None:
        assert FIRST <= answer.yiaddr <= LAST
        assert answer.ciaddr == NOBODY


@pytest.mark.parametrize("name", REQUESTS)
def test_a_sloppy_request_is_answered_as_dnsmasq_answers_it(
    pc: Firmware, dnsmasqs_answers: dict[str, MessageType | None], ours: None, name: str
) -> None:
    answer = REQUESTS[name](pc)
    assert kind(answer) is dnsmasqs_answers[f"REQUEST: {name}"] is MessageType.ACK
    assert answer is not None
    assert FIRST <= answer.yiaddr <= LAST


@pytest.mark.parametrize("name", MORE_THAN_DNSMASQ)
def test_a_request_that_dnsmasq_sends_back_to_its_beginning_gets_what_was_offered(
    pc: Firmware, ours: None, name: str
) -> None:
    answer = MORE_THAN_DNSMASQ[name](pc)
    assert kind(answer) is MessageType.ACK


def test_most_of_them_are_answered_at_all(dnsmasqs_answers: dict[str, MessageType | None]) -> None:
    unanswered = {name for name, answer in dnsmasqs_answers.items() if answer is None}
    assert unanswered == {
        "DISCOVER: a hardware address of 0 bytes",
        "DISCOVER: a hardware address of 17 bytes",
        "DISCOVER: no hardware type",
        "DISCOVER: no message type",
    }
