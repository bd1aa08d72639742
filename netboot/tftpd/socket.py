"""TFTP's sockets: one that hears requests and the address they were sent to, one a transfer that answers from there.

Linux only (IP_PKTINFO, ip(7)). Not for: what is said over them (tftp.py, session.py).
"""

import contextlib
import errno
import socket

from netboot.lan.packet_info import IP_PKTINFO, PKTINFO
from netboot.shared.errors import NetbootError

Address = tuple[str, int]


def listening_socket(address: str, port: int) -> socket.socket:
    """A non-blocking UDP socket for `receive`. Raises NetbootError with the cure when it cannot be bound."""
    sock = _udp_socket()
    try:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        raise _cannot_bind(address, port, error) from error
    return sock


def receive(sock: socket.socket, size: int) -> tuple[bytes, Address, str | None]:
    """A datagram (cut at `size` bytes), its sender, and the address of this machine that it was sent to.

    The last is None for a broadcast, which is not answered (RFC 1123 §4.2.3.5). Raises OSError.
    """
    datagram, ancillary, _, client = sock.recvmsg(size, socket.CMSG_SPACE(PKTINFO.size))
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) >= PKTINFO.size:
            _, local, destination = PKTINFO.unpack_from(data)
            return datagram, client, socket.inet_ntoa(local) if local == destination else None
    return datagram, client, None


def transfer_socket(local: str, client: Address) -> socket.socket:
    """A socket on a new port of the address that the request came to (RFC 1350 §4), deaf to all but `client`.

    Raises OSError.
    """
    sock = _udp_socket()
    try:
        sock.bind((local, 0))
        sock.connect(client)
    except OSError:
        sock.close()
        raise
    return sock


def answer_once(local: str, client: Address, datagram: bytes) -> None:
    """Send one datagram from a new port; a client that cannot be reached asks again or is gone."""
    with contextlib.suppress(OSError), transfer_socket(local, client) as sock:
        sock.send(datagram)


def _udp_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


def _cannot_bind(address: str, port: int, error: OSError) -> NetbootError:
    where = f"TFTP cannot listen on {address} port {port}"
    if error.errno == errno.EADDRINUSE:
        return NetbootError(
            f"{where}: another program has the port",
            hint=f"find it with: ss --udp --listening --processes 'sport = {port}', and stop it "
            "(often tftpd-hpa, atftpd or dnsmasq with enable-tftp)",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return NetbootError(
            f"{where}: the right is missing",
            hint="start netboot as root, or give it the capability CAP_NET_BIND_SERVICE",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return NetbootError(
            f"{where}: this machine does not have that address",
            hint="see the addresses with: ip -brief address, and correct the interface or address in the settings",
        )
    return NetbootError(f"{where}: {error.strerror}", hint="see the addresses with: ip -brief address")
