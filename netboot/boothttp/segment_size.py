"""Full-size TCP segments for GRUB, which announces no maximum segment size.

Without one in the client's SYN, a server sends 536 bytes at a time (RFC 9293 §3.7.1): a boot of 48 MB takes 90,000
packets, and small ones cost GRUB as much time as large ones. GRUB could take any that its network card takes. No
setting of Linux raises the size, but on an open connection Linux can be given the option that the client left out:
TCP_REPAIR_OPTIONS, made for moving a connection to another machine (linux/tcp.h, CRIU), and accepted only before the
first byte is sent. Path MTU discovery still lowers the size, as for any connection.
Not for: clients that announce a size of their own.
"""

import logging
import socket
import struct
from typing import Final, Protocol

log = logging.getLogger(__name__)

UNNAMED: Final = 536
"""Bytes of data a segment, where the client named no size."""

ETHERNET: Final = 1460
"""Bytes of data a segment that fill a frame: 1500 without the headers of IPv4 and TCP."""

# linux/tcp.h; Python has no names for them.
_REPAIR: Final = 19
_REPAIR_OPTIONS: Final = 22
_REPAIR_ON: Final = 1
_REPAIR_OFF_NO_PROBE: Final = -1
_MAXIMUM_SEGMENT_SIZE: Final = 2  # TCPOPT_MAXSEG, RFC 9293 §3.2


class Connected(Protocol):
    """What a socket and asyncio's view of one have in common."""

    def getsockopt(self, level: int, name: int, /) -> int: ...
    def setsockopt(self, level: int, name: int, value: int | bytes, /) -> None: ...


def fill_segments(connection: Connected) -> bool:
    """Send full segments where Linux sends 536 bytes, as to a client that named no size; tells whether it does.

    To be called before the first answer. Needs CAP_NET_ADMIN; without, nothing changes.
    """
    try:
        if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) != UNNAMED:
            return False
        connection.setsockopt(socket.IPPROTO_TCP, _REPAIR, _REPAIR_ON)
        try:
            size = struct.pack("@II", _MAXIMUM_SEGMENT_SIZE, ETHERNET)
            connection.setsockopt(socket.IPPROTO_TCP, _REPAIR_OPTIONS, size)
        finally:
            connection.setsockopt(socket.IPPROTO_TCP, _REPAIR, _REPAIR_OFF_NO_PROBE)
            # Forgotten by that: a server that starts again would find its port taken by what is left of this.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Linux looks at the size again when a connection's IP options are set, to none here.
        connection.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"")
    except OSError as error:
        log.debug("segments stay at %d bytes: %s", UNNAMED, error)
        return False
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) > UNNAMED
