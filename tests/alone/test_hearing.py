"""The server is heard on whichever adapter it answers; the LAN here is the test's own, its questions are not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface

from netboot.agent.net.lease import Lease
from netboot.agent.net.network import Connection
from netboot.alone.hearing import hear
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Nic
from netboot.shared.whereabouts import Place

ETH0, USB = Nic(name="eth0", mac="52:54:00:00:00:01"), Nic(name="enx1", mac="52:54:00:00:00:02")
SERVER = Place(IPv4Address("192.0.2.1"), 80)


@dataclass
class Adapters:
    """Adapters of which some have an address; one is plugged in after the first round."""

    rounds: int = 0
    asked: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def wired(self) -> Sequence[Nic]:
        self.rounds += 1
        return [ETH0] if self.rounds == 1 else [ETH0, USB]

    def has_cable(self, interface: str) -> bool:
        return True

    def ask(self, interface: str) -> None:
        self.asked.append(interface)

    def answer(self, interface: str) -> Lease | None:
        address = {"eth0": "198.51.100.7/24", "enx1": "192.0.2.7/24"}[interface]
        return Lease(IPv4Interface(address), None, ())

    def use(self, interface: str, lease: Lease) -> None:
        self.used.append(interface)

    def reaches(self, interface: str, server: tuple[str, int]) -> bool:
        return True

    def renew(self, interface: str) -> None: ...

    def leave(self, interface: str) -> None: ...


def joined(place: Place, mac: str) -> Connection:
    return Connection("enx1", mac, "192.0.2.7/24", "", ())


async def test_each_adapter_is_asked_and_the_one_with_the_server_is_joined() -> None:
    adapters = Adapters()
    asked: list[str] = []

    async def ask(interface: str) -> Place | None:
        asked.append(interface)
        return SERVER if interface == "enx1" else None

    heard = await hear(ask, adapters=adapters, join=joined, every=0.01)
    assert (heard.place, heard.connection.mac) == (SERVER, USB.mac)
    assert asked == ["eth0", "eth0", "enx1"]
    assert adapters.asked == ["eth0", "enx1"]
    assert adapters.used == ["eth0", "enx1"]


async def test_an_adapter_that_fails_keeps_no_other_from_being_asked() -> None:
    adapters = Adapters(rounds=1)
    tries = 0

    def join(place: Place, mac: str) -> Connection:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise NetbootError("no address any more")
        return joined(place, mac)

    async def ask(interface: str) -> Place | None:
        return SERVER

    heard = await hear(ask, adapters=adapters, join=join, every=0.01)
    assert heard.connection.mac == USB.mac


@dataclass
class Replugged(Adapters):
    """An adapter that is taken out and plugged in again, under the same name."""

    left: list[str] = field(default_factory=list)

    def wired(self) -> Sequence[Nic]:
        self.rounds += 1
        return [] if self.rounds in (1, 3) else [USB]

    def leave(self, interface: str) -> None:
        self.left.append(interface)


async def test_one_that_was_out_is_asked_and_given_its_address_anew() -> None:
    adapters = Replugged()

    async def ask(interface: str) -> Place | None:
        return SERVER if adapters.rounds > 3 else None

    heard = await hear(ask, adapters=adapters, join=joined, every=0.01)
    assert heard.place == SERVER
    assert adapters.asked == adapters.used == ["enx1", "enx1"]
    assert adapters.left == ["enx1"]


async def test_a_pc_without_any_adapter_waits_on_and_a_fault_of_one_ends_nothing() -> None:
    adapters = Adapters(rounds=1)
    tries = 0

    async def ask(interface: str) -> Place | None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("network is down")
        return SERVER

    assert (await hear(ask, adapters=adapters, join=joined, every=0.01)).place == SERVER


async def test_it_is_waited_for_without_end() -> None:
    async def nobody(interface: str) -> Place | None:
        return None

    waiting = asyncio.create_task(hear(nobody, adapters=Adapters(), join=joined, every=0.001))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
