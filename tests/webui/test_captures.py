"""A PC is captured from the page: what the master is to be called is asked, and judged before anything is ordered."""

from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.shared.process import run
from netboot.shared.protocol import Plan, RunStage
from netboot.shared.stages.capture import Capture, CaptureOptions
from netboot.store import Store
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.masters.images import MIB, SWAP, gpt_disk, sized
from tests.store.test_store import part, put_master
from tests.webui.capturing_page import *  # noqa: F403 — its fixtures: the store, the workshop, the page
from tests.webui.capturing_page import DISK, pc
from tests.webui.conftest import Person, hidden_fields
from tests.workshop.capturing import CAPTURE, KEY, Captured, block_device, disk_at
from tests.workshop.conftest import hello, row_of
from tests.workshop.conftest import pc as pc_of
from tests.workshop.player import agent_on

T = texts("fr")
NAMED = {"master-name": "ecole", "master-version": "2", "master-title": "École", "master-licence": "gpl-3.0-or-later"}


async def say(operator: Person, asked: str, fields: Mapping[str, str] = NAMED, status: int = 200) -> str:
    """Fill in the form that the page asked with."""
    return unescape(await operator.post("/choose", hidden_fields(asked) | NAMED | dict(fields), status))


async def test_what_was_typed_is_what_the_pc_is_captured_as_and_goes_on_the_journal(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        assert 'value="prepared"' in asked, "what the profile says is there to be kept"
        assert T["capture_reads"] in unescape(asked)
        assert workshop.record.choices.pending() == ()
        assert row_of(workshop).state == "waiting"
        assert T["begun"].format(count=1) in await say(operator, asked)
        await agent.hear(Plan)
        order = await agent.obey(pc(), until="check")
        assert isinstance(order, RunStage)
        assert isinstance(order.stage, Capture)
        assert order.stage.name == "ecole"
    detail = workshop.record.machines.detail(row_of(workshop).machine)
    ordered = detail.visits[0].jobs[0].profile.options_for(CaptureOptions)
    assert ordered == CaptureOptions(name="ecole", version="2", title="École", licence="GPL-3.0-or-later")
    made = [event.body for event in workshop.record.journal.read(limit=100) if event.kind == "choice-made"]
    assert '"master":{"licence":"GPL-3.0-or-later","name":"ecole","version":"2"}' in made[0]
    assert workshop.profiles[CAPTURE.id] == CAPTURE, "the boot menu still gives what the profile says"


async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_ordered(
    operator: Person, workshop: Workshop, server: TestServer, store: Store
) -> None:
    put_master(store, "ecole", part("a"), version="2", key=KEY)
    async with agent_on(server, hello(pc())):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        again = await say(operator, asked, {"master-title": "<b>", "master-licence": "gratuit"})
        assert T["called_version-taken"] in again
        assert T["called_licence-unknown"] in again
        assert T["called_title-form"] not in again
        assert 'value="gratuit"' in again, "what was typed stays, to be corrected"
        assert 'aria-invalid="true" aria-describedby="help-licence mistake-licence"' in again
        assert row_of(workshop).state == "waiting"
        assert workshop.record.choices.pending() == ()


async def test_a_new_version_of_a_master_is_asked_about_once_more_and_says_which_profiles_give_it(
    operator: Person, workshop: Workshop, server: TestServer, store: Store
) -> None:
    put_master(store, "debian-minimal", part("a"), version="1", key=KEY)
    async with agent_on(server, hello(pc())) as (agent, _):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        again = await say(operator, asked, {"master-name": "debian-minimal"})
        assert T["called_taken"].format(name="debian-minimal", version="1") in again
        assert T["master_profile"].format(profile="Effacer, puis installer Debian") in again
        assert row_of(workshop).state == "waiting"
        other = await say(operator, again, {"master-name": "ecole", "master-version": "1 2"})
        assert T["called_version-form"] in other
        put_master(store, "ecole", part("b"), version="1", key=KEY)
        assert T["called_taken"].format(name="ecole", version="1") in await say(operator, again), "told of another name"
        assert T["begun"].format(count=1) in await say(operator, again, {"master-name": "debian-minimal"})
        await agent.hear(Plan)


async def test_of_several_disks_it_is_asked_which_one(operator: Person, workshop: Workshop, server: TestServer) -> None:
    other = replace(DISK, name="sdb", id=replace(DISK.id, serial="OTHER"))
    async with agent_on(server, hello(pc([DISK, other]))) as (agent, _):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        assert T["capture_disk"] in unescape(asked)
        assert T["capture_no_disk"] in await say(operator, asked)
        await say(operator, asked, {"target": "NOT-THERE"}, 409)
        assert row_of(workshop).state == "waiting"
        await say(operator, asked, {"target": "OTHER"})
        await agent.hear(Plan)
        order = await agent.obey(pc([DISK, other]), until="check")
        assert isinstance(order, RunStage)
        assert isinstance(order.stage, Capture)
        assert order.stage.source == other.id


async def test_it_is_for_the_pc_and_the_disk_that_the_person_saw(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, welcome):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        await agent.close()
    changed = replace(DISK, id=replace(DISK.id, serial="ANOTHER"))
    async with agent_on(server, hello(pc([changed]), token=welcome.token)):
        again = await say(operator, asked)
        assert T["sure_changed"] in again
        assert "ANOTHER" in again
        assert workshop.record.choices.pending() == ()


async def test_several_pcs_are_not_captured_under_one_name(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    second = replace(pc_of(2), disks=(replace(DISK, id=replace(DISK.id, serial="SECOND")),))
    async with agent_on(server, hello(pc())), agent_on(server, hello(second, "boot-2")):
        await operator.choose("all", CAPTURE.id, 409)
        fields = {"form-token": await operator.token(), "profile": CAPTURE.id, "places": "2"}
        await operator.post("/batch/arm", fields, 409)
        assert (row_of(workshop, 1).state, row_of(workshop, 2).state) == ("waiting", "waiting")


async def test_a_choice_for_a_pc_that_is_away_keeps_its_name_until_it_comes_also_after_a_restart(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        await agent.close()
    await say(operator, await operator.choose(row_of(workshop).machine, CAPTURE.id))
    assert T["called_as"].format(name="ecole", version="2") in unescape(await operator.get("/"))
    async with agent_on(server, hello(pc(), "boot-2")) as (later, _):
        await later.hear(Plan)
        order = await later.obey(pc(), until="check")
        assert isinstance(order, RunStage)
        assert isinstance(order.stage, Capture)
        assert order.stage.name == "ecole"


async def test_who_is_not_signed_in_orders_no_capture(visitor: Person, workshop: Workshop, server: TestServer) -> None:
    async with agent_on(server, hello(pc())):
        fields = {"profile": CAPTURE.id, "machine": row_of(workshop).machine, "visit": row_of(workshop).visit}
        await visitor.post("/choose", fields | NAMED | {"sure": "yes"}, 403)
        assert row_of(workshop).state == "waiting"


@pytest.mark.root
async def test_a_whole_capture_becomes_the_master_that_the_page_named(
    operator: Person, workshop: Workshop, server: TestServer, store: Store, tmp_path: Path
) -> None:
    swap = sized(tmp_path / "swap", 2 * MIB)
    run(["mkswap", swap])
    image = gpt_disk(tmp_path, [(SWAP, swap)], size=8 * MIB)
    with block_device(image) as device:
        disk = disk_at(device, 8 * MIB)
        async with agent_on(server, hello(pc([disk]))) as (agent, welcome):
            await say(operator, await operator.choose(row_of(workshop).machine, CAPTURE.id))
            order = await agent.begin_after("check", pc([disk]))
            captured = Captured(server, agent, welcome.token, order, pc([disk]))
            await captured.agent.finish(order, await captured.capture(lambda: [disk]))
            assert isinstance(await agent.order(), RunStage)
    manifest = store.current("ecole")
    assert manifest is not None
    assert (manifest.version, manifest.title, manifest.licence) == ("2", "École", "GPL-3.0-or-later")
    assert "ecole" in await operator.get("/masters")
