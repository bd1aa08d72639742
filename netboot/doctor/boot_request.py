"""Asks a boot server on port 4011 which file a PC is to load (PXE 2.1 §2.2), from a port of its own."""

import socket
import time
from ipaddress import IPv4Address
from typing import Final

from netboot.dhcp.packet import DhcpPacket, MalformedPacket, decode, encode
from netboot.doctor.observed import Asker, Offer
from netboot.doctor.offers import is_answer, read_offer
from netboot.doctor.questions import boot_request

BOOT_SERVER_PORT: Final = 4011
_TRIES: Final = 2


def ask_boot_server(
    asker: Asker,
    server: IPv4Address,
    *,
    mac: str,
    xid: int,
    own_address: IPv4Address,
    wait: float,
    item: int | None = None,
) -> Offer | None:
    """Its acknowledgement, or None when there was none within `wait` seconds; `item` as its menu names it."""
    question = encode(boot_request(asker, mac, xid, own_address, item))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        began = time.monotonic()
        for attempt in range(1, _TRIES + 1):
            try:
                # Connected, so that a port that nobody has is told at once.
                opened.connect((str(server), BOOT_SERVER_PORT))
                opened.send(question)
                answer = _hear(opened, xid, until=began + wait * attempt / _TRIES)
            except OSError:  # nobody has that port there, or no way leads there
                return None
            if answer is not None:
                return read_offer(answer, asker, source=server, source_mac="", after=time.monotonic() - began)
    return None


def _hear(opened: socket.socket, xid: int, until: float) -> DhcpPacket | None:
    while (left := until - time.monotonic()) > 0:
        opened.settimeout(left)
        try:
            packet = decode(opened.recv(1500))
        except TimeoutError:
            return None
        except MalformedPacket:
            continue
        if packet.xid == xid and is_answer(packet):
            return packet
    return None
