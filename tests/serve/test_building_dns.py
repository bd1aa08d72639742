"""`netboot serve` beside a building's DNS that is a real BIND: names that waited, and one that a job just gave."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession, DummyCookieJar

from netboot.auth.server_keys import load_key
from netboot.dns.announcer import KEPT_AS, Waiting
from netboot.jobs.profiles import load_profiles
from netboot.lab.network import BUILDING, INTERFACE, NETWORK, SERVER, Lan, ip_in, open_lan
from netboot.lab.service import OPERATOR, Service, open_service
from netboot.records.record import open_record
from netboot.shared.protocol import Leave, Plan, Welcome
from netboot.store import Store
from tests.boot_files import BOOT_FILES
from tests.dns.building_dns import BIND_READY, ONE, SETTINGS, set_up_bind
from tests.namespace import inside
from tests.store.test_store import put_master
from tests.workshop.conftest import hello, pc
from tests.workshop.player import Agent, listening

pytestmark = [pytest.mark.root, *BOOT_FILES]

ADDRESS = NETWORK[3]
TOLD_WITHIN = 10.0


@pytest.fixture
async def lan() -> AsyncIterator[Lan]:
    async with open_lan() as opened:
        yield opened


@pytest.fixture
async def service(lan: Lan, tmp_path: Path) -> AsyncIterator[Service]:
    """A server that is told of the building's DNS, with a master; not started yet."""
    put_master(Store(tmp_path / "store"), "debian-minimal", bytes(512), key=load_key(tmp_path))
    update = msgspec.structs.replace(SETTINGS, server=str(BUILDING))
    names = {"update": msgspec.to_builtins(update)}
    async with open_service(lan, tmp_path, dhcp="off", names=names) as made:
        yield made


@asynccontextmanager
async def line() -> AsyncIterator[Agent]:
    """An agent's line to the server, from the namespace that this is called in."""
    async with (
        ClientSession(cookie_jar=DummyCookieJar()) as session,
        session.ws_connect(f"http://{SERVER}/agent/link") as socket,
        listening(socket) as agent,
    ):
        yield agent


async def work() -> None:
    """A PC comes, does all that was chosen for it, and goes."""
    async with line() as agent:
        await agent.say(hello(pc()))
        await agent.hear(Welcome)
        await agent.hear(Plan)
        assert isinstance(await agent.obey(pc()), Leave)


async def test_a_name_that_waited_and_one_that_a_job_just_gave_arrive(
    lan: Lan, service: Service, tmp_path: Path
) -> None:
    assert isinstance(ONE.address, IPv4Address)
    waited = Waiting(machine="f" * 32, hostname=ONE.hostname, mac=ONE.mac, address=str(ONE.address), since=time.time())
    with open_record(service.data / "record.sqlite") as record:
        record.people.set_setting(KEPT_AS, msgspec.json.encode([waited]).decode())
        record.choices.withdraw_changed(load_profiles(service.profiles))
        record.choices.choose(
            record.visits.greet(hello(pc(), "before"), pc().nics[0].mac).machine_id, "wipe-and-debian", OPERATOR
        )
    bind = await lan.spawn(lan.building, set_up_bind(tmp_path, BUILDING, 53), name="named")
    await bind.wait_for_output(BIND_READY, 20)
    pc_space = lan.run.namespace("pc")
    await lan.attach(pc_space, ADDRESS)
    # The server looks whose adapter the line comes from.
    await ip_in(pc_space, f"link set dev {INTERFACE} address {pc().nics[0].mac}")

    async def look_up(*words: str) -> list[str]:
        command = ("ip", "netns", "exec", pc_space, "dig", f"@{BUILDING}", "+short", "+tries=1", "+time=3", *words)
        asking = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        return (await asking.communicate())[0].decode().splitlines()

    await service.start()
    await service.wait_for_log(f"has {ONE.hostname}.building.test", TOLD_WITHIN)
    assert await look_up(f"{ONE.hostname}.building.test") == [str(ONE.address)]
    assert await look_up("-x", str(ONE.address)) == [f"{ONE.hostname}.building.test."]

    assert await look_up("pc-1.building.test") == []
    await asyncio.to_thread(inside, pc_space, lambda: asyncio.run(work()))
    await service.wait_for_log("has pc-1.building.test", TOLD_WITHIN)
    assert await look_up("pc-1.building.test") == [str(ADDRESS)]
    assert await service.stop() == 0
    with open_record(service.data / "record.sqlite") as record:
        assert record.people.setting(KEPT_AS) == "[]"
