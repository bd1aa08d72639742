"""One PC's way through the workshop, from its hello to its goodbye, over the real line."""

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.actor import operator
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, StageProgress, Stay, Stuck
from netboot.shared.stages.check import Check
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import EraseResult
from netboot.workshop.greeting import Workshop
from tests.workshop.conftest import WIPE, disk, hello, pc, row_of
from tests.workshop.player import agent_on, erasure, eventually, evidence


async def test_a_chosen_profile_is_run_to_its_end_and_is_on_the_record(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc())) as (agent, welcome):
        assert welcome.wait == 600
        row = row_of(workshop)
        assert row.state == "waiting"
        assert await workshop.commands.choose(operator("anne"), row.machine, WIPE.id)
        assert (await agent.hear(Plan)).stages == WIPE.stages
        assert await agent.obey(pc()) == Leave(action="poweroff")
    job = workshop.record.machines.detail(row.machine).visits[0].jobs[0]
    assert job.state == "done"
    assert [(stage.stage, stage.state, stage.seconds) for stage in job.stages] == [
        (stage, "done", 60.0) for stage in WIPE.stages
    ]
    assert [each.verdict for each in job.erasures] == ["erased"]
    assert (job.chosen_by, job.hostname) == ("anne", "pc-1")
    row = row_of(workshop)
    assert (row.state, row.verdicts) == ("done", (("S4EWNX0N0001", "erased"),))


async def test_a_pick_in_the_boot_menu_begins_at_once(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile="inventory-only")) as (agent, _):
        await agent.hear(Plan)
        assert (await agent.hear(RunStage)).stage == Check()


async def test_a_pick_in_the_boot_menu_that_is_no_profile_is_told_and_may_be_chosen_for_again(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile="nothing-like-it")) as (agent, _):
        assert (await agent.hear(Stay)).problem.code == "profile-gone"
        assert row_of(workshop).state == "failed"
        assert await workshop.commands.choose(operator("anne"), row_of(workshop).machine, "inventory-only")
        await agent.hear(Plan)


