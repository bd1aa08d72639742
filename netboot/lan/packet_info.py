"""Which interface a datagram arrived on, for sockets bound to 0.0.0.0 (IP_PKTINFO, ip(7)). Linux only."""

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


def arrival_index(ancillary: AncillaryData) -> int:
    """The index of the interface that a datagram arrived on, 0 when the kernel did not say."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) >= PKTINFO.size:
            return int(PKTINFO.unpack_from(data)[0])
    return 0


class ServedInterface:
    """An interface by its name; its index changes when a USB adapter is plugged in again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._looked_up = 0.0
        self.index = 0

    def look_up(self) -> None:
        """Look its index up. Raises NetbootError when there is no such interface."""
        try:
            self.index = socket.if_nametoindex(self.name)
        except OSError as error:
            raise NetbootError(
                f"there is no network interface {self.name!r}", hint="`ip -brief address` lists those that there are"
            ) from error

    def has_index(self, index: int) -> bool:
        """Whether this is its index now."""
        # Looked up again at most once a second: on a PC with two LANs, every packet of the other one is asked about.
        if index != self.index and time.monotonic() - self._looked_up > 1:
            self._looked_up = time.monotonic()
            try:
                self.index = socket.if_nametoindex(self.name)
            except OSError:
                return False
        return index == self.index
