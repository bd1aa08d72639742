"""A LAN in network namespaces, with servers on it or without, and the doctor run in any of its hosts."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from netboot.auth.server_keys import load_key
from netboot.lab.building_kinds import NOTHING_STRAY, StrayOptions, dnsmasq_building
from netboot.lab.child import Child
from netboot.lab.network import INTERFACE, NETWORK, Lan, open_lan
from netboot.lab.service import Service, open_service
from netboot.shared.process import Command, run

HERE = Path(__file__).parent
LAPTOP, STRANGER = NETWORK[50], NETWORK[9]


@dataclass(frozen=True, slots=True)
class Examined:
    """What one run of the doctor gave: its exit status and its JSON object."""

    status: int
    told: dict[str, Any]

    @property
    def codes(self) -> set[str]:
        return {finding["code"] for finding in self.told["findings"]}

    @property
    def stops(self) -> set[str]:
        return {finding["code"] for finding in self.told["findings"] if finding["severity"] == "stops-pcs"}

    def values(self, code: str) -> dict[str, str]:
        """What the first finding of this code names."""
        found = [finding["values"] for finding in self.told["findings"] if finding["code"] == code]
        return dict(found[0])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop a file: a process belongs to the loop that started it."""
    for item in items:
        if item.path.is_relative_to(HERE) and asyncio.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan() -> AsyncIterator[Lan]:
    """Hosts on one switch, nobody answering yet: a server's, a building's, a laptop, and a stranger."""
    async with open_lan() as own:
        await own.attach(laptop(own), LAPTOP)
        await own.attach(stranger(own), STRANGER)
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def netboot(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """`netboot serve` with its default settings, and no master."""
    async with serving(lan, tmp_path_factory.mktemp("masters")) as service:
        yield service


@asynccontextmanager
async def serving(
    lan: Lan, masters: Path, dhcp: Literal["proxy", "merged", "full", "off"] = "proxy"
) -> AsyncIterator[Service]:
    """`netboot serve` while it runs; `masters` is an empty folder."""
    (masters / "store").mkdir()
    load_key(masters)
    async with open_service(lan, masters, dhcp=dhcp, plain_pxe_first=False) as service:
        await service.start()
        yield service
        await service.stop()


@asynccontextmanager
async def answering(lan: Lan, namespace: str, command: Command, name: str) -> AsyncIterator[Child]:
    """A dnsmasq while it runs."""
    lan.log_path(name).unlink(missing_ok=True)
    async with await lan.spawn(namespace, command, name=name) as program:
        await program.wait_for_output("started, ", within=10)
        yield program


@asynccontextmanager
async def building(lan: Lan, stray: StrayOptions = NOTHING_STRAY) -> AsyncIterator[Child]:
    """The building's DHCP server, while it answers."""
    command = dnsmasq_building(lan.folder / "building.leases", stray)
    async with answering(lan, lan.building, command, "building") as program:
        yield program


def laptop(lan: Lan) -> str:
    """The namespace of a computer that is plugged into the switch."""
    return lan.run.namespace("laptop")


def stranger(lan: Lan) -> str:
    """The namespace of a machine that should not be there."""
    return lan.run.namespace("stranger")


async def ip(namespace: str, *lines: str) -> None:
    """Run ip(8) in a namespace, one command a line."""
    words = ["ip", "-netns", namespace, "-batch", "-"]
    await asyncio.to_thread(run, words, stdin="\n".join(lines) + "\n")


async def examine(lan: Lan, namespace: str, *words: str) -> Examined:
    """Run the doctor there to its end."""
    status, output = await run_doctor(lan, namespace, "--interface", INTERFACE, "--json", *words)
    return Examined(status, json.loads(output))


async def run_doctor(lan: Lan, namespace: str, *words: str) -> tuple[int, str]:
    """Its exit status, and all that it printed."""
    lan.log_path("doctor").unlink(missing_ok=True)
    command = [sys.executable, "-m", "netboot", "doctor", *words]
    async with await lan.spawn(namespace, command, name="doctor") as doctor:
        status = await asyncio.wait_for(doctor.wait(), 40)
        return status, doctor.output()
