"""Finds a server whose address changed: while disconnected, asks the LAN by broadcast, and follows a signed answer.

It starts only when the connection has been down for a while, since a server that restarts comes back by itself. The
PC's own lease is renewed as well: where the server moved, the whole LAN has often changed.
Not for: the messages and their signature (shared/whereabouts.py), connecting (link.py, agent/deploy/fetch.py).
"""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from netboot.shared.whereabouts import (
    ANSWER_LENGTH,
    NONCE_LENGTH,
    Place,
    WhereaboutsError,
    encode_question,
    parse_answer,
)

log = logging.getLogger(__name__)

PATIENT: Final = 6.0
"""Seconds that the line is broken before anything is asked; a server takes about three to start again."""
ASK_EVERY: Final = 3.0
"""Seconds from one question's end to the next."""
ANSWER_WITHIN: Final = 1.0
RENEW_EVERY: Final = 60.0

_HEARD_AT_MOST: Final = 64
"""Datagrams that are looked at for one question: each that is forged with care costs a signature's check."""
_BROADCAST: Final = "255.255.255.255"


class Seeker:
    """Looks for the server while `is_up` says that the line is broken, and calls `follow` with where it answers from.

    `interface` is the adapter that is asked on, `port` the UDP port. `renew` asks for this PC's address anew; it is
    called in a thread, at most every RENEW_EVERY seconds, and must not raise. `patient` and `every` are in seconds.
    """

    def __init__(
        self,
        *,
        interface: str,
        port: int,
        public_key: bytes,
        is_up: Callable[[], bool],
        follow: Callable[[Place], None],
        renew: Callable[[], None] = lambda: None,
        patient: float = PATIENT,
        every: float = ASK_EVERY,
    ) -> None:
        self._interface = interface
        self._port = port
        self._public_key = public_key
        self._is_up = is_up
        self._follow = follow
        self._renew = renew
        self._patient = patient
        self._every = every

    async def run(self) -> None:
        """Look until cancelled."""
        up_at = time.monotonic()
        renewed_at = -RENEW_EVERY
        while True:
            await asyncio.sleep(self._every)
            now = time.monotonic()
            if self._is_up():
                up_at = now
            if now - up_at < self._patient:
                continue
            if now - renewed_at >= RENEW_EVERY:
                renewed_at = now
                await asyncio.to_thread(self._renew)
            place = await self.ask()
            if place is not None and not self._is_up():
                self._follow(place)

    async def ask(self) -> Place | None:
        """Ask the LAN once; None when nobody who can be believed answers within ANSWER_WITHIN seconds."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        try:
            with _open(self._interface) as asking:
                asking.sendto(encode_question(nonce), (_BROADCAST, self._port))
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self._hear(asking, nonce)
        except TimeoutError:
            return None
        except OSError as error:
            log.info("the LAN cannot be asked where the server is: %s", error)
            return None

    async def _hear(self, asking: socket.socket, nonce: bytes) -> Place | None:
        loop = asyncio.get_running_loop()
        told = False
        for _ in range(_HEARD_AT_MOST):
            datagram, (host, _) = await loop.sock_recvfrom(asking, ANSWER_LENGTH + 1)
            try:
                return parse_answer(datagram, nonce=nonce, sender=IPv4Address(host), public_key=self._public_key)
            except WhereaboutsError as error:
                if not told:  # one line a question: the log is in the PC's memory
                    log.warning("not followed: %s", error)
                told = True
        return None


def _open(interface: str) -> socket.socket:
    """A socket that speaks and hears on one adapter only, whatever address that has. Raises OSError."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        opened.bind(("0.0.0.0", 0))  # noqa: S104 - bound to the adapter; answers are broadcasts
    except OSError:
        opened.close()
        raise
    return opened
