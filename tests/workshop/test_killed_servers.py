"""Servers that are killed in the middle of a stage: the next one goes on with the job and counts each report once."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from netboot.jobs.actor import operator
from netboot.records.record import Record, open_record
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import ERASE, LOOK, WIPE, hello, new_workshop, pc, row_of
from tests.workshop.player import agent_on, eventually, evidence, serving


async def test_the_job_goes_on_after_the_server_was_killed_and_resent_reports_count_once(
    record: Record, workshop: Workshop
) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        erase = await agent.begin_after("check", pc())
        await agent.receipt()
        finished = await agent.finish(erase, evidence(erase.stage, pc()))
        await agent.receipt()
    # The server was killed after it had recorded the report and before the agent could know: it says it again.
    again = new_workshop(record)
    async with (
        serving(again) as server,
        agent_on(server, hello(pc(), token=welcome.token)) as (agent, back),
    ):
        assert back.number == finished.number
        assert (await agent.hear(Plan)).job == erase.job
        deploy = await agent.hear(RunStage)
        await agent.say(finished)
        assert await agent.receipt() == finished.number
        await agent.start(deploy)
        await agent.finish(deploy, evidence(deploy.stage, pc()))
        assert await agent.obey(pc()) == Leave(action="poweroff")
        assert row_of(again).state == "done"
    job = record.machines.detail(row_of(again).machine).visits[0].jobs[0]
    assert job.state == "done"
    assert len(job.erasures) == 1
    kinds = [(event.kind, event.job_id) for event in record.journal.read(limit=1000) if event.kind == "erasure"]
    assert kinds == [("erasure", erase.job)]
    assert record.journal.verify().broken is None


async def test_a_stage_that_ended_while_the_server_was_down_is_judged_by_the_next(
    record: Record, workshop: Workshop
) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        erase = await agent.begin_after("check", pc())
        number = await agent.receipt()
    async with (
        serving(new_workshop(record)) as server,
        agent_on(server, hello(pc(), token=welcome.token)) as (agent, _),
    ):
        await agent.hear(Plan)
        assert await agent.hear(RunStage) == erase, "the same order again: the agent knows that it runs"
        agent.number = number
        await agent.finish(erase, evidence(erase.stage, pc()))
        assert await agent.obey(pc()) == Leave(action="poweroff")
    (machine,) = record.machines.overview()
    assert machine.job is not None
    seconds = {stage.stage: stage.seconds for stage in machine.job.stages}["erase"]
    assert 0 < seconds < 60, "counted from what is on the record, not from the agent's start"


async def test_the_job_goes_on_when_the_clock_was_put_back_since_the_one_before(
    tmp_path: Path, empty_record: Path
) -> None:
    path = tmp_path / "record.sqlite"
    shutil.copy(empty_record, path)
    put_back = timedelta()
    with open_record(path, clock=lambda: datetime.now(UTC) - put_back) as record:
        workshop = new_workshop(record)
        async with serving(workshop) as server, agent_on(server, hello(pc(), profile=LOOK.id)) as (agent, welcome):
            await agent.hear(Plan)
            check = await agent.hear(RunStage)
            await agent.finish(check, None, outcome="failed", problem=Problem("no-disk"))
            assert isinstance(await agent.order(), Stay)
            put_back = timedelta(hours=1)
            assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, ERASE.id)
            erase = await agent.begin_after("check", pc())
            number = await agent.receipt()
            async with agent_on(server, hello(pc(), token=welcome.token)) as (back, _):
                assert (await back.hear(Plan)).job == erase.job
                assert await back.hear(RunStage) == erase
                back.number = number
                await back.finish(erase, evidence(erase.stage, pc()))
                assert isinstance(await back.order(), RunStage), "its goodbye, which never comes"
        machine = row_of(workshop).machine
        assert [proof.verdict for proof in record.machines.erasures(machine)] == ["erased"]
        await eventually(lambda: not tuple(workshop._lines))
        async with serving(workshop) as server, agent_on(server, hello(pc(), "boot-2")) as (agent, _):
            assert await workshop.commands.choose(operator("anne"), machine, LOOK.id), (
                "a PC that is back can be chosen for"
            )
            await agent.hear(Plan)
            assert await agent.obey(pc()) == Leave(action="poweroff")
        jobs = [job for visit in record.machines.detail(machine).visits for job in visit.jobs]
        assert sorted(job.state for job in jobs) == ["done", "done", "failed"]


async def test_who_missed_the_goodbye_is_told_again(record: Record, workshop: Workshop) -> None:
    async with serving(workshop) as server, agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff")
    again = new_workshop(record)
    async with serving(again) as server, agent_on(server, hello(pc(), token=welcome.token)) as (agent, _):
        assert await agent.hear(Leave) == Leave(action="poweroff")
        assert row_of(again).state == "done"
