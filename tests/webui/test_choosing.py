"""Choosing on the page: who may, what is asked, and to which PCs it is done."""

from html import unescape
from typing import cast

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.profile import Profile
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, Stay
from netboot.shared.stages.deploy import Deploy
from netboot.webui.texts import TEXTS
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, WIPE, disk, hello, pc, row_of
from tests.workshop.player import agent_on, eventually, evidence


async def test_a_volunteer_chooses_for_every_pc_that_waits_and_says_yes_once(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with (
        agent_on(server, hello(pc(1), "boot-1")) as (first, _),
        agent_on(server, hello(pc(2), "boot-2")) as (second, _),
    ):
        asked = await operator.choose("all", WIPE.id)
        assert "Êtes-vous sûr" in asked
        assert "SAMSUNG MZVLB256HBHQ S4EWNX0N0001" in asked, "the disks are named"
        assert "S4EWNX0N0002" in asked
        assert row_of(workshop).state == "waiting", "nothing has begun"
        done = await operator.say_yes(asked)
        assert "PC qui commencent : 2" in done
        for number, agent in ((1, first), (2, second)):
            await agent.hear(Plan)
            assert await agent.obey(pc(number)) == Leave(action="poweroff")
    assert "effacé" in await operator.get("/")


async def test_a_pc_that_came_after_the_question_is_left_alone(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc(1), "boot-1")):
        asked = await operator.choose("all", WIPE.id)
        async with agent_on(server, hello(pc(2), "boot-2")):
            await operator.say_yes(asked)
            assert row_of(workshop, 1).state == "working"
            assert row_of(workshop, 2).state == "waiting"


@pytest.mark.parametrize("chosen", ["all", "one"])
async def test_a_yes_holds_for_the_disks_that_the_question_named_and_is_asked_again_for_others(
    operator: Person, workshop: Workshop, server: TestServer, chosen: str
) -> None:
    async with agent_on(server, hello(pc())) as (agent, welcome):
        machine = "all" if chosen == "all" else row_of(workshop).machine
        asked = await operator.choose(machine, WIPE.id)
        assert "S4EWNX0N0001" in asked
        await agent.close()
    await eventually(lambda: row_of(workshop).state == "home")
    now = pc(1, disk("ANOTHER1"))
    async with agent_on(server, hello(now, token=welcome.token)) as (agent, _):
        again = await operator.say_yes(asked)
        assert TEXTS["sure_changed"]["fr"] in unescape(again)
        assert "ANOTHER1" in again
        assert row_of(workshop).state == "waiting"
        assert workshop.record.choices.pending() == ()
        await operator.say_yes(again)
        await agent.hear(Plan)


@pytest.mark.parametrize("named", ["", "another-machine"])
async def test_a_yes_to_a_question_that_was_never_asked_begins_nothing(
    operator: Person, workshop: Workshop, server: TestServer, named: str
) -> None:
    async with agent_on(server, hello(pc())):
        for machine in ("all", row_of(workshop).machine):
            await operator.choose(machine, WIPE.id, 409, sure="yes", named=named)
        assert row_of(workshop).state == "waiting"


async def test_a_profile_that_writes_nothing_is_not_asked_about(operator: Person, server: TestServer) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        assert "PC qui commencent : 1" in await operator.choose("all", "inventory-only")
        await agent.hear(Plan)


async def test_one_pc_of_several(operator: Person, workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc(1), "boot-1")), agent_on(server, hello(pc(2), "boot-2")):
        await operator.say_yes(await operator.choose(row_of(workshop, 2).machine, WIPE.id))
        assert (row_of(workshop, 1).state, row_of(workshop, 2).state) == ("waiting", "working")


