"""Sends DISCOVERs of made-up PXE clients at a server, each with a MAC of its own, and times the offers.

    python -m netboot.lab.dhcp_load --interface eth0 --rate 1000 --seconds 5      so many a second, whatever comes back
    python -m netboot.lab.dhcp_load --interface eth0 --outstanding 32 --seconds 3 the next as soon as one is answered

Prints one JSON object (`Load`). An offer's arrival is the kernel's time of it (SO_TIMESTAMPNS, socket(7)), so that this
program's own turns do not count. perfdhcp (kea-admin) has no percentiles, and asks as a relay, which no PC does.
Run it in a network namespace: forged packets are for a LAN that was made for them. Not for: whole dialogues.
"""

import argparse
import json
import random
import select
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass
from statistics import quantiles

from netboot.dhcp.packet import BROADCAST_FLAG, DhcpPacket, MessageType, Op, Option, encode

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python's socket module does not name it
TIMESPEC = struct.Struct("@qq")
XID = slice(4, 8)
MAC = slice(28, 34)
GIVEN_UP = 2.0
"""Seconds after which an answer is no longer waited for."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent and answered in `seconds`; the latencies are in milliseconds, None without an answer."""

    seconds: float
    sent: int
    answered: int
    p50: float | None
    p99: float | None


class Clients:
    """Makes DISCOVERs and takes the time until each one's first answer."""

    def __init__(self, interface: str) -> None:
        self._sock = sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        sock.bind(("", 68))
        self._discover = bytearray(encode(_discover()))
        self._first = random.getrandbits(31)
        self._waiting: dict[int, float] = {}
        self.sent = 0
        self.latencies: list[float] = []

    @property
    def waiting(self) -> int:
        """Clients whose answer may still come."""
        oldest = time.time() - GIVEN_UP
        while self._waiting and (xid := next(iter(self._waiting))) and self._waiting[xid] < oldest:
            del self._waiting[xid]
        return len(self._waiting)

    def send(self) -> None:
        """One more client asks."""
        xid = (self._first + self.sent) & 0xFFFFFFFF
        self._discover[XID] = xid.to_bytes(4, "big")
        self._discover[MAC] = b"\x02\x77" + xid.to_bytes(4, "big")
        self.sent += 1
        self._waiting[xid] = time.time()
        try:
            self._sock.sendto(self._discover, ("255.255.255.255", 67))
        except BlockingIOError:
            del self._waiting[xid]

    def hear(self, until: float) -> None:
        """Take answers until the monotonic time `until`, or the first few."""
        ready, _, _ = select.select([self._sock], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return
        for _ in range(64):
            try:
                answer, ancillary, _, _ = self._sock.recvmsg(1500, 64)
            except BlockingIOError:
                return
            asked = self._waiting.pop(int.from_bytes(answer[XID], "big"), None)
            if asked is not None and answer[:1] == b"\x02":
                seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
                self.latencies.append(seconds + nanoseconds / 1e9 - asked)


def _discover() -> DhcpPacket:
    """What a BIOS's PXE ROM sends (PXE 2.1 §2.2.1)."""
    options = (
        (Option.MESSAGE_TYPE, bytes([MessageType.DISCOVER])),
        (Option.PARAMETER_LIST, bytes([1, 3, 43, 54, 60, 66, 67])),
        (Option.VENDOR_CLASS, b"PXEClient:Arch:00000:UNDI:002001"),
        (Option.ARCHITECTURE, b"\0\0"),
        (Option.NETWORK_INTERFACE, b"\1\2\1"),
    )
    return DhcpPacket(Op.BOOTREQUEST, 0, bytes(6), options, flags=BROADCAST_FLAG)


def at_rate(clients: Clients, rate: float, seconds: float) -> None:
    """`rate` DISCOVERs a second, evenly."""
    started = time.monotonic()
    for number in range(round(rate * seconds)):
        due = started + number / rate
        while time.monotonic() < due:
            clients.hear(due)
        clients.send()
    _hear_the_last(clients)


def as_fast_as_answered(clients: Clients, outstanding: int, seconds: float) -> None:
    """`outstanding` clients that wait, as long as it lasts."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(outstanding - clients.waiting):
            clients.send()
        clients.hear(min(end, time.monotonic() + 0.01))


def _hear_the_last(clients: Clients) -> None:
    end = time.monotonic() + GIVEN_UP
    while clients.waiting and time.monotonic() < end:
        clients.hear(end)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interface", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--rate", type=float)
    how.add_argument("--outstanding", type=int)
    asked = parser.parse_args()
    clients = Clients(asked.interface)
    started = time.monotonic()
    if asked.rate is not None:
        at_rate(clients, asked.rate, asked.seconds)
    else:
        as_fast_as_answered(clients, asked.outstanding, asked.seconds)
    hundredths = [1000 * each for each in quantiles(clients.latencies, n=100)] if len(clients.latencies) > 1 else None
    load = Load(
        seconds=round(time.monotonic() - started, 2),
        sent=clients.sent,
        answered=len(clients.latencies),
        p50=round(hundredths[49], 3) if hundredths else None,
        p99=round(hundredths[98], 3) if hundredths else None,
    )
    json.dump(asdict(load), sys.stdout)


if __name__ == "__main__":
    main()
