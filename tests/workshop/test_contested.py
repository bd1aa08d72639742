"""Who may speak for a PC: two lines for one, forged hellos, tokens of visits that are over; over the real WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.boothttp import agent_link
from netboot.jobs.actor import operator
from netboot.records.record import Record
from netboot.records.refusals import Contested, NotThatVisit
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, StageFinished, Stay, Welcome
from netboot.workshop import contest
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Row
from tests.workshop.conftest import ERASE, LOOK, WIPE, hello, new_workshop, pc, row_of
from tests.workshop.player import Agent, agent_on, eventually, evidence, line_to, serving


def rows_of(workshop: Workshop, number: int = 1) -> list[Row]:
    """Every row that tells this PC's address."""
    return [row for row in workshop.live_board.rows() if row.mac == f"98:fa:9b:00:00:{number:02x}"]


@asynccontextmanager
async def second_line(server: TestServer, inventory: Inventory | None = None) -> AsyncIterator[tuple[Agent, Welcome]]:
    """A line that says hello as a PC that is here, by another boot, and is told that it is contested."""
    async with agent_on(server, hello(inventory or pc(), "forged-boot")) as (agent, welcome):
        assert (await agent.hear(Stay)).problem.code == "two-lines"
        yield agent, welcome


async def test_of_two_lines_for_one_pc_both_are_shown_and_nothing_is_begun_before_a_person_says_which(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (real, welcome), second_line(server) as (forged, other):
        assert (await real.hear(Stay)).problem == Problem("two-lines", {"address": "127.0.0.1"})
        shown = workshop.live_board.contested
        assert {row.visit for row in shown} == {welcome.visit, other.visit}
        assert {row.machine for row in shown} == {row_of(workshop).machine}
        for seen in ("", welcome.visit, other.visit):
            with pytest.raises(Contested):
                await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id, seen=seen)
        assert workshop.record.choices.pending() == ()
        await workshop.commands.vouch(operator("anne"), welcome.visit)
        assert (await forged.hear(Stay)).problem == Problem("not-this-pc")
        assert await forged.closed()
        await real.hear(Welcome)
        assert [row.visit for row in rows_of(workshop)] == [welcome.visit]
        with pytest.raises(NotThatVisit):
            await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id, seen=other.visit)
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id, seen=welcome.visit)
        await real.hear(Plan)
        assert await real.obey(pc()) == Leave(action="poweroff")
        async with line_to(server) as back:
            await back.say(hello(pc(), "forged-boot", token=other.token))
            assert (await back.hear(Stay)).problem == Problem("visit-of-another")
    kinds = [event.kind for event in workshop.record.journal.read(limit=1000)]
    assert kinds.count("visit-contested") == 2
    assert kinds.count("visit-vouched") == 1


async def test_a_forged_line_that_is_held_open_keeps_the_pc_away_until_one_answer_and_no_longer(
    workshop: Workshop, server: TestServer
) -> None:
    async with (
        agent_on(server, hello(pc(), "forged-boot")),
        agent_on(server, hello(pc(), profile=ERASE.id)) as (
            real,
            welcome,
        ),
    ):
        assert (await real.hear(Stay)).problem.code == "two-lines"
        await workshop.commands.vouch(operator("anne"), welcome.visit)
        await real.hear(Welcome)
        await real.hear(Plan)  # what was picked in its boot menu
        erase = await real.obey(pc(), until="check")
        # Whoever says hello as this PC again is contested alone.
        async with agent_on(server, hello(pc(), "forged-again")) as (again, _):
            assert (await again.hear(Stay)).problem.code == "two-lines"
            assert isinstance(erase, RunStage)
            await real.start(erase)
            await real.finish(erase, evidence(erase.stage, pc()))
            assert isinstance(await real.order(), RunStage)
    (proof,) = [event for event in workshop.record.journal.read(limit=1000) if event.kind == "erasure"]
    assert '"standing":"vouched"' in proof.body


