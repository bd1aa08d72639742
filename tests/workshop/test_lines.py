"""Lines that break, come back, lie or belong to somebody else."""

import asyncio

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.boothttp import agent_link
from netboot.jobs.actor import operator
from netboot.records.record import Record
from netboot.records.refusals import AtWork
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, StageFinished, StageStarted, Stay, Welcome
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import Erase, EraseResult
from netboot.workshop import agent_lines
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, WIPE, hello, new_workshop, pc, row_of
from tests.workshop.player import agent_on, erasure, eventually, evidence, line_to, serving


@pytest.mark.parametrize("token", ["", "somebody-elses-token"])
async def test_a_visit_is_nobody_elses(record: Record, workshop: Workshop, token: str) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        await agent.start(run)
        await agent.receipt()
        async with line_to(server) as stranger:
            await stranger.say(hello(pc(), token=token))
            assert (await stranger.hear(Stay)).problem == Problem("visit-of-another")
            assert await stranger.closed()
        await agent.finish(run, evidence(run.stage, pc()))
        assert isinstance(await agent.order(), RunStage)
        assert welcome.token not in ("", token)


async def test_a_second_hello_ends_the_line(server: TestServer) -> None:
    async with agent_on(server, hello(pc())) as (agent, welcome):
        await agent.say(hello(pc(), token=welcome.token))
        assert await agent.closed()


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 5000, '{"type":"started"}', "\x00\U0001f600"])
async def test_what_is_not_the_protocol_ends_the_line_and_nothing_else(server: TestServer, text: str) -> None:
    async with agent_on(server, hello(pc(2), "boot-of-another")) as (bystander, _):
        async with line_to(server) as stranger:
            await stranger.say_raw(text)
            assert await stranger.closed()
        async with agent_on(server, hello(pc())) as (agent, _):
            await agent.say_raw(text)
            assert await agent.closed()
        await bystander.close()


async def test_a_report_before_the_hello_ends_the_line(server: TestServer) -> None:
    async with line_to(server) as stranger:
        await stranger.say(StageStarted(number=1, job="j", stage="erase", at=0.0))
        assert await stranger.closed()


async def test_silence_before_the_hello_ends_the_line(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_link, "HELLO_WITHIN", 0.1)
    async with line_to(server) as stranger:
        assert await stranger.closed()


async def test_another_version_is_told_so(server: TestServer) -> None:
    async with line_to(server) as agent:
        await agent.say(replace(hello(pc()), version=99))
        assert (await agent.hear(Stay)).problem.code == "version"
        assert await agent.closed()


async def test_a_report_of_another_job_is_received_and_ignored(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        other = StageFinished(
            number=1, job="another", stage="check", at=1.0, outcome="done", result=evidence(run.stage, pc())
        )
        await agent.say(other)
        assert await agent.receipt() == 1
        await agent.tick(replace(run, job="another"), 50, 100)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, pc()))
        erase = await agent.order()
        assert isinstance(erase, RunStage)
        assert isinstance(erase.stage, Erase)
        assert row_of(workshop).percent is None


