"""An operator merges two numbers that are one PC, and separates them again."""

from html import unescape

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.inventory import Inventory
from netboot.shared.protocol import Plan
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.conftest import ERASE, disk, hello, pc
from tests.workshop.player import agent_on, eventually

T = texts("fr")


def repaired() -> Inventory:
    """PC 1 with another adapter and another disk."""
    return replace(pc(1, disk("NEWDISK1")), nics=(replace(pc().nics[0], mac="98:fa:9b:00:00:77"),))


async def two_numbers(workshop: Workshop, server: TestServer) -> tuple[str, str]:
    """PC 1 as it was, and as it came back: off, under two numbers."""
    for boot, inventory in (("boot-1", pc()), ("boot-2", repaired())):
        async with agent_on(server, hello(inventory, boot)):
            pass
    await eventually(lambda: all(row.state == "home" for row in workshop.live_board.rows()))
    before, after = workshop.record.machines.overview()
    return before.id, after.id


async def test_two_numbers_are_merged_after_a_question_and_one_choice_serves_the_pc(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    before, after = await two_numbers(workshop, server)
    form = await operator.get(f"/machine/{before}")
    assert f'<option value="{after}">n° 2, LENOVO ThinkCentre M720q PC0X7Q01, 98:fa:9b:00:00:77</option>' in form
    fields = {"form-token": await operator.token(), "machine": after, "into": before}
    asked = unescape(await operator.post("/merge", fields))
    assert T["merge_sure"].format(going=2, staying=1) in asked
    for told in ("98:fa:9b:00:00:01", "98:fa:9b:00:00:77", "S4EWNX0N0001", "NEWDISK1"):
        assert told in asked, "what tells the two apart is shown"
    assert workshop.record.machines.detail(after).merged_into is None, "nothing was done before the yes"
    done = unescape(await operator.post("/merge", hidden_fields(asked)))
    assert T["merged_here"] in done
    assert T["merged_row"] in await visitor.get("/machines")
    gone = unescape(await operator.get(f"/machine/{after}"))
    assert T["merged_into"] in gone
    assert 'id="choose"' not in gone
    await operator.choose(after, ERASE.id, 409)
    async with agent_on(server, hello(repaired(), "boot-3")) as (agent, _):
        await operator.say_yes(await operator.choose(before, ERASE.id))
        await agent.hear(Plan)
    fields = {"form-token": await operator.token(), "machine": after}
    assert T["merged_into"] not in unescape(await operator.post("/separate", fields))
    assert workshop.record.machines.detail(after).merged_into is None


async def test_a_pc_that_is_in_the_workshop_is_not_merged_away(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    before, after = await two_numbers(workshop, server)
    async with agent_on(server, hello(repaired(), "boot-3")):
        fields = {"form-token": await operator.token(), "machine": after, "into": before, "sure": "yes"}
        assert "Éteignez-le" in unescape(await operator.post("/merge", fields, 409))
        assert workshop.record.machines.detail(after).merged_into is None


@pytest.mark.parametrize("path", ["/merge", "/separate"])
async def test_only_an_operator_merges_and_separates(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer, path: str
) -> None:
    before, after = await two_numbers(workshop, server)
    fields = {"machine": after, "into": before, "sure": "yes"}
    await visitor.post(path, fields | {"form-token": await operator.token()}, 403)
    await operator.post(path, fields | {"form-token": "forged"}, 403)
    assert "/merge" not in await visitor.get(f"/machine/{before}")
    assert workshop.record.machines.detail(after).merged_into is None
    token = await operator.token()
    await operator.post(path, fields | {"form-token": token, "machine": "nobody"}, 404)


async def test_a_number_is_merged_once(operator: Person, workshop: Workshop, server: TestServer) -> None:
    before, after = await two_numbers(workshop, server)
    fields = {"form-token": await operator.token(), "machine": after, "into": before, "sure": "yes"}
    await operator.post("/merge", fields)
    assert "déjà réuni" in unescape(await operator.post("/merge", fields, 409))
    assert "déjà réuni" in unescape(await operator.post("/merge", fields | {"machine": before, "into": after}, 409))