async def test_the_work_of_a_pc_goes_on_beside_a_forged_line_and_its_proof_says_that_it_is_contested(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (real, welcome):
        await real.hear(Plan)
        erase = await real.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        async with second_line(server) as (forged, _):
            await forged.say(forged_report(erase))
            await real.start(erase)
            await real.finish(erase, evidence(erase.stage, pc()))
            finish = await real.order()
            assert isinstance(finish, RunStage), "its work is not stopped by a hello"
            await real.start(finish)
            await real.finish(finish, None)
            assert await real.order() == Leave(action="poweroff")
            assert welcome.visit not in {row.visit for row in workshop.live_board.contested}, "it is done"
    (proof,) = [event for event in workshop.record.journal.read(limit=1000) if event.kind == "erasure"]
    assert proof.visit_id == welcome.visit
    assert '"standing":"two-lines"' in proof.body
    visits = workshop.record.machines.detail(proof.machine_id).visits
    assert {visit.standing for visit in visits} == {"two-lines"}


async def test_nobody_is_asked_about_a_line_that_is_gone_after_its_work_failed(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=ERASE.id)) as (real, welcome):
        await real.hear(Plan)
        erase = await real.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        async with second_line(server):
            await real.start(erase)
            await real.finish(erase, None, outcome="failed", problem=Problem("agent-error", {"error": "erase"}))
            assert isinstance(await real.order(), Stay)
            assert welcome.visit in {row.visit for row in workshop.live_board.contested}
    await eventually(lambda: not workshop.live_board.contested)
    assert row_of(workshop).state == "failed"


def forged_report(order: RunStage) -> StageFinished:
    """What a forged line reports about the job of another visit."""
    return StageFinished(
        number=1, job=order.job, stage="erase", at=1.0, outcome="done", result=evidence(order.stage, pc())
    )


async def test_the_token_of_a_visit_that_the_pc_closed_by_its_own_boot_opens_nothing(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), "forged-boot")) as (_, forged):
        pass
    await eventually(lambda: not tuple(workshop._lines))
    async with agent_on(server, hello(pc())) as (real, welcome):
        async with line_to(server) as stranger:
            await stranger.say(hello(pc(), "forged-boot", token=forged.token, profile=ERASE.id))
            assert (await stranger.hear(Stay)).problem == Problem("visit-of-another")
            assert await stranger.closed()
        assert [row.visit for row in rows_of(workshop)] == [welcome.visit]
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id, seen=welcome.visit)
        await real.hear(Plan)
        assert await real.obey(pc()) == Leave(action="poweroff")


async def test_another_pc_that_tells_the_address_and_the_label_of_one_takes_over_no_row(
    workshop: Workshop, server: TestServer
) -> None:
    liar = replace(pc(2), nics=pc(1).nics, system=replace(pc(1).system, uuid=pc(2).system.uuid))
    async with agent_on(server, hello(pc(1))) as (_, welcome):
        before = row_of(workshop)
        async with second_line(server, liar) as (_, other):
            assert row_of(workshop).machine == before.machine
            assert row_of(workshop).visit == welcome.visit
            assert [row.visit for row in rows_of(workshop)] == [welcome.visit, other.visit]
            await workshop.commands.keep_out(operator("anne"), other.visit)
            assert [row.visit for row in rows_of(workshop)] == [welcome.visit]


@pytest.mark.parametrize("state", ["done", "failed", "silent"])
async def test_a_row_that_has_something_to_tell_is_not_taken_over_by_another_pc_of_its_address(
    workshop: Workshop, server: TestServer, state: str
) -> None:
    liar = replace(pc(2), nics=pc(1).nics)
    workshop.live_board.put(Row(mac=pc(1).nics[0].mac, state=state, machine="another", label="PC 1"))  # type: ignore[arg-type]
    async with agent_on(server, hello(liar, "boot-2")):
        assert row_of(workshop).label == "PC 1"
        assert len(rows_of(workshop)) == 2


async def test_a_line_that_comes_from_another_adapter_than_its_hello_tells_begins_nothing(record: Record) -> None:
    workshop = new_workshop(record)
    workshop._adapter_of = {"127.0.0.1": "98:fa:9b:00:00:66"}.get  # type: ignore[assignment]
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=ERASE.id)) as (agent, welcome):
        told = (await agent.hear(Stay)).problem
        assert told == Problem("other-adapter", {"address": "127.0.0.1", "adapter": "98:fa:9b:00:00:66"})
        assert row_of(workshop).contested == "other-adapter"
        await workshop.commands.vouch(operator("anne"), welcome.visit)
        await agent.hear(Welcome)
        await agent.hear(Plan)


@pytest.mark.parametrize("adapter", ["", "98:fa:9b:00:00:01"])
async def test_a_line_from_its_own_adapter_or_from_one_that_is_not_known_is_not_asked_about(
    record: Record, adapter: str
) -> None:
    workshop = new_workshop(record)
    workshop._adapter_of = lambda address: adapter
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=LOOK.id)) as (agent, _):
        await agent.hear(Plan)


