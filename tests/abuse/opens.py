"""Abuses a server from addresses of its own. Run by the tests: opens.py (tftp|http|lines) SERVER SECONDS ADDRESS…

tftp: a thousand requests a second that are never answered. http: as many connections as it can hold; of every three
one asks for a file of 64 MB and reads nothing, one sends a byte a second, one says nothing. lines: a thousand agents'
lines, each with a first message of 511 KiB that is never finished, opened again as they are cut.
"""

import contextlib
import itertools
import socket
import sys
import time

RRQ = b"\0\1shimx64.efi\0octet\0blksize\x001468\0windowsize\x0064\0"
PORTS = 200
CONNECTIONS = 60
"""A source address."""
LINES = 1000
UNFINISHED = 511 * 1024
"""Bytes of the first message that are sent; one more is announced."""


def tftp(server: str, until: float, addresses: list[str]) -> None:
    sockets = []
    for address in itertools.islice(itertools.cycle(addresses), PORTS):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.bind((address, 0))
        sockets.append(sock)
    for sock in itertools.cycle(sockets):
        if time.monotonic() > until:
            return
        with contextlib.suppress(OSError):
            sock.sendto(RRQ, (server, 69))
        time.sleep(0.001)


def http(server: str, until: float, addresses: list[str]) -> None:
    held: list[socket.socket] = []
    for number, address in enumerate(addresses * CONNECTIONS):
        if time.monotonic() > until:
            return
        with contextlib.suppress(OSError):
            sock = socket.create_connection((server, 80), timeout=1, source_address=(address, 0))
            sock.setblocking(False)
            if number % 3 == 0:
                sock.send(f"GET /boot/agent-base.img HTTP/1.1\r\nHost: {server}\r\n\r\n".encode())
            held.append(sock)
    while time.monotonic() < until:
        for sock in held[1::3]:
            with contextlib.suppress(OSError):
                sock.send(b"G")
        time.sleep(1)


def lines(server: str, until: float, addresses: list[str]) -> None:
    ask = (
        f"GET /agent/link HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()
    # RFC 6455 §5.2: one text frame, its length in eight bytes, a mask of zeros.
    half = b"\x81\xff" + (UNFINISHED + 1).to_bytes(8, "big") + bytes(4) + b" " * UNFINISHED
    held: list[socket.socket] = []
    for address in itertools.cycle(addresses):
        if time.monotonic() > until:
            return
        with contextlib.suppress(OSError):
            sock = socket.create_connection((server, 80), timeout=1, source_address=(address, 0))
            sock.sendall(ask)
            sock.recv(4096)
            sock.sendall(half)
            held.append(sock)
        while len(held) > LINES:
            held.pop(0).close()


if __name__ == "__main__":
    what, server, seconds, *addresses = sys.argv[1:]
    {"tftp": tftp, "http": http, "lines": lines}[what](server, time.monotonic() + float(seconds), addresses)
