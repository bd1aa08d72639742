"""On the form of a capture a smaller version can be asked for, and the page of masters tells what waits."""

import os
from html import unescape

import pytest
from aiohttp.test_utils import TestServer

from netboot.jobs.making import Making, ToShrink
from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.shared.protocol import Plan
from netboot.shared.stages import StageName
from netboot.shared.stages.capture import CaptureOptions
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from netboot.workshop.makings import Makings
from tests.webui.capturing_page import *  # noqa: F403 — its fixtures: the store, the workshop, the page
from tests.webui.capturing_page import pc
from tests.webui.conftest import Person
from tests.webui.test_captures import say
from tests.workshop.capturing import CAPTURE
from tests.workshop.conftest import hello, row_of
from tests.workshop.player import agent_on

pytestmark = pytest.mark.root

T = texts("fr")


@pytest.mark.parametrize("ticked", [True, False])
async def test_what_is_ticked_is_what_the_job_is_to_do(
    operator: Person, workshop: Workshop, server: TestServer, ticked: bool
) -> None:
    async with agent_on(server, hello(pc())) as (agent, _):
        asked = unescape(await operator.choose(row_of(workshop).machine, CAPTURE.id))
        assert T["capture_smaller"] in asked
        assert " checked" not in asked
        again = await say(operator, asked, {"master-licence": "gratuit"} | ({"smaller": "yes"} if ticked else {}))
        assert (" checked" in again) is ticked, "as it was left, to be sent again"
        await say(operator, asked, {"smaller": "yes"} if ticked else {})
        await agent.hear(Plan)
    detail = workshop.record.machines.detail(row_of(workshop).machine)
    ordered = detail.visits[0].jobs[0].profile.options_for(CaptureOptions)
    assert (ordered.name, ordered.smaller) == ("ecole", ticked)


async def test_where_a_profile_gives_it_without_customising_that_is_told_before_anything_is_ordered(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    stages: tuple[StageName, ...] = ("check", "erase", "deploy", "finish")
    plain = Profile(id="plain", name={"fr": "Tel quel", "en": "As it is"}, stages=stages, master="ecole")
    workshop.profiles = {**workshop.profiles, plain.id: plain}
    async with agent_on(server, hello(pc())) as (agent, _):
        asked = await operator.choose(row_of(workshop).machine, CAPTURE.id)
        assert T["capture_kept_whole"] in await say(operator, asked, {"smaller": "yes"})
        assert row_of(workshop).state == "waiting"
        assert T["begun"].format(count=1) in await say(operator, asked)
        await agent.hear(Plan)


async def test_a_server_that_is_not_root_offers_none(
    operator: Person, workshop: Workshop, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    async with agent_on(server, hello(pc())):
        assert 'name="smaller"' not in await operator.choose(row_of(workshop).machine, CAPTURE.id)


async def test_what_waits_is_told_on_the_page_of_masters(visitor: Person, record: Record, makings: Makings) -> None:
    record.makings.begin(Making(id="m", kind="build", name="leger", source="leger.yaml", began=1.0), "anne")
    await makings.recover()
    assert T["making_waiting"] not in unescape(await visitor.get("/masters"))
    makings.tell_waiting((ToShrink(name="ecole", version="2026.1", digest="a" * 64, job="j"),))
    seen = unescape(await visitor.get("/masters"))
    assert T["making_waiting"] in seen
    assert "ecole 2026.1" in seen
