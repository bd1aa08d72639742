"""An operator ends the job of a PC that does not come back; never that of one whose agent is on the line."""

from html import unescape

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.protocol import Plan, Stay
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.workshop.conftest import WIPE, hello, pc, row_of
from tests.workshop.player import agent_on, eventually

T = texts("fr")


async def vanished(workshop: Workshop, server: TestServer) -> tuple[str, str, str]:
    """A PC whose line broke in its check: its machine, its job and its visit's token."""
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, welcome):
        await agent.hear(Plan)
        machine = row_of(workshop).machine
        token = welcome.token
    await eventually(lambda: row_of(workshop).state == "silent")
    left = workshop.record.machines.summary(machine).left
    assert left is not None
    assert left.running
    return machine, left.job_id, token


async def test_after_a_question_its_job_ends_and_its_master_is_held_no_longer(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    machine, job, token = await vanished(workshop, server)
    assert len(workshop.record.masters.held()) == 1
    assert T["give_up"] not in unescape(await visitor.get(f"/machine/{machine}"))
    assert T["give_up"] in unescape(await operator.get(f"/machine/{machine}"))
    fields = {"form-token": await operator.token(), "machine": machine, "job": job}
    asked = unescape(await operator.post("/give-up", fields))
    assert T["give_up_after"] in asked
    assert len(workshop.record.masters.held()) == 1, "nothing was done before the yes"
    done = unescape(await operator.post("/give-up", {**fields, "sure": "yes"}))
    assert T["give_up"] not in done
    assert workshop.record.masters.held() == ()
    kinds = [event.kind for event in workshop.record.journal.read()]
    assert kinds.index("job-given-up") < kinds.index("job-ended")
    assert row_of(workshop).left is not None
    await operator.post("/give-up", {**fields, "sure": "yes"}, 409)
    # Its agent was only without a network: it is told, and nothing more is ordered.
    async with agent_on(server, replace(hello(pc()), token=token)) as (agent, _):
        stay = await agent.hear(Stay)
        assert stay.problem.code in ("interrupted", "power-cut")
    assert workshop.record.journal.verify().broken is None


async def test_a_pc_on_the_line_is_left_alone(operator: Person, workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(), profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        machine = row_of(workshop).machine
        left = workshop.record.machines.summary(machine).left
        assert left is not None
        assert T["give_up"] not in unescape(await operator.get(f"/machine/{machine}"))
        fields = {"form-token": await operator.token(), "machine": machine, "job": left.job_id, "sure": "yes"}
        assert "travaille" in unescape(await operator.post("/give-up", fields, 409))
        assert len(workshop.record.masters.held()) == 1


async def test_only_the_job_that_was_seen_is_ended_and_only_by_an_operator(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    machine, job, _ = await vanished(workshop, server)
    fields = {"form-token": await operator.token(), "machine": machine, "job": job, "sure": "yes"}
    await visitor.post("/give-up", fields, 403)
    await operator.post("/give-up", {**fields, "form-token": ""}, 403)
    await operator.post("/give-up", {**fields, "job": "0" * 32}, 409)
    await operator.post("/give-up", {**fields, "machine": "nobody"}, 404)
    assert len(workshop.record.masters.held()) == 1