async def test_one_hello_that_tells_every_adapter_of_the_bench_brings_no_pc_to_a_stand(record: Record) -> None:
    workshop = new_workshop(record)
    adapters = iter([*(f"98:fa:9b:00:00:{number:02x}" for number in range(1, 4)), "98:fa:9b:00:00:66"])
    workshop._adapter_of = lambda address: next(adapters)
    liar = replace(pc(66), nics=tuple(nic for number in (66, 1, 2, 3) for nic in pc(number).nics))
    async with (
        serving(workshop) as server,
        agent_on(server, hello(pc(1), "boot-1")),
        agent_on(server, hello(pc(2), "boot-2")),
        agent_on(server, hello(pc(3), "boot-3")) as (third, welcome),
        second_line(server, liar) as (_, forged),
    ):
        assert [row.visit for row in workshop.live_board.contested] == [forged.visit]
        assert await workshop.commands.choose(
            operator("anne"), row_of(workshop, 3).machine, LOOK.id, seen=welcome.visit
        )
        await third.hear(Plan)


@pytest.mark.parametrize("tells", ["its own adapter as well", "those of others only"])
async def test_a_pc_that_comes_by_its_own_adapter_waits_for_no_answer_about_one_that_told_it_before(
    record: Record, tells: str
) -> None:
    workshop = new_workshop(record)
    adapters = iter(["98:fa:9b:00:00:66", "98:fa:9b:00:00:02"])
    workshop._adapter_of = lambda address: next(adapters)
    numbers = (66, 1, 2) if tells == "its own adapter as well" else (1, 2)
    liar = replace(pc(66), nics=tuple(nic for number in numbers for nic in pc(number).nics))
    async with (
        serving(workshop) as server,
        agent_on(server, hello(liar, "forged-boot")) as (forged, other),
        agent_on(server, hello(pc(2), "boot-2", profile=LOOK.id)) as (agent, welcome),
    ):
        await agent.hear(Plan)
        assert (await forged.hear(Stay)).problem.code in ("two-lines", "other-adapter")
        assert [row.visit for row in workshop.live_board.contested] == [other.visit]
        assert record.visits.get(welcome.visit).standing == ""


@pytest.mark.parametrize("forged", ["98:fa:9b:00:00:66", "98:fa:9b:00:00:01"])
async def test_a_hello_from_another_adapter_ends_no_job_of_a_pc_whose_line_is_broken(
    record: Record, monkeypatch: pytest.MonkeyPatch, forged: str
) -> None:
    """It tells its own adapter, or the PC's alone."""
    monkeypatch.setattr(contest, "BACK_WITHIN", 0.1)
    workshop = new_workshop(record)
    adapters = iter(["98:fa:9b:00:00:01", "98:fa:9b:00:00:66", "98:fa:9b:00:00:01"])
    workshop._adapter_of = lambda address: next(adapters)
    nic = replace(pc().nics[0], name="eth1", boot=False, mac=forged)
    liar = replace(pc(), nics=pc().nics if forged == pc().nics[0].mac else (*pc().nics, nic))
    async with serving(workshop) as server:
        async with agent_on(server, hello(pc(), profile=ERASE.id)) as (real, welcome):
            await real.hear(Plan)
            erase = await real.obey(pc(), until="check")
            assert isinstance(erase, RunStage)
            await real.start(erase)
            await real.receipt()
            await real.break_off()
        await eventually(lambda: not tuple(workshop._lines))
        async with agent_on(server, hello(liar, "forged-boot", profile=ERASE.id)) as (stranger, other):
            assert (await stranger.hear(Stay)).problem.code in ("two-lines", "other-adapter")
            await asyncio.sleep(0.3)
            assert record.visits.get(other.visit).standing in ("two-lines", "other-adapter")
            assert record.jobs.of_visit(welcome.visit) is not None
            assert {(row.visit, row.state) for row in rows_of(workshop)} == {
                (welcome.visit, "silent"),
                (other.visit, "waiting"),
            }
            async with agent_on(server, hello(pc(), token=welcome.token)) as (back, _):
                await back.hear(Plan)
                assert await back.obey(pc()) == Leave(action="poweroff")
    (proof,) = [event for event in record.journal.read(limit=1000) if event.kind == "erasure"]
    assert proof.visit_id == welcome.visit
    assert '"standing":"two-lines"' in proof.body


