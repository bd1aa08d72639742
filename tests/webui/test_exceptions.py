"""An exception signed on a PC's page, from a failed erase to the master, and a disk that was taken out."""

import re

from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages.check import Check
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import EraseResult
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import WIPE, disk, hello, pc, row_of
from tests.workshop.player import Agent, agent_on, erasure, evidence

SSD, DEAD = disk("S4EWNX0N0001"), disk("S4EWNX0N0666", 512)
TWO = pc(1, SSD, DEAD)
REASON = "Le disque mort sera broyé jeudi"
FAULT = Problem("erase-incomplete", {"disk": "S4EWNX0N0666", "unwritten": "4.1 kB", "unread": "4.1 kB"})


async def failed_erase(operator: Person, workshop: Workshop, agent: Agent) -> Stay:
    """Somebody chooses an erase and a master; one of the two disks cannot be erased. What the PC's screen is told."""
    await operator.say_yes(await operator.choose(row_of(workshop).machine, WIPE.id, target=SSD.id.serial))
    return await fail_to_erase(agent)


async def fail_to_erase(agent: Agent, of: Inventory = TWO) -> Stay:
    """One of the PC's two disks cannot be erased; what its screen is told."""
    await agent.hear(Plan)
    run = await agent.order()
    assert isinstance(run, RunStage)
    await agent.start(run)
    await agent.finish(run, evidence(run.stage, of))
    run = await agent.order()
    assert isinstance(run, RunStage)
    await agent.start(run)
    bad = replace(erasure(DEAD.id), verdict="not-erased", problem=FAULT)
    result = EraseResult(erasures=(erasure(SSD.id), bad))
    await agent.finish(run, result, outcome="failed", problem=FAULT)
    stay = await agent.order()
    assert isinstance(stay, Stay)
    return stay


async def form_on_page(person: Person, workshop: Workshop, action: str) -> dict[str, str]:
    """The fields of the one form with this action on the PC's page; empty where there is none."""
    html = await person.get(f"/machine/{row_of(workshop).machine}")
    forms = [form for form in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in form]
    assert len(forms) < 2
    return hidden_fields(forms[0]) if forms else {}


async def test_a_person_signs_and_the_pc_gets_its_master_while_its_disk_stays_not_erased(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(TWO)) as (agent, _):
        await failed_erase(operator, workshop, agent)
        machine = row_of(workshop).machine
        board = await operator.get("/")
        assert f'href="/machine/{machine}#exception"' in board
        html = await operator.get(f"/machine/{machine}")
        assert "SAMSUNG MZVLB256HBHQ S4EWNX0N0666 512,0 Go : <strong>" in html
        assert html.count("NON EFFACÉ") >= 1
        fields = await form_on_page(operator, workshop, "/exception")
        sure = await operator.post("/exception", {**fields, "reason": f"  {REASON}\r\n"})
        assert REASON in sure
        assert "reste un rapport" in sure
        target = "Disque qui reçoit le système : SAMSUNG MZVLB256HBHQ S4EWNX0N0001"
        assert target in html
        assert target in sure
        after = await operator.post("/exception", hidden_fields(sure))
        assert "L&#39;exception est signée." in after
        await agent.hear(Plan)
        run = await agent.order()
        assert isinstance(run, RunStage)
        assert isinstance(run.stage, Check)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, TWO))
        run = await agent.order()
        assert isinstance(run, RunStage)
        assert isinstance(run.stage, Deploy)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, TWO))
        assert await agent.obey(TWO) == Leave(action="poweroff")
    detail = workshop.record.machines.detail(machine)
    assert [job.state for job in detail.visits[0].jobs] == ["done", "failed"]
    verdicts = {row.evidence.disk.serial: row.verdict for row in workshop.record.machines.erasures(machine)}
    assert verdicts == {SSD.id.serial: "erased", DEAD.id.serial: "not-erased"}
    assert detail.left is not None, "the erase is left to be done, and told at the next visit"
    for person in (operator, visitor):
        page = await person.get(f"/machine/{machine}")
        assert REASON in page
    assert "(anne)" not in await visitor.get(f"/machine/{machine}")
    assert workshop.record.journal.verify().broken is None


async def test_nothing_is_signed_for_what_the_page_did_not_show_or_without_a_reason(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(TWO)) as (agent, _):
        assert await form_on_page(operator, workshop, "/exception") == {}
        await failed_erase(operator, workshop, agent)
        fields = await form_on_page(operator, workshop, "/exception")
        assert await form_on_page(visitor, workshop, "/exception") == {}
        assert "de 8 à 400 caractères" in await operator.post("/exception", {**fields, "reason": "  ok  "}, 400)
        assert "de 8 à 400 caractères" in await operator.post("/exception", {**fields, "reason": "x" * 401}, 400)
        await operator.post("/exception", {**fields, "shown": "0" * 32, "reason": REASON}, 409)
        await operator.post("/exception", {**fields, "shown": "0" * 32, "reason": REASON, "sure": "yes"}, 409)
        await operator.post("/exception", {**fields, "machine": "f" * 32, "reason": REASON}, 404)
        await visitor.post("/exception", {**fields, "reason": REASON}, 403)
        # The erase is tried once more, and fails once more: what was read is no longer what is there.
        await failed_erase(operator, workshop, agent)
        old = await operator.post("/exception", {**fields, "reason": REASON, "sure": "yes"}, 409)
        assert "Rien n&#39;est signé" in old
        newer = await form_on_page(operator, workshop, "/exception")
        assert newer["shown"] != fields["shown"]
    over = await operator.post("/exception", {**newer, "reason": REASON, "sure": "yes"}, 409)
    assert "Rien n&#39;est signé" in over, "its agent is not on the line"
    assert [event.kind for event in workshop.record.journal.read(limit=200)].count("erase-exception") == 0


async def test_a_disk_more_at_the_new_check_makes_it_void_before_anything_is_written(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(TWO)) as (agent, _):
        await failed_erase(operator, workshop, agent)
        fields = await form_on_page(operator, workshop, "/exception")
        sure = await operator.post("/exception", {**fields, "reason": REASON})
        await operator.post("/exception", hidden_fields(sure))
        await agent.hear(Plan)
        run = await agent.order()
        assert isinstance(run, RunStage)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, pc(1, SSD, DEAD, disk("S4EWNX0N0999"))))
        stay = await agent.order()
        assert isinstance(stay, Stay)
        assert stay.problem.code == "disks-changed"


async def test_who_took_a_disk_out_is_noted_and_shown_to_operators(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(TWO)) as (agent, _):
        await failed_erase(operator, workshop, agent)
    machine = row_of(workshop).machine
    fields = await form_on_page(operator, workshop, "/take-out")
    assert await form_on_page(visitor, workshop, "/take-out") == {}
    await operator.post("/take-out", {**fields, "taken_by": " ", "became": "destroyed"}, 400)
    await operator.post("/take-out", {**fields, "taken_by": "Karim", "became": "sold"}, 415)
    await operator.post("/take-out", {**fields, "key": "0" * 32, "taken_by": "Karim", "became": "kept"}, 409)
    await visitor.post("/take-out", {**fields, "taken_by": "Karim", "became": "kept"}, 403)
    after = await operator.post("/take-out", {**fields, "taken_by": "Karim", "became": "destroyed"})
    assert "C&#39;est noté." in after
    assert "S4EWNX0N0666 512,0 Go : sorti du PC, détruit, par Karim, noté par anne" in after
    seen = await visitor.get(f"/machine/{machine}")
    assert "S4EWNX0N0666 512,0 Go : sorti du PC, détruit" in seen
    assert "Karim" not in seen
