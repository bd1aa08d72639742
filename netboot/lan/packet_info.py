"""Which interface a datagram came by, and by which it leaves: IP_PKTINFO of ip(7), for sockets bound to 0.0.0.0.

Linux only. Not for: what datagrams say.
"""

import socket
import struct
import time
from collections.abc import Iterable
from typing import Final

from netboot.shared.errors import NetbootError

IP_PKTINFO: Final = 8  # the socket module names it from Python 3.14 on
PKTINFO: Final = struct.Struct("@i4s4s")
"""struct in_pktinfo: the interface's number, our address on it, the address in the datagram's header."""

AncillaryData = Iterable[tuple[int, int, bytes]]


def came_by(ancillary: AncillaryData) -> int:
    """The number of the interface that a datagram came by, 0 when the kernel did not say."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) >= PKTINFO.size:
            return int(PKTINFO.unpack_from(data)[0])
    return 0


class ServedInterface:
    """An interface by its name; its number changes when a USB adapter is plugged in again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._looked_up = 0.0
        self.index = 0

    def require(self) -> None:
        """Look its number up. Raises NetbootError when there is no such interface."""
        try:
            self.index = socket.if_nametoindex(self.name)
        except OSError as error:
            raise NetbootError(
                f"there is no network interface {self.name!r}", hint="`ip -brief address` lists those that there are"
            ) from error

    def is_(self, index: int) -> bool:
        """Whether that is its number now."""
        # Looked up again at most once a second: on a PC with two LANs every packet of the other one comes by here.
        if index != self.index and time.monotonic() - self._looked_up > 1:
            self._looked_up = time.monotonic()
            try:
                self.index = socket.if_nametoindex(self.name)
            except OSError:
                return False
        return index == self.index