async def test_a_pc_that_was_restarted_by_another_adapter_in_its_work_begins_anew_when_a_person_says_that_it_is_it(
    record: Record,
) -> None:
    workshop = new_workshop(record)
    adapters = iter(["98:fa:9b:00:00:01", "98:fa:9b:00:01:01"])
    workshop._adapter_of = lambda address: next(adapters)
    two = replace(pc(), nics=(*pc().nics, replace(pc().nics[0], name="eth1", boot=False, mac="98:fa:9b:00:01:01")))
    async with serving(workshop) as server:
        async with agent_on(server, hello(two, profile=ERASE.id)) as (agent, first):
            await agent.hear(Plan)
            erase = await agent.obey(two, until="check")
            assert isinstance(erase, RunStage)
            await agent.start(erase)
            await agent.receipt()
            await agent.break_off()
        await eventually(lambda: not tuple(workshop._lines))
        async with agent_on(server, hello(two, "boot-2", profile=ERASE.id)) as (agent, second):
            assert (await agent.hear(Stay)).problem.code == "two-lines"
            await workshop.commands.vouch(operator("anne"), second.visit)
            left = (await agent.hear(Welcome)).left
            assert left is not None
            assert left.code == "power-cut"
            await agent.hear(Plan)
            assert [row.visit for row in rows_of(workshop)] == [second.visit]
            assert await agent.obey(two) == Leave(action="poweroff")
    newest, old = record.machines.detail(rows_of(workshop)[0].machine).visits
    assert (newest.id, newest.jobs[0].state) == (second.visit, "done")
    assert (old.id, old.standing, old.jobs[0].state) == (first.visit, "", "interrupted")


async def test_a_pc_that_was_restarted_beside_its_dead_line_goes_on_by_itself_once_that_is_given_up(
    workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agent_link.HEARTBEAT * 1.5 < contest.DEAD_WITHIN
    monkeypatch.setattr(agent_link, "HEARTBEAT", 2.0)
    monkeypatch.setattr(contest, "BACK_WITHIN", 0.1)
    async with line_to(server, answers_pings=False) as dead:
        await dead.say(hello(pc(), profile=WIPE.id))
        await eventually(lambda: bool(rows_of(workshop)) and rows_of(workshop)[0].state == "working")
        async with agent_on(server, hello(pc(), "boot-2", profile=ERASE.id)) as (agent, welcome):
            assert (await agent.hear(Stay)).problem.code == "two-lines"
            assert (await agent.hear(Welcome)).visit == welcome.visit
            await agent.hear(Plan)
    newest, old = workshop.record.machines.detail(row_of(workshop).machine).visits
    assert (newest.standing, old.jobs[0].state) == ("", "interrupted")


async def test_a_line_that_is_alive_is_given_up_for_no_other(
    workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contest, "BACK_WITHIN", 0.5)
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (real, welcome):
        await real.hear(Plan)
        async with second_line(server) as (forged, other):
            await real.break_off()
            await asyncio.sleep(0.1)
            async with agent_on(server, hello(pc(), token=welcome.token)) as (back, _):
                await back.hear(Plan)
                await asyncio.sleep(0.6)
                assert workshop.record.visits.get(other.visit).standing == "two-lines"
                assert workshop.record.jobs.of_visit(welcome.visit) is not None
                assert await back.obey(pc()) == Leave(action="poweroff")
            await forged.close()


async def test_an_honest_agent_whose_server_was_killed_is_not_taken_for_a_second_line(
    record: Record, workshop: Workshop
) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
    again = new_workshop(record)
    async with serving(again) as server, agent_on(server, hello(pc(), token=welcome.token)) as (agent, _):
        await agent.hear(Plan)
        assert again.live_board.contested == ()


async def test_both_of_two_contested_lines_are_so_after_the_server_was_killed_too(
    record: Record, workshop: Workshop
) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc())) as (_, welcome), second_line(server) as line:
        _, other = line
    again = new_workshop(record)
    async with serving(again) as server, agent_on(server, hello(pc(), token=welcome.token)) as (agent, _):
        assert (await agent.hear(Stay)).problem.code == "two-lines"
        await again.commands.vouch(operator("anne"), welcome.visit)
        await agent.hear(Welcome)
        async with line_to(server) as back:
            await back.say(hello(pc(), "forged-boot", token=other.token))
            assert (await back.hear(Stay)).problem == Problem("visit-of-another")


@pytest.mark.parametrize("closes", [True, False])
async def test_a_choice_goes_to_the_visit_that_the_person_saw(
    workshop: Workshop, server: TestServer, closes: bool
) -> None:
    async with agent_on(server, hello(pc())) as (_, seen):
        machine = row_of(workshop).machine
    if closes:
        async with agent_on(server, hello(pc(), "boot-2")) as (_, newer):
            with pytest.raises(NotThatVisit):
                await workshop.commands.choose(operator("anne"), machine, ERASE.id, seen=seen.visit)
            assert await workshop.commands.choose(operator("anne"), machine, ERASE.id, seen=newer.visit)
    else:
        await eventually(lambda: not tuple(workshop._lines))
        assert not await workshop.commands.choose(operator("anne"), machine, ERASE.id, seen=seen.visit), (
            "it waits for its next hello"
        )
    async with agent_on(server, hello(pc(7), "boot-7")) as (_, another):
        with pytest.raises(NotThatVisit):
            await workshop.commands.choose(operator("anne"), machine, ERASE.id, seen=another.visit)