async def test_a_stage_that_was_not_ordered_is_not_believed(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        proof = EraseResult(erasures=(erasure(pc().disks[0].id),))
        await agent.say(StageFinished(number=1, job=check.job, stage="erase", at=1.0, outcome="done", result=proof))
        agent.number = 1
        await agent.start(check)
        await agent.finish(check, evidence(check.stage, pc()))
        erase = await agent.order()
        assert isinstance(erase, RunStage)
        assert isinstance(erase.stage, Erase), "the erase is still to be done"
    assert workshop.record.machines.erasures(row_of(workshop).machine) == ()


async def test_a_stage_begins_once_in_the_journal_however_often_it_is_said(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        for _ in range(20):
            await agent.start(check)
            assert await agent.receipt() == agent.number
        # Nor on a new line, nor for a server that has forgotten what it ordered.
        async with agent_on(server, hello(pc(), token=welcome.token)) as (again, _):
            await again.hear(Plan)
            await again.hear(RunStage)
            again.number = agent.number
            await again.start(check)
            assert await again.receipt() == agent.number + 1
    begun = [event for event in workshop.record.journal.read(limit=1000) if event.kind == "stage-started"]
    assert len(begun) == 1


async def test_no_stage_begins_that_was_not_ordered(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        unordered: tuple[StageName, ...] = ("finish", "erase", "memory")
        events = workshop.record.journal.read(limit=1000)
        for number, stage in enumerate(unordered, start=1):
            await agent.say(StageStarted(number=number, job=check.job, stage=stage, at=1.0))
            assert await agent.receipt() == number
        assert workshop.record.journal.read(limit=1000) == events
        assert row_of(workshop).stage is None
        job = workshop.record.jobs.of_visit(workshop.record.machines.detail(row_of(workshop).machine).visits[0].id)
        assert job is not None
        assert {record.state for record in job.stages} == {"waiting"}


async def test_late_evidence_of_an_erase_that_was_never_ordered_is_not_kept(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        await agent.finish(check, None, outcome="failed", problem=Problem("no-disk"))
        assert isinstance(await agent.order(), Stay), "its job is over"
    async with agent_on(server, hello(pc(), token=welcome.token)) as (agent, _):
        assert isinstance(await agent.order(), Stay)
        proof = EraseResult(erasures=(erasure(pc().disks[0].id),))
        await agent.say(StageFinished(number=2, job=check.job, stage="erase", at=1.0, outcome="done", result=proof))
        assert await agent.receipt() == 2
    assert workshop.record.machines.erasures(row_of(workshop).machine) == ()


async def test_an_agent_whose_machine_said_hello_by_another_boot_since_reports_no_more(
    record: Record, workshop: Workshop
) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.begin_after("check", pc())
        await agent.receipt()
    record.visits.greet(hello(pc(), "boot-2"), "98:fa:9b:00:00:01")
    async with serving(new_workshop(record)) as server, line_to(server) as agent:
        await agent.say(hello(pc(), token=welcome.token))
        assert (await agent.hear(Stay)).problem == Problem("visit-of-another"), "it is to be restarted"
        assert await agent.closed()
    assert record.machines.erasures(record.machines.overview()[0].id) == ()


async def test_an_agent_that_is_back_on_a_new_line_is_heard_there_only(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (old, welcome):
        await old.hear(Plan)
        run = await old.hear(RunStage)
        async with agent_on(server, hello(pc(), token=welcome.token)) as (new, _):
            await new.hear(Plan)
            await new.hear(RunStage)
            await old.tick(run, 1, 100)
            await new.start(run)
            await new.receipt()
            await new.tick(run, 70, 100)
            await eventually(lambda: row_of(workshop).percent == 70)
            await old.close()
            await new.finish(run, evidence(run.stage, pc()))
            assert isinstance(await new.order(), RunStage)
            assert row_of(workshop).state == "working"


async def test_who_goes_home_and_who_falls_silent_are_told_apart(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(1))) as (polite, _), agent_on(server, hello(pc(2), "boot-2", profile=WIPE.id)):
        await polite.close()
        await eventually(lambda: row_of(workshop, 1).state == "home")
    await eventually(lambda: row_of(workshop, 2).state == "silent")


async def test_nothing_can_be_chosen_for_a_pc_at_work_by_however_many_at_once(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        machine = row_of(workshop).machine
        answers = await asyncio.gather(
            *(workshop.commands.choose(operator(name), machine, WIPE.id) for name in ("anne", "bruno", "chloé")),
            return_exceptions=True,
        )
        assert [answer for answer in answers if answer is True] == [True]
        assert len([answer for answer in answers if isinstance(answer, AtWork)]) == 2
        await agent.hear(Plan)
        assert workshop.record.choices.pending() == ()


async def test_a_choice_on_a_line_that_just_broke_is_followed_at_the_next_hello(
    workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with agent_on(server, hello(pc())) as (_, welcome):
        (session,) = workshop._lines

        async def broken(message: object) -> None:
            raise ConnectionResetError

        monkeypatch.setattr(session, "send", broken)
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, WIPE.id)
        async with agent_on(server, hello(pc(), token=welcome.token)) as (agent, _):
            await agent.hear(Plan)
            assert await agent.obey(pc()) == Leave(action="poweroff")


async def test_agents_are_bounded_in_number(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_lines, "SESSIONS", 1)
    async with agent_on(server, hello(pc(1))), line_to(server) as second:
        await second.say(hello(pc(2), "boot-2"))
        assert (await second.hear(Stay)).problem == Problem("crowded")
        assert await second.closed()


async def test_a_hello_that_the_record_does_not_take_is_told(
    workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*args: object, **kwargs: object) -> None:
        raise NetbootError("the record does not take this Inventory", hint="note its model")

    monkeypatch.setattr(workshop.record.visits, "greet", unreadable)
    async with line_to(server) as agent:
        await agent.say(hello(pc()))
        told = (await agent.hear(Stay)).problem
        assert told == Problem("agent-error", {"error": "the record does not take this Inventory"})
        assert await agent.closed()


async def test_a_welcome_may_be_asked_for_again_until_its_token_was_used(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (_, first):
        pass
    await eventually(lambda: not tuple(workshop._lines))
    async with agent_on(server, hello(pc())) as (_, second):
        assert second.visit == first.visit
        assert second.token not in ("", first.token)


async def test_a_pc_that_waits_is_not_taken_over_by_its_boot_id(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        async with line_to(server) as stranger:
            await stranger.say(hello(pc()))
            assert (await stranger.hear(Stay)).problem == Problem("same-names")
            assert await stranger.closed()
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id)
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff"), "the order went to the PC itself"
    async with line_to(server) as stranger:
        await stranger.say(hello(pc()))
        assert (await stranger.hear(Stay)).problem == Problem("visit-of-another"), "its token was used"


async def test_an_agent_whose_welcome_was_lost_on_a_half_open_line_is_taken_once_that_line_is_given_up(
    workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agent_link.HEARTBEAT <= 10, "seconds, and half of it for the answer: the PC asks for a minute at most"
    monkeypatch.setattr(agent_link, "HEARTBEAT", 0.4)
    async with line_to(server, answers_pings=False) as dead:
        await dead.say(hello(pc()))
        await eventually(lambda: bool(tuple(workshop._lines)))
        async with asyncio.timeout(5):
            refused = 0
            while True:
                async with line_to(server) as agent:
                    await agent.say(hello(pc()))
                    answer = await agent.order()
                    if isinstance(answer, Welcome):
                        break
                    assert answer == Stay(problem=Problem("same-names"))
                    refused += 1
                await asyncio.sleep(0.1)
        assert refused, "the dead line was still held"
        assert answer.token
