"""Record the DHCP packets on the lab's LAN with tcpdump, and read them back.

Only what a fixture or a figure needs of the pcap format: Ethernet, IPv4 without fragments, UDP
(draft-ietf-opsawg-pcap). Not for: other files than those that tcpdump made here.
"""

import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from netboot.lab.network import BRIDGE, Lan

DHCP_FILTER = "udp and (port 67 or port 68 or port 4011)"


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram seen on the LAN; `seconds` since the epoch, `source_mac` as the frame says."""

    seconds: float
    source_mac: str
    source: IPv4Address
    source_port: int
    destination: IPv4Address
    destination_port: int
    payload: bytes


@asynccontextmanager
async def capture(lan: Lan, path: Path, what: str = DHCP_FILTER) -> AsyncIterator[None]:
    """Record what passes on the LAN's switch into `path`, by a tcpdump filter."""
    command = (
        "tcpdump",
        f"--interface={BRIDGE}",
        "--immediate-mode",
        "--packet-buffered",
        "--snapshot-length=0",
        "--relinquish-privileges=root",
        "-w",
        path,
        what,
    )
    async with await lan.spawn(lan.wire, command, name="tcpdump") as program:
        await program.wait_for_output("listening on", within=10)
        yield


def datagrams(pcap: bytes) -> Iterator[Datagram]:
    """The UDP datagrams of a pcap file, in order; a last record that is not whole is left out.

    Raises ValueError when it is no little-endian pcap file of Ethernet frames.
    """
    if len(pcap) < 24 or pcap[:4] != b"\xd4\xc3\xb2\xa1" or pcap[20] != 1:
        raise ValueError("no pcap file of Ethernet frames")
    at = 24
    while at + 16 <= len(pcap):
        seconds, micros, length, _ = struct.unpack_from("<IIII", pcap, at)
        frame = pcap[at + 16 : at + 16 + length]
        at += 16 + length
        if len(frame) == length and (datagram := _datagram(seconds + micros / 1e6, frame)):
            yield datagram


def _datagram(seconds: float, frame: bytes) -> Datagram | None:
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    if len(frame) < udp + 8 or struct.unpack_from(">H", frame, 20)[0] & 0x3FFF:
        return None
    source_port, destination_port, length = struct.unpack_from(">HHH", frame, udp)
    return Datagram(
        seconds,
        frame[6:12].hex(":"),
        IPv4Address(frame[26:30]),
        source_port,
        IPv4Address(frame[30:34]),
        destination_port,
        frame[udp + 8 : udp + length],
    )
