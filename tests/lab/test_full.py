"""Each firmware on a switch of our own, where netboot alone gives addresses: on to the agent's hello, and off again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address

import pytest

from netboot.lab.demo import job_of, prepare
from netboot.lab.firmware import Firmware
from netboot.lab.machine import workshop_pc
from netboot.lab.network import NETWORK, Lan, open_lan
from netboot.lab.pc import PcSpec
from netboot.lab.service import Service, arm, open_service
from netboot.records.record import open_record
from tests.lab.test_firmware import EXPECTED, fetched, way_to_the_agent

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]


@asynccontextmanager
async def on_a_switch_of_our_own(armed: PcSpec) -> AsyncIterator[tuple[Lan, Service]]:
    """A workshop in `full` mode, with no other DHCP server; an operator chose the inventory for this PC."""
    masters, _ = await asyncio.to_thread(prepare, print)
    async with open_lan() as lan, open_service(lan, masters, dhcp="full") as service:
        await asyncio.to_thread(arm, service, [armed], "inventory-only")
        await service.start()
        yield lan, service


@pytest.mark.parametrize("firmware", list(EXPECTED))
async def test_every_firmware_reaches_the_agent_with_an_address_of_ours(firmware: Firmware) -> None:
    spec = workshop_pc(1, firmware)
    async with on_a_switch_of_our_own(spec) as (lan, service):
        seconds, console = await way_to_the_agent(lan, spec)
        print(json.dumps({"boot": firmware.value, "mode": "full", "seconds_to_hello": round(seconds, 1)}))
        said, loaders = EXPECTED[firmware]
        assert f"netboot: firmware {said}" in console
        assert fetched(service) == loaders
        assert (await job_of(service, spec.mac)).state == "done"
        with open_record(service.data / "record.sqlite") as record:
            given = record.leases.all()
    # Firmware, loader and agent, each a DHCP client of its own: one PC, one address.
    (lease,) = given
    assert lease.mac == spec.mac
    assert IPv4Address(lease.address) in list(NETWORK.hosts())[127:]