async def test_progress_is_shown_on_the_board_and_never_recorded(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        await agent.start(run)
        await agent.receipt()
        events = workshop.record.journal.read()
        await agent.tick(run, 30, 100, rate=10)
        await eventually(lambda: row_of(workshop).percent == 30)
        assert row_of(workshop).seconds_left == 7
        assert workshop.record.journal.read() == events


async def test_an_erase_that_was_not_read_back_whole_fails_the_job(workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        erase = await agent.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        await agent.start(erase)
        half = erasure(pc().disks[0].id, verified=10**9)
        await agent.finish(erase, EraseResult(erasures=(half,)))
        stay = await agent.order()
        assert isinstance(stay, Stay)
        assert stay.problem.code == "erase-incomplete"
        assert "255,0 Go pas relus" in stay.problem.sentence("fr")
    row = row_of(workshop)
    assert (row.state, row.verdicts) == ("failed", (("S4EWNX0N0001", "undetermined"),))
    (proof,) = workshop.record.machines.erasures(row.machine)
    assert (proof.verdict, proof.level, proof.evidence.problem) == ("undetermined", "none", stay.problem)
    (event,) = [event for event in workshop.record.journal.read(limit=1000) if event.kind == "erasure"]
    assert '"verdict":"undetermined"' in event.body


async def test_a_pc_with_a_job_proves_nothing_about_another_pcs_disk(workshop: Workshop, server: TestServer) -> None:
    victim = pc(2).disks[0].id
    async with (
        agent_on(server, hello(pc(2), "boot-2")),
        agent_on(server, hello(pc(), profile="erase-only")) as (agent, _),
    ):
        await agent.hear(Plan)
        erase = await agent.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        await agent.finish(erase, EraseResult(erasures=(erasure(victim), erasure(pc().disks[0].id))))
        stay = await agent.order()
        assert isinstance(stay, Stay)
        assert stay.problem.values["reason"] == "not-ordered"
    assert workshop.record.machines.history_of_disk(victim) == ()
    assert row_of(workshop).verdicts == (("S4EWNX0N0001", "undetermined"),)


async def test_the_word_done_without_evidence_fails_the_job(server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        erase = await agent.obey(pc(), until="check")
        assert isinstance(erase, RunStage)
        await agent.start(erase)
        await agent.finish(erase, None)
        assert isinstance(await agent.order(), Stay)


async def test_an_agent_that_fails_is_told_to_stay_and_may_be_chosen_for_again(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        await agent.start(run)
        problem = Problem("disk-error", {"disk": "S4EWNX0N0001", "offset": "0", "error": "EIO"})
        await agent.finish(run, None, outcome="failed", problem=problem)
        assert await agent.order() == Stay(problem=problem)
        row = row_of(workshop)
        assert await workshop.commands.choose(operator("anne"), row.machine, WIPE.id)
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff")


async def test_with_two_equal_disks_a_person_names_the_target(workshop: Workshop, server: TestServer) -> None:
    two = pc(1, disk("AAA"), disk("BBB"))
    async with agent_on(server, hello(two, profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(two)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "several-targets"
        row = row_of(workshop)
        await workshop.commands.choose(operator("anne"), row.machine, WIPE.id, two.disks[1].id)
        await agent.hear(Plan)
        deploy = await agent.obey(two, until="erase")
        assert isinstance(deploy, RunStage)
        assert isinstance(deploy.stage, Deploy)
        assert deploy.stage.target == two.disks[1].id
        await agent.start(deploy)
        await agent.finish(deploy, evidence(deploy.stage, two))
        assert await agent.obey(two) == Leave(action="poweroff")


async def test_nothing_is_erased_when_the_master_is_not_in_the_store(server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile="lost-master")) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(pc(), until="check")
        assert stay == Stay(problem=Problem("master-missing", {"master": "not-in-the-store"}))


async def test_nothing_is_erased_when_the_target_is_not_clear(server: TestServer) -> None:
    two = pc(1, disk("AAA"), disk("BBB"))
    async with agent_on(server, hello(two, profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        stay = await agent.obey(two, until="check")
        assert isinstance(stay, Stay)
        assert stay.problem.code == "several-targets"


async def test_a_choice_for_a_pc_that_is_not_here_begins_at_its_next_hello(
    workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        row = row_of(workshop)
    await eventually(lambda: row_of(workshop).state == "home")
    assert not await workshop.commands.choose(operator("anne"), row.machine, "inventory-only")
    assert [each.label for each in workshop.record.choices.pending()] == [row.label]
    async with agent_on(server, hello(pc(), "boot-2")) as (agent, _):
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff")
    assert workshop.record.choices.pending() == ()
    async with agent_on(server, hello(pc(), "boot-3")):
        row = row_of(workshop)
        assert row.state == "waiting", "a choice serves one visit"


async def test_the_row_says_who_is_stuck_and_what_each_of_several_bad_disks_has(
    workshop: Workshop, server: TestServer
) -> None:
    two = pc(1, disk("AAA"), disk("BBB"))
    async with agent_on(server, hello(two, profile="erase-only")) as (agent, _):
        await agent.hear(Plan)
        run = await agent.obey(two, until="check")
        assert isinstance(run, RunStage)
        await agent.start(run)
        stuck = Stuck(disk="AAA", seconds=61.0)
        await agent.say(StageProgress(job=run.job, stage="erase", done=45, total=100, part="BBB", stuck=(stuck,)))
        await eventually(lambda: row_of(workshop).stuck == (stuck,))
        faults = [Problem("erase-refused", {"disk": name, "left": "4.1 kB"}) for name in ("AAA", "BBB")]
        said = tuple(
            replace(erasure(one.id), verdict="not-erased", level="none", problem=fault)
            for one, fault in zip(two.disks, faults, strict=True)
        )
        problem = erase_problem(said)
        await agent.finish(run, EraseResult(erasures=said), outcome="failed", problem=problem)
        assert await agent.order() == Stay(problem=problem) if problem else False
    row = row_of(workshop)
    assert (row.problem, row.faults, row.stuck) == (problem, tuple(faults), ())
    assert row.problem is not None
    assert row.problem.values == {"count": "2", "disks": "AAA, BBB"}
