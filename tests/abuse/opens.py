"""Abuses a server from addresses of its own. Run by the tests: opens.py WHAT SERVER SECONDS ADDRESS…, WHAT being

tftp: a thousand requests a second that are never answered. http: as many connections as it can hold; of every three
one asks for a file of 64 MB and reads nothing, one sends a byte a second, one says nothing. lines: a thousand agents'
lines, each with a first message of 511 KiB that is never finished, opened again as they are cut. slow: agents' lines,
as many as are held, whose first message comes a byte at a time. foreign: what a page of another site, or a name that
was made to lead here, lets a browser on this LAN ask for. The last two end with an error when they get what they want:
longer than a hello may take, an answer that refuses nothing.
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
UNPROVEN = 32
"""Lines without a hello that a server holds, eight of one address (`netboot/boothttp/agent_link.py`)."""
CUT_WITHIN = 20.0
"""Seconds: twice what a hello may take, for a server that has more to do."""
JSON = 'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"name": "eve"}'


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
    # RFC 6455 §5.2: one text frame, its length in eight bytes, a mask of zeros.
    half = b"\x81\xff" + (UNFINISHED + 1).to_bytes(8, "big") + bytes(4) + b" " * UNFINISHED
    held: list[socket.socket] = []
    for address in itertools.cycle(addresses):
        if time.monotonic() > until:
            return
        with contextlib.suppress(OSError):
            sock = socket.create_connection((server, 80), timeout=1, source_address=(address, 0))
            sock.sendall(_ask(server))
            sock.recv(4096)
            sock.sendall(half)
            held.append(sock)
        while len(held) > LINES:
            held.pop(0).close()


def slow(server: str, until: float, addresses: list[str]) -> None:
    announced = b"\x81\xff" + (UNFINISHED + 1).to_bytes(8, "big") + bytes(4)
    while time.monotonic() < until:
        held: list[socket.socket] = []
        began = time.monotonic()
        for number in range(UNPROVEN):
            sock = socket.create_connection((server, 80), timeout=5, source_address=(addresses[number // 8], 0))
            sock.sendall(_ask(server))
            sock.recv(4096)
            sock.sendall(announced)
            held.append(sock)
        while held and time.monotonic() < until:
            time.sleep(0.2)
            for sock in list(held):
                try:
                    sock.send(b" ")
                except OSError:
                    held.remove(sock)
            if held and time.monotonic() > began + CUT_WITHIN:
                sys.exit(f"{len(held)} lines without a hello are open after {CUT_WITHIN} seconds")
        print(f"{UNPROVEN} lines lasted {time.monotonic() - began:.1f} s", flush=True)


def foreign(server: str, until: float, addresses: list[str]) -> None:
    pages, form = 8080, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n"
    asked = [
        (pages, f"GET / HTTP/1.1\r\nHost: evil.example:{pages}\r\n\r\n", 421),
        (80, "GET /start.grub?mac=52:54:00:00:00:01&profile=erase-only HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (80, _ask(server).decode().replace("Upgrade: ", "Origin: http://evil.example\r\nUpgrade: ", 1), 403),
        (pages, f"POST /sign-in HTTP/1.1\r\nHost: {server}\r\n{form}Content-Encoding: gzip\r\n\r\nname=a", 415),
        (pages, f"POST /first-start HTTP/1.1\r\nHost: {server}\r\n{JSON}", 415),
    ]
    for address, (port, text, status) in zip(itertools.cycle(addresses), itertools.cycle(asked)):
        if time.monotonic() > until:
            return
        with socket.create_connection((server, port), timeout=10, source_address=(address, 0)) as sock:
            sock.sendall(text.encode())
            answer = sock.recv(4096)
        if not answer.startswith(f"HTTP/1.1 {status} ".encode()):
            sys.exit(f"{text!r} was answered by {answer[:200]!r}")


def _ask(server: str) -> bytes:
    return (
        f"GET /agent/link HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


if __name__ == "__main__":
    what, server, seconds, *addresses = sys.argv[1:]
    abuses = {"tftp": tftp, "http": http, "lines": lines, "slow": slow, "foreign": foreign}
    abuses[what](server, time.monotonic() + float(seconds), addresses)