async def test_the_choice_for_a_pc_that_is_away_is_shown_and_can_be_taken_back(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        machine = row_of(workshop).machine
    await eventually(lambda: row_of(workshop).state == "home")
    done = await operator.say_yes(await operator.choose(machine, WIPE.id))
    assert "Profil gardé pour le prochain démarrage sur le réseau. PC : 1" in done
    for place in ("/", f"/machine/{machine}"):
        assert "Au prochain démarrage sur le réseau : Effacer, puis installer Debian" in await visitor.get(place)
    assert "cancel-choice" not in await visitor.get("/")
    fields = hidden_fields(await operator.get("/"))
    assert "Le choix est annulé" in await operator.post("/cancel-choice", fields)
    assert workshop.record.choices.pending() == ()
    again = await operator.post("/cancel-choice", fields)
    assert "Au prochain" not in again
    assert "ce choix n&#39;attend plus" in again, "a cancel that came too late is not called one"


async def test_the_disk_that_gets_the_master_is_picked_by_its_serial(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    two = pc(1, disk("AAA", 512), disk("BBB", 512))
    async with agent_on(server, hello(two, profile=WIPE.id)) as (agent, _):
        await agent.hear(Plan)
        await agent.obey(two)
        machine = row_of(workshop).machine
        assert f'href="/machine/{machine}#choose"' in await operator.get("/"), "the live board leads to the choice"
        detail = await operator.get(f"/machine/{machine}")
        assert '<option value="BBB">SAMSUNG MZVLB256HBHQ BBB 512,0 Go</option>' in detail
        await operator.choose(machine, WIPE.id, 409, target="CCC")
        await operator.choose("all", WIPE.id, 409, target="BBB")
        asked = await operator.choose(machine, WIPE.id, target="BBB")
        assert "Disque qui reçoit le système : SAMSUNG MZVLB256HBHQ BBB" in asked
        await operator.say_yes(asked)
        await agent.hear(Plan)
        deploy = await agent.obey(two, until="erase")
        assert isinstance(deploy, RunStage)
        assert isinstance(deploy.stage, Deploy)
        assert deploy.stage.target.serial == "BBB"


async def test_nothing_is_chosen_when_the_master_is_not_there(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())):
        assert "Rien n&#39;a été effacé" in await operator.choose("all", "lost-master", 409)
        assert row_of(workshop).state == "waiting"


async def test_a_pc_at_work_is_not_chosen_for(operator: Person, workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        machine = row_of(workshop).machine
        asked = await operator.choose(machine, WIPE.id)
        await operator.say_yes(asked)
        await agent.hear(Plan)
        assert "Ce PC travaille déjà" in await operator.say_yes(asked, 409)
        run = await agent.hear(RunStage)
        await agent.start(run)
        await agent.finish(run, evidence(run.stage, pc()))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"profile": "no-such-profile", "machine": "all"}, 400),
        ({"profile": WIPE.id, "machine": "all"}, 409),
        ({"profile": WIPE.id, "machine": "nobody"}, 404),
        ({"profile": WIPE.id}, 404),
        ({"profile": WIPE.id, "machine": "x" * 1000, "target": "y"}, 404),
    ],
)
async def test_a_form_that_asks_for_nothing_known_is_refused_plainly(
    operator: Person, fields: dict[str, str], status: int
) -> None:
    text = await operator.post("/choose", {"form-token": await operator.token(), **fields}, status)
    assert "Cela n&#39;a pas marché" in text


@pytest.mark.parametrize("path", ["/choose", "/cancel-choice", "/record", "/sign-out"])
async def test_only_a_signed_in_operator_with_the_forms_token_orders_anything(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer, path: str
) -> None:
    async with agent_on(server, hello(pc())):
        fields = {"profile": WIPE.id, "machine": "all", "sure": "yes", "named": row_of(workshop).machine}
        token = await operator.token()
        await visitor.post(path, {**fields, "form-token": token}, 403)
        await visitor.post(path, {**fields, "form-token": ""}, 403)
        await operator.post(path, fields, 403)
        await operator.post(path, {**fields, "form-token": token[:-1] + "é"}, 403)
        assert row_of(workshop).state == "waiting"
        assert workshop.record.choices.pending() == ()
        assert "form-token" in hidden_fields(await operator.get("/")), "still signed in"


PURGE = replace(ERASE, id="purge", options={"erase": {"level": "purge"}})
LOWER = replace(ERASE, id="lower", options={"erase": {"level": "purge", "otherwise": "next"}})


async def test_a_level_that_a_disk_cannot_have_is_said_before_the_choice_and_stops_before_anything_is_written(
    operator: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast(dict[str, Profile], workshop.profiles), PURGE.id, PURGE)
    async with agent_on(server, hello(pc(), "boot-1")) as (agent, _):
        machine = row_of(workshop).machine
        asked = await operator.choose(machine, PURGE.id)
        problem = Problem("erase-level", {"disk": label(pc().disks[0]), "wanted": "purge", "level": "clear"})
        assert problem.sentence("fr") in unescape(asked)
        assert "au mieux" not in await operator.choose(machine, ERASE.id)
        await operator.say_yes(asked)
        await agent.hear(Plan)
        check = await agent.hear(RunStage)
        await agent.start(check)
        await agent.finish(check, evidence(check.stage, pc()))
        told = await agent.order()
        assert isinstance(told, Stay)
        assert told.problem == problem
    assert problem.sentence("fr") in unescape(await operator.get(f"/machine/{machine}"))
    assert workshop.record.machines.erasures(machine) == ()


async def test_a_level_that_was_lowered_is_erased_and_said_with_the_proof(
    operator: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast(dict[str, Profile], workshop.profiles), LOWER.id, LOWER)
    async with agent_on(server, hello(pc(), "boot-1")) as (agent, _):
        machine = row_of(workshop).machine
        asked = await operator.choose(machine, LOWER.id)
        assert "au mieux" not in asked
        await operator.say_yes(asked)
        await agent.hear(Plan)
        assert await agent.obey(pc()) == Leave(action="poweroff")
    (row,) = workshop.record.machines.erasures(machine)
    assert (row.verdict, row.level, row.evidence.wanted, row.evidence.lowered) == ("erased", "clear", "purge", True)
    text = await operator.get(f"/machine/{machine}")
    assert "« Clear » (NIST SP 800-88) – moins que « Purge » (NIST SP 800-88)" in text
