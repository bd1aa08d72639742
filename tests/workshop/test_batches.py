"""A batch and the deny list as PCs meet them, over the real line."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.bootmenu.offered import MenuOffer
from netboot.jobs.actor import operator
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.records.refusals import Denied
from netboot.settings.config import MachineSettings
from netboot.shared.problems import Problem
from netboot.shared.protocol import FromServer, Leave, Plan, RunStage, StageStarted, Stay
from netboot.workshop.greeting import Workshop
from netboot.workshop.policies import Policies
from tests.workshop.conftest import ERASE, LOOK, WIPE, boarded, hello, pc, row_of
from tests.workshop.player import agent_on, eventually, evidence


def menu_offer(workshop: Workshop, number: int = 1) -> MenuOffer:
    inventory = pc(number)
    return workshop.menu_offer(inventory.nics[0].mac, inventory.system.uuid)


def deny(workshop: Workshop, number: int = 1) -> None:
    workshop.policies.set(workshop.record, [Key("mac", pc(number).nics[0].mac)], Policy(denied=True), "anne")


def kinds(workshop: Workshop) -> list[str]:
    return [event.kind for event in workshop.record.journal.read(limit=1000)]


async def test_two_pcs_of_a_batch_begin_and_the_third_is_told_and_waits_for_the_page(
    workshop: Workshop, server: TestServer
) -> None:
    batch = workshop.record.batches.arm(ERASE.id, 2, "anne")
    assert menu_offer(workshop) == MenuOffer(armed=ERASE, batch=batch.id)
    async with AsyncExitStack() as stack:
        for number in (1, 2):
            agent, _ = await stack.enter_async_context(agent_on(server, boarded(number, batch.id)))
            await agent.hear(Plan)
        third, _ = await stack.enter_async_context(agent_on(server, boarded(3, batch.id)))
        full = Problem("batch-full", {"places": "2"})
        assert (await third.hear(Stay)).problem == full
        assert (row_of(workshop, 3).state, row_of(workshop, 3).problem) == ("waiting", full)
        assert menu_offer(workshop, 4) == MenuOffer()
        assert await workshop.commands.choose(operator("anne"), row_of(workshop, 3).machine, LOOK.id)
        await third.hear(Plan)


async def test_a_pc_that_is_back_from_its_batch_is_offered_its_disk(workshop: Workshop, server: TestServer) -> None:
    batch = workshop.record.batches.arm(ERASE.id, 2, "anne")
    async with agent_on(server, boarded(1, batch.id)) as (agent, _):
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff")
    assert menu_offer(workshop) == MenuOffer()
    async with agent_on(server, replace(boarded(1, batch.id), boot="boot-1b")) as (agent, _):
        assert (await agent.hear(Stay)).problem == Problem("batch-again")


async def test_a_choice_on_the_page_comes_before_the_batch_in_the_menu_too(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        await agent.close()
    workshop.record.batches.arm(ERASE.id, 2, "anne")
    workshop.record.choices.choose(row_of(workshop).machine, LOOK.id, "omar")
    assert menu_offer(workshop) == MenuOffer(armed=LOOK)


@pytest.mark.parametrize("pick", [{"profile": ERASE.id}, {"batch": "armed"}, {}])
async def test_a_denied_pc_is_told_so_and_nothing_begins(
    workshop: Workshop, server: TestServer, pick: dict[str, str]
) -> None:
    batch = workshop.record.batches.arm(ERASE.id, 2, "anne")
    deny(workshop)
    assert menu_offer(workshop) == MenuOffer(denied=True)
    greeting = replace(hello(pc()), **{name: batch.id if value == "armed" else value for name, value in pick.items()})
    async with agent_on(server, greeting) as (agent, _):
        assert (await agent.hear(Stay)).problem == Problem("denied")
        assert row_of(workshop).state == "failed"
        with pytest.raises(Denied):
            await workshop.commands.choose(operator("anne"), row_of(workshop).machine, LOOK.id)
    with pytest.raises(Denied):
        await workshop.commands.choose(operator("anne"), row_of(workshop).machine, LOOK.id)
    newest = workshop.record.batches.newest()
    assert newest is not None
    assert newest.left == 2


@pytest.mark.parametrize("pick", ["menu", "batch", "page"])
async def test_what_a_denied_pc_came_for_does_not_begin_when_it_is_allowed_again(
    workshop: Workshop, server: TestServer, pick: str
) -> None:
    """Its loader did not tell the name under which it is denied, so that its menu offered what others get."""
    batch = workshop.record.batches.arm(ERASE.id, 2, "anne")
    greeting = {"menu": hello(pc(), profile=ERASE.id), "batch": boarded(1, batch.id), "page": hello(pc())}[pick]
    async with agent_on(server, hello(pc(), "boot-0")) as (agent, _):
        await agent.close()
    workshop.policies = Policies([MachineSettings(mac=pc().nics[0].mac, denied=True)])
    if pick == "page":
        workshop.record.choices.choose(row_of(workshop).machine, ERASE.id, "omar")
    async with agent_on(server, replace(greeting, boot="boot-1")) as (agent, welcome):
        assert (await agent.hear(Stay)).problem == Problem("denied")
    denied = kinds(workshop)
    assert denied.count("choice-withdrawn") == 1
    workshop.policies = Policies()
    async with agent_on(server, replace(greeting, boot="boot-1", token=welcome.token)) as (agent, _):
        await eventually(lambda: row_of(workshop).state == "waiting")
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, LOOK.id)
        assert (await agent.hear(Plan)).profile == LOOK.name
    assert kinds(workshop)[len(denied) :] == ["choice-made", "choice-used", "job-started"]


async def test_a_pc_that_waits_is_told_at_once_that_it_is_denied_and_others_are_not(
    workshop: Workshop, server: TestServer
) -> None:
    async with (
        agent_on(server, hello(pc())) as (waiting, _),
        agent_on(server, hello(pc(2), "boot-2")),
        agent_on(server, hello(pc(3), "boot-3", profile=WIPE.id)),
    ):
        for number in (1, 3):
            await asyncio.to_thread(deny, workshop, number)
        await workshop.tell_denied()
        assert (await waiting.hear(Stay)).problem == Problem("denied")
        assert [row_of(workshop, number).state for number in (1, 2, 3)] == ["failed", "waiting", "working"]
        # Allowed again, it may be chosen for without a new start.
        address = Key("mac", pc().nics[0].mac)
        await asyncio.to_thread(workshop.policies.set, workshop.record, [address], Policy(), "anne")
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, LOOK.id)


async def test_a_pc_that_is_denied_during_its_check_is_not_erased(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        await asyncio.to_thread(deny, workshop)
        assert await agent.obey(pc()) == Stay(problem=Problem("denied"))
    assert row_of(workshop).state == "failed"


async def test_an_erase_that_is_told_to_have_begun_before_its_order_is_stopped_by_a_denial_as_well(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        agent.number = 1
        await agent.say(StageStarted(number=1, job=check.job, stage="erase", at=1.0))
        await agent.receipt()
        await asyncio.to_thread(deny, workshop)
        await agent.finish(check, evidence(check.stage, pc()))
        assert await agent.order() == Stay(problem=Problem("denied"))


async def test_of_a_pc_that_is_denied_during_its_erase_the_proof_is_kept_and_nothing_more_is_written(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        erase = await agent.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        await agent.start(erase)
        await agent.receipt()
        await asyncio.to_thread(deny, workshop)
        await agent.finish(erase, evidence(erase.stage, pc()))
        assert await agent.order() == Stay(problem=Problem("denied"))
    (erasure,) = workshop.record.machines.erasures(row_of(workshop).machine)
    assert erasure.verdict == "erased"


def test_a_denied_pc_stays_denied_when_the_record_fails(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**names: str) -> None:
        raise OSError("disk full")

    deny(workshop)
    monkeypatch.setattr(workshop.record.choices, "waiting", fails)
    assert menu_offer(workshop) == MenuOffer(denied=True)


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.1, 0.2])
async def test_of_twenty_pcs_that_join_while_the_batch_is_disarmed_each_with_a_place_is_ordered_its_work(
    workshop: Workshop, pause: float
) -> None:
    batch = workshop.record.batches.arm(LOOK.id, 20, "anne")
    sent: dict[int, list[FromServer]] = {number: [] for number in range(1, 21)}

    async def join(number: int) -> None:
        async def send(message: FromServer) -> None:
            await asyncio.sleep(0)
            sent[number].append(message)

        await workshop.greet(boarded(number, batch.id), send, f"192.0.2.{number}")

    async def disarm() -> None:
        await asyncio.sleep(pause)
        await asyncio.to_thread(workshop.record.batches.disarm, batch.id, "anne")
        await workshop.show_batch()

    await asyncio.gather(disarm(), *(join(number) for number in sent))
    events = workshop.record.journal.read(limit=1000)
    places = [event for event in events if event.kind == "batch-place"]
    ordered = [messages for messages in sent.values() if any(isinstance(message, RunStage) for message in messages)]
    assert len(places) == len(ordered)
    (closed,) = [event for event in events if event.kind == "batch-closed"]
    assert f'"taken":{len(places)}' in closed.body
    shown = workshop.live_board.batch
    assert shown is not None
    assert len(shown.taken) == len(places), "the page shows each place too"
