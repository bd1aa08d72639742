"""A listening TCP socket with a limit on its open connections: of one address, and in all.

aiohttp takes whatever the kernel hands it. Here connections are counted where they begin and end, at the socket, so a
half-sent request, a TLS handshake and a WebSocket count like any other. A connection too many takes the place of the
oldest one of the address that has most: a PC that was switched off leaves its connections behind, and one client that
holds many must not keep another out.
Not for: how long a request's headers may take (aiohttp's `keepalive_timeout`), and what is served.
"""

import contextlib
import logging
import socket
import struct
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

BACKLOG: Final = 512
"""Connections that the kernel keeps until they are accepted."""

RESET_ON_CLOSE: Final = struct.pack("@ii", 1, 0)
"""For SO_LINGER: `struct linger`, on, 0 seconds (socket(7))."""

Guest = TypeVar("Guest", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Connections from one address, and in all.

    `stalled`: seconds after which a peer is let go that acknowledges nothing, or that has had no room for what it
    asked for (TCP_USER_TIMEOUT, tcp(7)).
    """

    of_address: int
    in_all: int
    stalled: float = 60.0


class Guests(Generic[Guest]):
    """What is connected, by address; decides which one is closed when there are too many."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._by_address: dict[str, dict[Guest, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, address: str, guest: Guest) -> Guest | None:
        """Add a guest; returns the one to close for it, if any, which is no longer counted."""
        own = self._by_address.setdefault(address, {})
        own[guest] = None
        self._count += 1
        if len(own) > self._capacity.of_address:
            return self._oldest_of(address)
        if self._count > self._capacity.in_all:
            return self._oldest_of(max(self._by_address, key=lambda each: len(self._by_address[each])))
        return None

    def leave(self, address: str, guest: Guest) -> None:
        """Remove a guest; twice does no harm."""
        own = self._by_address.get(address, {})
        if guest in own:
            del own[guest]
            self._count -= 1
            if not own:
                del self._by_address[address]

    def _oldest_of(self, address: str) -> Guest:
        oldest = next(iter(self._by_address[address]))
        self.leave(address, oldest)
        return oldest


class Listener(socket.socket):
    """A listening socket whose `accept` keeps to `capacity`. Give it an open descriptor, or bind it yourself."""

    def __init__(self, capacity: Capacity, *, fileno: int | None = None) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, fileno=fileno)
        # What is accepted inherits it.
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(capacity.stalled * 1000))
        self._guests: Guests[Connection] = Guests(capacity)

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._guests)

    def accept(self) -> tuple["Connection", tuple[str, int]]:
        """The next connection. Raises what socket.accept raises."""
        accepted, peer = super().accept()
        connection = Connection(self._guests, peer[0], accepted.detach())
        outgoing = self._guests.enter(peer[0], connection)
        if outgoing is not None:
            log.debug("the oldest connection of %s gives way to one of %s", outgoing.address, peer[0])
            outgoing.give_way()
        return connection, peer


class Connection(socket.socket):
    """An accepted connection, counted until it is closed."""

    def __init__(self, guests: Guests["Connection"], address: str, fileno: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM, fileno=fileno)
        self._guests = guests
        self.address = address

    def give_way(self) -> None:
        """End it from here: whoever serves it reads its end and closes it."""
        with contextlib.suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the descriptor back; twice does no harm."""
        self._guests.leave(self.address, self)
        super().close()


def listen(address: str, port: int, capacity: Capacity, *, setting: str, usual: str) -> Listener:
    """A Listener on this port. Raises NetbootError, which names the `setting` and who `usual`ly holds the port."""
    opened = Listener(capacity)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise NetbootError(
            f"TCP port {port} of {address} cannot be opened: {error.strerror}",
            hint=f"stop what holds it (usually {usual}; `ss --tcp --listening --processes` names it), "
            f"or set another `{setting}`",
        ) from error
    return opened
