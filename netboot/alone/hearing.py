"""Listens for the workshop's server on every wired adapter, for as long as nobody chose to work without it.

A PC that started from a stick was told no server and booted by no adapter. So each adapter asks for an address, and
on each that has one the LAN is asked where the server is (`shared/whereabouts.py`): only an answer that this workshop's
key signed counts. Not for: a server that was found and moves (`agent/net/seek.py`).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from netboot.agent.net import network
from netboot.agent.net.lease import Lease
from netboot.agent.net.network import Adapters, Connection, LinuxAdapters
from netboot.agent.net.seek import Seeker
from netboot.shared.errors import NetbootError
from netboot.shared.whereabouts import Place

log = logging.getLogger(__name__)

EVERY: Final = 2.0
"""Seconds between two rounds over the adapters."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A server of this workshop, and how this PC is on its LAN."""

    place: Place
    connection: Connection


class AskLan(Protocol):
    """Asks the LAN behind one adapter where the server is."""

    async def __call__(self, interface: str) -> Place | None: ...


def asking(public_key: bytes, port: int) -> AskLan:
    """Asks by UDP broadcast, and believes this workshop's key."""

    async def ask(interface: str) -> Place | None:
        seeker = Seeker(
            interface=interface, port=port, public_key=public_key, is_up=lambda: False, follow=lambda _: None
        )
        return await seeker.ask()

    return ask


def _join(place: Place, mac: str) -> Connection:
    return network.bring_up((str(place.address), place.port), mac)


async def hear(
    ask: AskLan,
    *,
    adapters: Adapters | None = None,
    join: Callable[[Place, str], Connection] = _join,
    every: float = EVERY,
) -> Heard:
    """Ask until a server is heard and reached; cancelled when it is waited for no more."""
    here = adapters or LinuxAdapters()
    asked: set[str] = set()
    leases: dict[str, Lease] = {}
    while True:
        wired = await asyncio.to_thread(here.wired)
        for gone in asked - {nic.name for nic in wired}:
            # One that is plugged in again has the same name, and neither an address nor anybody who asks for one.
            await asyncio.to_thread(here.leave, gone)
            asked.discard(gone)
        for nic in wired:
            try:
                if nic.name not in asked:
                    asked.add(nic.name)
                    leases.pop(nic.name, None)
                    await asyncio.to_thread(here.ask, nic.name)
                if not await _has_address(here, nic.name, leases):
                    continue
                place = await ask(nic.name)
                if place is not None:
                    return Heard(place, await asyncio.to_thread(join, place, nic.mac))
            except (NetbootError, OSError) as error:
                log.warning("%s: %s", nic.name, error)
        await asyncio.sleep(every)


async def _has_address(here: Adapters, interface: str, leases: dict[str, Lease]) -> bool:
    lease = await asyncio.to_thread(here.answer, interface)
    if lease is not None and leases.get(interface) != lease:
        await asyncio.to_thread(here.use, interface, lease)
        leases[interface] = lease
    return lease is not None
