"""A LAN in network namespaces, with netboot on it or without, and the doctor run in any of its hosts."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from netboot.lab.network import INTERFACE, NETWORK, Lan, open_lan
from netboot.lab.service import Service, open_service
from netboot.signing import load_key

HERE = Path(__file__).parent
LAPTOP = NETWORK[50]


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
        (found,) = [finding["values"] for finding in self.told["findings"] if finding["code"] == code]
        return dict(found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for the LAN of this folder: a process belongs to the loop that started it."""
    for item in items:
        if item.path.is_relative_to(HERE) and asyncio.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan() -> AsyncIterator[Lan]:
    """A LAN with a server's host, a building's host and a laptop, nobody answering yet."""
    async with open_lan() as own:
        await own.attach(laptop(own), LAPTOP)
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def netboot(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """`netboot serve` with its default settings, and no master."""
    masters = tmp_path_factory.mktemp("masters")
    (masters / "store").mkdir()
    load_key(masters)
    async with open_service(lan, masters, plain_pxe_first=False) as service:
        await service.start()
        yield service
        await service.stop()


def laptop(lan: Lan) -> str:
    """The namespace of a computer that is plugged into the switch."""
    return lan.run.namespace("laptop")


async def examine(lan: Lan, namespace: str, *words: str) -> Examined:
    """Run the doctor there to its end."""
    command = [sys.executable, "-m", "netboot", "doctor", "--interface", INTERFACE, "--json", *words]
    lan.log_path("doctor").unlink(missing_ok=True)
    async with await lan.spawn(namespace, command, name="doctor") as doctor:
        status = await asyncio.wait_for(doctor.wait(), 30)
        return Examined(status, json.loads(doctor.output()))
