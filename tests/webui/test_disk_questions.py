"""What only a person can tell of a PC's disks, asked on its page, and what becomes of the answer."""

import json
import re

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.shared.inventory import Disk, DiskId, HiddenStorage, Inventory
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages.erase import Erase
from netboot.workshop.greeting import Workshop
from tests.orders import overwriting
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, boarded, disk, hello, pc, row_of
from tests.workshop.player import Agent, agent_on, evidence

SSD = disk("S4EWNX0N0001")
EMMC = Disk(
    name="mmcblk0", id=DiskId(serial="0x1a2b", size=32 * 10**9), model="DF4032", transport="mmc", removable=True
)
READER = HiddenStorage(
    kind="unknown", controller="ACME Thing [1234:5678]", setting="…", vouchable="0000:06:01.2 1234:5678"
)
TWINS = tuple(
    Disk(
        name=f"sd{letter}",
        id=DiskId(
            serial="AA00000000000489", size=120 * 10**9, path=f"pci-0000:00:03.0-scsi-0:0:0:{number}", sequence=number
        ),
        model="SSD 120GB",
        transport="virtio",
    )
    for number, letter in ((1, "a"), (2, "b"))
)


async def choose_and_begin(operator: Person, workshop: Workshop) -> str:
    """An erase, chosen for the PC on its page and said yes to; the page that asked."""
    asked = await operator.choose(row_of(workshop).machine, ERASE.id)
    await operator.say_yes(asked)
    return asked


async def checked(agent: Agent, of: Inventory) -> RunStage | Stay:
    """What the server says once the PC was looked at again."""
    await agent.hear(Plan)
    run = await agent.hear(RunStage)
    await agent.start(run)
    await agent.finish(run, evidence(run.stage, of))
    order = await agent.order()
    assert isinstance(order, RunStage | Stay)
    return order


async def answer(operator: Person, workshop: Workshop, word: str, status: int = 200) -> str:
    """Press the button of that word on the PC's page, and say yes; the page that asked whether one is sure."""
    html = await operator.get(f"/machine/{row_of(workshop).machine}")
    forms = [form for form in re.findall(r"<form.*?</form>", html, re.DOTALL) if 'action="/disk-answer"' in form]
    (fields,) = [found for form in forms if (found := hidden_fields(form))["answer"] == word]
    asked = await operator.post("/disk-answer", fields)
    await operator.post("/disk-answer", hidden_fields(asked), status)
    return asked


async def test_a_disk_in_doubt_stops_the_erase_until_a_person_answers_and_is_erased_then(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    of = pc(1, SSD, EMMC)
    async with agent_on(server, hello(of)) as (agent, _):
        asked = await choose_and_begin(operator, workshop)
        assert "On ne sait pas si ce disque fait partie de ce PC : DF4032 0x1a2b 32,0 Go" in asked
        stay = await checked(agent, of)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "disk-in-doubt"
        assert "#disk-questions" in await operator.get("/"), "its row leads to the question"
        sure = await answer(operator, workshop, "belongs")
        assert "DF4032 0x1a2b 32,0 Go" in sure
        await choose_and_begin(operator, workshop)
        run = await checked(agent, of)
        assert isinstance(run, RunStage)
        assert run.stage == overwriting(SSD.id, EMMC.id, answered=(EMMC.id,))
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, of))
        assert await agent.obey(of) == Leave(action="poweroff")
    assert "Disque de ce PC : DF4032 0x1a2b 32,0 Go (anne)" in await operator.get(
        f"/machine/{row_of(workshop).machine}"
    )


