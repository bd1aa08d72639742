"""Watches the served interface for a lost cable and a changed address; logs each change once, and acts on it.

The kernel says that something changed (rtnetlink(7), its multicast groups for links and IPv4 addresses); the state is
then read anew, so that no message has to be parsed and a lost one costs little.
Not for: choosing the interface at the start (interfaces.py).
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Literal

from msgspec.structs import replace

from netboot.lan.interfaces import Interface, Link, inet_addresses, read_links
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 30.0
"""Seconds after which the interface is looked at although the kernel said nothing."""

SETTLED_AFTER: Final = 0.5
"""Seconds: an address is often taken away and given again by two messages."""

Trouble = Literal["gone", "no-cable", "no-address"]

TROUBLES: Final[dict[Trouble, str]] = {
    "gone": "the network interface %s is gone: plug its adapter in again; PCs cannot boot until then",
    "no-cable": "the network interface %s has no link: look at its cable and the switch; PCs cannot boot until then",
    "no-address": "the network interface %s has no IPv4 address: PCs cannot boot until it has one again",
}

_GROUP_LINK, _GROUP_IPV4_ADDRESS = 0x1, 0x10  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR


def interface_now(links: Iterable[Link], served: Interface) -> Interface | Trouble:
    """The interface `served` as it is now, or why it cannot be served. Its address is kept as long as it has it."""
    link = next((link for link in links if link.ifname == served.name), None)
    if link is None:
        return "gone"
    if "UP" not in link.flags or "LOWER_UP" not in link.flags:
        return "no-cable"
    addresses = list(inet_addresses(link))
    kept = next((one for one in addresses if one.ip == served.address), None) or next(iter(addresses), None)
    if kept is None:
        return "no-address"
    return replace(served, address=kept.ip, network=kept.network, mtu=link.mtu)


class AddressWatch:
    """Calls `on_move` when our address changed, `on_trouble` when PCs cannot be served, and with None when they can."""

    def __init__(
        self,
        served: Interface,
        *,
        on_move: Callable[[Interface], Awaitable[None]],
        on_trouble: Callable[[Trouble | None], None],
        read: Callable[[], Iterable[Link]] = read_links,
    ) -> None:
        self._served = served
        self._on_move = on_move
        self._on_trouble = on_trouble
        self._read = read
        self._trouble: Trouble | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        with _open_rtnetlink() as kernel:
            loop.add_reader(kernel, _drain, kernel, changed)
            try:
                while True:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), LOOK_EVERY)
                    await asyncio.sleep(SETTLED_AFTER)
                    changed.clear()
                    await self.look_again()
            finally:
                loop.remove_reader(kernel)

    async def look_again(self) -> None:
        """Read what the interface is like now; log what has changed, and act on it."""
        try:
            now = interface_now(await asyncio.to_thread(self._read), self._served)
        except NetbootError as error:
            log.warning("%s", error)
            return
        trouble = now if isinstance(now, str) else None
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble is not None:
                log.error(TROUBLES[trouble], self._served.name)
            else:
                log.warning("the network interface %s serves PCs again", self._served.name)
            self._on_trouble(trouble)
        if isinstance(now, Interface) and now != self._served:
            if now.address != self._served.address:
                log.warning(
                    "our address on %s is %s now, it was %s; PCs that start get the new one, those at work find it",
                    now.name,
                    now.address,
                    self._served.address,
                )
            if now.mtu != self._served.mtu:
                log.info("%s has packets of %d bytes now, it had %d", now.name, now.mtu, self._served.mtu)
            try:
                await self._on_move(now)
            except NetbootError as error:
                log.error("%s (%s); it is tried again", error.message, error.hint)
                return
            self._served = now


def _open_rtnetlink() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    kernel.bind((0, _GROUP_LINK | _GROUP_IPV4_ADDRESS))
    return kernel


def _drain(kernel: socket.socket, changed: asyncio.Event) -> None:
    with contextlib.suppress(OSError):  # also ENOBUFS: more was said than fits
        while kernel.recv(65536):
            pass
    changed.set()
