"""One input: datagrams that reach a server's ports, and each way of answering them, whole.

`play` raises AssertionError where a promise of theirs is broken, and lets any other error of theirs through.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import BOOT_SERVER_PORT, SERVER_PORT, Arrival, Handled
from netboot.dhcp.full import FullDhcp
from netboot.dhcp.leases import Leases
from netboot.dhcp.packet import decode, encode
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from tests.fuzz.pieces import Piece, read, write

SERVER = IPv4Address("10.77.0.2")
SOURCES = tuple(map(IPv4Address, ("0.0.0.0", "10.77.0.1", "10.77.0.202", "192.0.2.9")))
NAMES = BootFileNames(SERVER)
PLAN = AddressPlan(SERVER, IPv4Network("10.77.0.0/24"), IPv4Address("10.77.0.100"), IPv4Address("10.77.0.103"))
LONGEST_ANSWER = 1472
"""Bytes of a datagram that plain Ethernet carries whole."""
RECORDED = Path(__file__).parents[1] / "dhcp" / "recorded"


def play(data: bytes) -> None:
    beside = [BesideBuilding(BesideSettings(NAMES, mode=mode)) for mode in ("proxy", "merged")]
    full = FullDhcp(PLAN, Leases(PLAN), NAMES)
    now = 1000.0
    for piece in read(data):
        now += piece.tenths / 10
        port = SERVER_PORT if piece.kind & 1 else BOOT_SERVER_PORT
        arrival = Arrival(port, SOURCES[piece.kind >> 1 & 3], 68 if piece.kind & 8 else 4011)
        for core in beside:
            _told(core.receive(piece.payload, arrival, now=now))
            if piece.kind & 16:
                for handled in core.tick(now):
                    _told(handled)
        step = full.receive(piece.payload, arrival, now=now)
        _told(step.handled)
        if step.probe is not None:
            holder = "02:00:00:00:00:99" if piece.kind & 32 else None
            after = full.probed(step.probe, holder, now=now)
            if after is not None:
                _told(after.handled)


def _told(handled: Handled) -> None:
    """Every answer fits into a packet, and is read as what was meant."""
    for answer in handled.answers:
        wire = encode(answer.packet)
        assert len(wire) <= LONGEST_ANSWER
        assert decode(wire) == answer.packet


def seeds() -> Iterator[bytes]:
    """What firmware and servers were recorded to say, each dialogue as one input."""
    for path in sorted(RECORDED.glob("*.txt")):
        pieces = []
        for line in path.read_text().splitlines():
            if line.startswith("#"):
                continue
            _, source, _, destination, payload = line.split()
            sender = IPv4Address(source.split(":")[0])
            kind = SOURCES.index(sender) << 1 if sender in SOURCES else 0
            kind |= (not destination.endswith(":4011")) | 8 | 16
            pieces.append(Piece(kind, 10, bytes.fromhex(payload)))
        yield write(*pieces)
