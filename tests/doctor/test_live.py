"""The doctor on a LAN of real servers: dnsmasq as the building's DHCP, `netboot serve` beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from netboot.lab.building_kinds import NOTHING_STRAY, StrayOptions, dnsmasq_building
from netboot.lab.child import Child
from netboot.lab.network import BUILDING, SERVER, Lan
from netboot.lab.service import Service
from tests.doctor.conftest import examine, laptop

pytestmark = pytest.mark.root

FIRMWARES = ["bios", "uefi", "uefi-ia32", "uefi-http"]


@asynccontextmanager
async def answering(lan: Lan, namespace: str, command: tuple[str, ...], name: str) -> AsyncIterator[Child]:
    async with await lan.spawn(namespace, command, name=name) as program:
        await program.wait_for_output("started, ", within=10)
        yield program


@asynccontextmanager
async def building(lan: Lan, stray: StrayOptions = NOTHING_STRAY, *more: str) -> AsyncIterator[Child]:
    """The building's DHCP server, while it answers."""
    leases = lan.folder / "building.leases"
    async with answering(lan, lan.building, (*dnsmasq_building(leases, stray), *more), "building") as program:
        yield program


@pytest.mark.parametrize("place", ["server", "laptop"])
async def test_on_the_server_and_on_a_laptop_it_sees_the_same_and_boots_to_the_kernel(
    lan: Lan, netboot: Service, place: str
) -> None:
    since = len(netboot.log())
    async with building(lan):
        seen = await examine(lan, lan.server if place == "server" else laptop(lan))
    assert (seen.status, seen.stops) == (0, set())
    assert {"dhcp-server", "netboot-proxy", "boots"} <= seen.codes
    assert seen.values("dhcp-server")["server"] == str(BUILDING)
    assert seen.values("netboot-proxy")["server"] == str(SERVER)
    walks = {walk["asker"]: walk["steps"] for walk in seen.told["seen"]["walks"]}
    assert list(walks) == FIRMWARES
    for steps in walks.values():
        names = [step["name"].rpartition("/")[2].partition("?")[0] for step in steps]
        assert {"vmlinuz", "agent-base.img", "agent.img"} <= set(names)
        assert not [step for step in steps if step["trouble"]]
    assert "grubx64.efi" in [step["name"] for step in walks["uefi"]]
    assert seen.told["seen"]["listened"] < 20
    assert not [entry for entry in netboot.log()[since:] if "in the agent" in entry["message"]]