async def test_a_disk_that_is_not_the_pcs_is_left_alone_and_its_papers_say_so_to_everybody(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    of = pc(1, SSD, EMMC)
    async with agent_on(server, hello(of)) as (agent, _):
        await answer(operator, workshop, "left")
        await choose_and_begin(operator, workshop)
        await agent.hear(Plan)
        assert await agent.obey(of) == Leave(action="poweroff")
    machine = row_of(workshop).machine
    text = await visitor.get(f"/machine/{machine}")
    assert "Laissé tel quel, non effacé : DF4032 0x1a2b 32,0 Go" in text
    assert "(anne)" not in text
    assert [erasure.evidence.disk for erasure in workshop.record.machines.erasures(machine)] == [SSD.id]
    (event,) = [event for event in workshop.record.journal.read(limit=100) if event.kind == "disk-answer"]
    body = json.loads(event.body)
    assert (body["kind"], body["disk"]["serial"]) == ("left", "0x1a2b")
    assert "anne" not in event.body
    assert workshop.record.journal.verify().broken is None


async def test_an_operator_vouches_for_an_unknown_controller_of_this_pc_and_of_no_other(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    first, second = (replace(pc(number), hidden=(READER,)) for number in (1, 2))
    async with (
        agent_on(server, hello(first)) as (agent, _),
        agent_on(server, hello(second, "boot-2")) as (other, _),
    ):
        asked = await answer(operator, workshop, "vouched")
        assert "Aucun disque derrière le contrôleur ACME Thing [1234:5678]" in asked
        await operator.say_yes(await operator.choose("all", ERASE.id))
        await agent.hear(Plan)
        assert await agent.obey(first) == Leave(action="poweroff")
        stay = await checked(other, second)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "controller-unknown"
    text = await visitor.get(f"/machine/{row_of(workshop).machine}")
    assert "Aucun disque derrière le contrôleur ACME Thing [1234:5678]" in text


async def test_a_vouch_holds_at_the_next_visit_until_it_is_taken_back(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    of = replace(pc(), hidden=(READER,))
    async with agent_on(server, hello(of, "boot-1")):
        await answer(operator, workshop, "vouched")
    async with agent_on(server, hello(of, "boot-2")) as (agent, _):
        await answer(operator, workshop, "not-vouched")
        await choose_and_begin(operator, workshop)
        assert isinstance(await checked(agent, of), Stay)
        await answer(operator, workshop, "vouched")
        await choose_and_begin(operator, workshop)
        assert isinstance(await checked(agent, of), RunStage)


async def test_twins_are_erased_by_their_places_once_named_and_the_proofs_say_so(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    of = pc(1, *TWINS)
    async with agent_on(server, hello(of)) as (agent, _):
        await choose_and_begin(operator, workshop)
        stay = await checked(agent, of)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "disk-by-place"
        sure = await answer(operator, workshop, "by-place")
        for number in (1, 2):
            assert f"SSD 120GB AA00000000000489 pci-0000:00:03.0-scsi-0:0:0:{number} 120,0 Go" in sure
        asked = await choose_and_begin(operator, workshop)
        assert "pci-0000:00:03.0-scsi-0:0:0:2" in asked, "what is said yes to names each by its place"
        run = await checked(agent, of)
        assert isinstance(run, RunStage)
        assert isinstance(run.stage, Erase)
        assert all(wanted.disk.by_place for wanted in run.stage.disks)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, of))
        assert await agent.obey(of) == Leave(action="poweroff")
    machine = row_of(workshop).machine
    text = await visitor.get(f"/machine/{machine}")
    assert text.count("Disque reconnu par sa place seulement") == 2
    assert "AA00000000000489 pci-0000:00:03.0-scsi-0:0:0:1" in text
    assert workshop.record.machines.history_of_disk(TWINS[0].id) == (), (
        "the serial is another's too: no disk's history has it"
    )


async def test_a_place_is_named_for_one_visit(operator: Person, workshop: Workshop, server: TestServer) -> None:
    of = pc(1, *TWINS)
    async with agent_on(server, hello(of, "boot-1")):
        await answer(operator, workshop, "by-place")
    async with agent_on(server, hello(of, "boot-2")) as (agent, _):
        await choose_and_begin(operator, workshop)
        stay = await checked(agent, of)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "disk-by-place"


async def test_a_choice_that_waited_for_the_next_boot_erases_nothing_by_place(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    of = pc(1, *TWINS)
    async with agent_on(server, hello(of, "boot-1")):
        await answer(operator, workshop, "by-place")
        machine = row_of(workshop).machine
    workshop.record.choices.choose(machine, ERASE.id, "anne")
    async with agent_on(server, hello(of, "boot-2")) as (agent, _):
        assert isinstance(await checked(agent, of), Stay)


@pytest.mark.parametrize("change", ["visit", "disks", "key", "word"])
async def test_an_answer_to_what_is_asked_no_longer_is_refused(
    operator: Person, workshop: Workshop, server: TestServer, change: str
) -> None:
    of = pc(1, *TWINS)
    async with agent_on(server, hello(of, "boot-1")):
        html = await operator.get(f"/machine/{row_of(workshop).machine}")
        (form,) = [form for form in re.findall(r"<form.*?</form>", html, re.DOTALL) if "/disk-answer" in form]
        fields = {**hidden_fields(form), "sure": "yes"}
    moved = replace(TWINS[1], id=replace(TWINS[1].id, sequence=7))
    now = hello(pc(1, TWINS[0], moved), "boot-1") if change == "disks" else hello(of, "boot-2")
    if change == "key":
        fields["key"] = "0" * 32
    if change == "word":
        fields["answer"] = "belongs"
    if change in ("key", "word"):
        await operator.post("/disk-answer", fields, 409 if change == "key" else 415)
    else:
        if change == "disks":
            visit = workshop.record.machines.summary(row_of(workshop).machine).visits[0]
            session = workshop.record.visits.greet(replace(now, boot="boot-3"), visit.mac)
            fields["visit"] = session.id
        else:
            workshop.record.visits.greet(now, pc().nics[0].mac)
        await operator.post("/disk-answer", fields, 409)
    assert "disk-answer" not in [event.kind for event in workshop.record.journal.read(limit=100)]


async def test_nothing_is_answered_while_the_pc_works_nor_by_somebody_who_only_watches(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    of = pc(1, SSD, EMMC)
    async with agent_on(server, hello(of)) as (agent, _):
        await answer(operator, workshop, "belongs")
        assert 'action="/disk-answer"' not in await visitor.get(f"/machine/{row_of(workshop).machine}")
        await choose_and_begin(operator, workshop)
        assert isinstance(await checked(agent, of), RunStage)
        await answer(operator, workshop, "left", 409)


@pytest.mark.parametrize("way", ["menu", "batch"])
async def test_neither_the_menu_nor_a_batch_erases_by_place(workshop: Workshop, server: TestServer, way: str) -> None:
    """Also where a person named the places in this very visit, before its hello told of the menu."""
    of = pc(1, *TWINS)
    visit = workshop.record.visits.greet(hello(of), of.nics[0].mac)
    named = tuple(Answer(kind="by-place", disk=replace(twin.id, by_place=True)) for twin in TWINS)
    workshop.record.answers.give(visit.machine_id, visit.id, named, "anne")
    if way == "menu":
        said = hello(of, profile=ERASE.id)
    else:
        said = replace(boarded(1, workshop.record.batches.arm(ERASE.id, 1, "anne").id), inventory=of)
    async with agent_on(server, replace(said, token=visit.token)) as (agent, _):
        stay = await checked(agent, of)
        assert isinstance(stay, Stay)
        assert stay.problem.code == "disk-by-place"


async def test_a_batch_goes_by_what_was_said_of_a_pc_at_an_earlier_visit(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    of = replace(pc(1, SSD, EMMC), hidden=(READER,))
    async with agent_on(server, hello(of, "boot-0")):
        await answer(operator, workshop, "vouched")
        await answer(operator, workshop, "belongs")
    batch = workshop.record.batches.arm(ERASE.id, 1, "anne")
    async with agent_on(server, replace(boarded(1, batch.id), inventory=of)) as (agent, _):
        run = await checked(agent, of)
        assert isinstance(run, RunStage)
        assert run.stage == overwriting(SSD.id, EMMC.id, answered=(EMMC.id,))
