"""The name that a PC's job gave it: told once the job is on the record, and still known after a restart."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address

import dns.rcode
import dns.update
import pytest
from msgspec.structs import replace

from netboot.dns.announcer import Announcer, load_target
from netboot.dns.update import UpdateTarget
from netboot.jobs.identity import is_carried
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.named import Named, named_by
from netboot.records.record import Record
from netboot.settings.names import UpdateSettings
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages.customise import CustomiseResult
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, LOOK, WIPE, hello, new_workshop, pc, row_of
from tests.workshop.player import agent_on, eventually, serving


async def works(workshop: Workshop, profile: str, inventory: Inventory, boot: str) -> None:
    """A PC comes, does all that the profile asks, and goes."""
    async with serving(workshop) as server, agent_on(server, hello(inventory, boot, profile=profile)) as (agent, _):
        await agent.hear(Plan)
        assert isinstance(await agent.obey(inventory), Leave)


@pytest.fixture
def told(workshop: Workshop) -> Sequence[Named]:
    heard: list[Named] = []
    workshop.on_named.append(heard.append)
    return heard


async def test_a_pc_that_was_imaged_is_told_with_its_name_and_address(
    workshop: Workshop, told: Sequence[Named]
) -> None:
    await works(workshop, WIPE.id, pc(), "boot-1")
    machine = row_of(workshop).machine
    assert told == [Named(machine, "pc-1", "98:fa:9b:00:00:01", IPv4Address("127.0.0.1"))]
    assert workshop.record.jobs.named_pcs() == (Named(machine, "pc-1", "98:fa:9b:00:00:01"),)


async def test_a_look_at_a_pc_leaves_its_name_and_an_erase_ends_it(workshop: Workshop, told: list[Named]) -> None:
    await works(workshop, WIPE.id, pc(), "boot-1")
    named = workshop.record.jobs.named_pcs()
    await works(workshop, LOOK.id, pc(), "boot-2")
    assert workshop.record.jobs.named_pcs() == named
    assert len(told) == 1
    await works(workshop, ERASE.id, pc(), "boot-3")
    assert (told[-1].machine, told[-1].hostname) == (named[0].machine, "")
    assert workshop.record.jobs.named_pcs() == ()


async def test_a_pc_that_was_imaged_through_a_dock_has_no_name_for_others(
    workshop: Workshop, told: Sequence[Named]
) -> None:
    docked = replace(pc(), nics=(replace(pc().nics[0], driver="r8152"),))
    assert is_carried(docked.nics[0])
    await works(workshop, WIPE.id, docked, "boot-1")
    assert [named.hostname for named in told] == [""]
    assert workshop.record.jobs.named_pcs() == ()


async def test_names_are_known_after_a_restart_the_newest_last(record: Record, workshop: Workshop) -> None:
    await works(workshop, WIPE.id, pc(1), "boot-1")
    await works(workshop, WIPE.id, pc(2), "boot-2")
    await works(new_workshop(record), WIPE.id, pc(1), "boot-3")
    assert [named.mac[-2:] for named in new_workshop(record).record.jobs.named_pcs()] == ["02", "01"]


async def test_a_job_that_failed_names_nobody(workshop: Workshop, told: Sequence[Named]) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(pc(), until="deploy")
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.finish(run, None, outcome="failed", problem=Problem("customise", {"error": "no room"}))
        assert isinstance(await agent.order(), Stay)
    assert not told
    assert workshop.record.jobs.named_pcs() == ()


def test_an_address_that_is_none_of_ipv4_is_left_out() -> None:
    done = CustomiseResult(hostname="pc-1")
    stages = (StageRecord(stage="customise", state="done", result=done),)
    job = Job(id="j", profile=WIPE, stages=stages, inventory=pc(), hostname="pc-1")
    mac = pc().nics[0].mac
    assert named_by(job, machine="m", mac=mac, address="fe80::1") == Named("m", "pc-1", mac)


def test_a_system_that_was_left_as_it_is_has_not_the_pcs_name() -> None:
    left = StageRecord(stage="customise", state="done", result=CustomiseResult(hostname="pc-1", as_is=True))
    job = Job(id="j", profile=WIPE, stages=(left,), inventory=pc(), hostname="pc-1")
    mac = pc().nics[0].mac
    assert named_by(job, machine="m", mac=mac, address="192.0.2.1") == Named("m", "", mac, IPv4Address("192.0.2.1"))


class Nowhere:
    """A record that keeps no waiting names."""

    def setting(self, key: str) -> str | None:
        return None

    def set_setting(self, key: str, value: str) -> None:
        pass


async def test_a_name_that_the_buildings_dns_does_not_take_is_told_on_the_pcs_row_and_its_job_is_done(
    workshop: Workshop,
) -> None:
    codes = [dns.rcode.YXDOMAIN, dns.rcode.NXRRSET]

    async def taken(update: dns.update.UpdateMessage, target: UpdateTarget) -> dns.rcode.Rcode:
        return codes.pop(0)

    target = load_target(UpdateSettings(server="10.0.0.1", zone="building.test", key="netboot", secret="c2VjcmV0"))
    assert target is not None
    announcer = Announcer(target, Nowhere(), workshop.live_board.tell_after, send=taken)
    workshop.on_named.append(announcer.announce)
    running = asyncio.create_task(announcer.run())
    await works(workshop, WIPE.id, pc(), "boot-1")
    await eventually(lambda: row_of(workshop).problem is not None)
    running.cancel()
    row = row_of(workshop)
    assert row.problem == Problem("name-taken", {"name": "pc-1.building.test"})
    assert row.state == "done"
    assert workshop.record.machines.detail(row.machine).visits[0].jobs[0].state == "done"
    workshop.live_board.tell_after(row.machine, None)
    assert row_of(workshop).problem is None
