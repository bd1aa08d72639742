"""Arming a batch on the page and letting it go, by forms alone."""

from html import unescape

from aiohttp.test_utils import TestServer

from netboot.records.values import Batch
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, Stay
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, LOOK, LOST, WIPE, boarded
from tests.workshop.player import agent_on

T = texts("fr")


async def ask(person: Person, profile: str, places: str, status: int = 200) -> str:
    """Fill in the form on the live board."""
    fields = {"form-token": await person.token(), "profile": profile, "places": places}
    return await person.post("/batch/arm", fields, status)


async def arm(person: Person, profile: str = WIPE.id, places: str = "2") -> str:
    """Fill in the form, and say yes."""
    return await person.post("/batch/arm", hidden_fields(await ask(person, profile, places)))


def armed(workshop: Workshop) -> Batch | None:
    batch = workshop.record.batches.newest()
    return batch if batch is not None and not batch.ending else None


async def test_arming_asks_once_more_and_names_what_will_happen(operator: Person, workshop: Workshop) -> None:
    asked = unescape(await ask(operator, WIPE.id, "20"))
    for text in (T["batch_sure_erase"], T["batch_sure_next"].format(places=20), T["batch_sure_not"]):
        assert text in asked
    assert armed(workshop) is None
    assert T["batch_sure_nothing"] in await ask(operator, LOOK.id, "2")


async def test_an_armed_batch_is_seen_on_every_page_by_everybody_and_let_go_by_one_button(
    operator: Person, visitor: Person, workshop: Workshop
) -> None:
    page = unescape(await arm(operator))
    assert T["armed"].format(count=2) in page
    batch = armed(workshop)
    assert batch is not None
    assert (batch.profile, batch.places, batch.who) == (WIPE.id, 2, "anne")
    for path in ("/", "/machines", "/masters", "/sign-in"):
        seen = unescape(await visitor.get(path))
        assert T["batch_armed"].format(profile=WIPE.name["fr"]) in seen
        assert T["batch_left"].format(left=2, places=2) in seen
        assert T["batch_erases"] in seen
        assert "/batch/disarm" not in seen
    fields = {"form-token": await operator.token(), "batch": batch.id}
    assert T["disarmed"] in await operator.post("/batch/disarm", fields)
    assert armed(workshop) is None
    assert T["over"] in await operator.post("/batch/disarm", fields)
    assert T["batch_last"].format(profile=WIPE.name["fr"]) in unescape(await visitor.get("/"))
    assert "SÉRIE ARMÉE" not in unescape(await visitor.get("/machines"))


async def test_places_go_down_as_pcs_say_hello_and_the_third_waits(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    await arm(operator, ERASE.id)
    batch = armed(workshop)
    assert batch is not None
    async with (
        agent_on(server, boarded(1, batch.id)) as (first, _),
        agent_on(server, boarded(2, batch.id)) as (second, _),
    ):
        await first.hear(Plan)
        await second.hear(Plan)
        async with agent_on(server, boarded(3, batch.id)) as (third, _):
            problem = Problem("batch-full", {"places": "2"})
            assert (await third.hear(Stay)).problem == problem
            page = unescape(await operator.get("/"))
            assert problem.sentence("fr") in page
            assert T["batch_took"].format(taken=2, places=2) in page
            assert "SÉRIE ARMÉE" not in page


async def test_a_batch_that_somebody_else_armed_meanwhile_is_not_replaced_unseen(
    operator: Person, workshop: Workshop
) -> None:
    asked = await ask(operator, WIPE.id, "2")
    workshop.record.batches.arm(ERASE.id, 3, "omar")
    assert "armée entre-temps" in await operator.post("/batch/arm", hidden_fields(asked), 409)
    await workshop.show_batch()
    again = await ask(operator, WIPE.id, "2")
    assert T["batch_sure_replaces"].format(profile=ERASE.name["fr"], left=3) in again
    await operator.post("/batch/arm", hidden_fields(again))
    batch = armed(workshop)
    assert batch is not None
    assert batch.profile == WIPE.id


async def test_what_cannot_be_armed_is_refused(operator: Person, workshop: Workshop) -> None:
    for places in ("", "0", "201", "-1", "two", "²"):
        await ask(operator, WIPE.id, places, 400)
    await ask(operator, "gone", "2", 400)
    await ask(operator, LOST.id, "2", 409)
    assert armed(workshop) is None


async def test_only_a_signed_in_operator_with_the_forms_token_arms_and_disarms(
    visitor: Person, operator: Person, workshop: Workshop
) -> None:
    batch = workshop.record.batches.arm(WIPE.id, 2, "anne")
    yes = {"profile": ERASE.id, "places": "2", "sure": "yes", "instead": batch.id}
    await visitor.post("/batch/arm", yes, 403)
    await operator.post("/batch/arm", {**yes, "form-token": "forged"}, 403)
    await visitor.post("/batch/disarm", {"batch": batch.id}, 403)
    await operator.post("/batch/disarm", {"batch": batch.id}, 403)
    assert armed(workshop) == batch


async def test_a_full_batch_that_takes_its_own_pcs_back_says_so_and_can_be_disarmed(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    batch = workshop.record.batches.arm(ERASE.id, 1, "anne")
    async with agent_on(server, boarded(1, batch.id)) as (agent, _):
        await agent.hear(Plan)
    assert T["batch_takes_back"] in unescape(await operator.get("/"))
    fields = {"form-token": await operator.token(), "batch": batch.id}
    assert T["disarmed"] in await operator.post("/batch/disarm", fields)
    seen = unescape(await operator.get("/"))
    assert T["batch_takes_back"] not in seen
    assert "/batch/disarm" not in seen
