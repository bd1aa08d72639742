"""The question of a stage on the page: who may answer, what the form is bound to, and hostile words."""

import re
from html import unescape

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.actor import operator as operator_named
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.shared.protocol import QuestionAnswered, RunStage, Stay
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.webui.test_visible_text import NAMED, TURNED
from tests.workshop.asked import QUESTION, question
from tests.workshop.conftest import hello, pc, row_of
from tests.workshop.player import agent_on, evidence
from tests.workshop.test_stage_questions import at_work, events, is_shown

T = texts("fr")


def form_in(html: str) -> dict[str, str]:
    """The hidden fields of the form that answers, with the first of its buttons."""
    found = re.search(r'<form method="post" action="/stage-answer">.*?</form>', html, re.DOTALL)
    assert found is not None
    fields = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', found[0])[:3])
    return {name: unescape(value) for name, value in {**fields, "answer": buttons_in(html)[0]}.items()}


def buttons_in(html: str) -> list[str]:
    """The ids of the answers that can be given."""
    return re.findall(r'<button name="answer" value="([\w-]+)">', html)


async def test_an_operator_answers_in_the_pcs_row_or_on_its_page_and_sees_what_counted(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run):
        await agent.ask(run, QUESTION)
        await is_shown(workshop)
        pages = ("/", f"/machine/{row_of(workshop).machine}")
        for place in pages:
            html = unescape(await operator.get(place))
            assert QUESTION.text.fr in html
            assert buttons_in(html) == ["again", "leave"]
            assert "Non, laisser ce disque" in html
        done = unescape(await operator.post("/stage-answer", {**form_in(html), "answer": "leave"}))
        assert T["stage_answered"] in done
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=QUESTION.id, choice="leave")
        for place in pages:
            html = unescape(await operator.get(place))
            assert T["asks_given"].format(choice="Non, laisser ce disque") in html
            assert buttons_in(html) == []
        await agent.close_question(run, QUESTION, "keyboard", "again")
        await agent.receipt()
        for place in pages:
            assert T["counted_keyboard"].format(choice="Oui, essayer encore") in unescape(await operator.get(place))
        assert unescape(await operator.get(pages[1])).count("question d'une étape close") == 1


async def test_only_who_signed_in_and_sends_the_pages_own_form_answers_and_only_what_was_read(
    operator: Person, visitor: Person, workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run):
        await agent.ask(run, QUESTION)
        await is_shown(workshop)
        seen = unescape(await visitor.get("/"))
        assert QUESTION.text.fr in seen
        assert buttons_in(seen) == []
        form = form_in(await operator.get("/"))
        await visitor.post("/stage-answer", form, 403)
        await operator.post("/stage-answer", {**form, "form-token": "x"}, 403)
        await operator.post("/stage-answer", {**form, "visit": "another"}, 409)
        await operator.post("/stage-answer", {**form, "answer": "erase"}, 409)
        await operator.post("/stage-answer", {"form-token": form["form-token"]}, 409)
        other = replace(QUESTION, id="00000000000000bb")
        await agent.ask(run, other)
        await is_shown(workshop, other)
        refused = unescape(await operator.post("/stage-answer", form, 409))
        assert "Cette question ne se pose plus" in refused
        assert events(workshop, "question-answered") == []
        await operator.post("/stage-answer", form_in(await operator.get("/")))
        await operator.post("/stage-answer", form_in(seen_again := await _as_it_was(workshop, operator)), 409)
        assert seen_again
        assert len(events(workshop, "question-answered")) == 1


async def _as_it_was(workshop: Workshop, operator: Person) -> str:
    """The board as a person sees it who has not looked since before the answer."""
    row = row_of(workshop)
    assert row.asked is not None
    workshop.live_board.put(replace(row, asked=replace(row.asked, given="")))
    return await operator.get("/")


async def test_a_contested_or_denied_pc_is_asked_about_without_a_form(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run):
        await agent.ask(run, QUESTION)
        await is_shown(workshop)
        form = form_in(await operator.get("/"))
        async with agent_on(server, hello(pc(), "forged")) as (forged, _):
            await forged.hear(Stay)
            html = unescape(await operator.get("/"))
            assert T["asks_contested"] in html
            assert "/stage-answer" not in html
            await operator.post("/stage-answer", form, 409)
            await workshop.commands.vouch(operator_named("anne"), form["visit"])
        await workshop.commands.set_policy(operator_named("anne"), [Key("mac", row_of(workshop).mac)], Policy(True))
        assert "/stage-answer" not in await operator.get("/")
        await operator.post("/stage-answer", form, 409)
    assert events(workshop, "question-answered") == []


@pytest.mark.parametrize("text", [TURNED, "<script>alert(1)</script>\x1b[31m\x07"])
async def test_a_hostile_question_stands_where_it_is_read(
    operator: Person, workshop: Workshop, server: TestServer, text: str
) -> None:
    async with at_work(server) as (agent, _, run):
        asked = question(text=text, words=(text[:60], '"><img src=x>'))
        await agent.ask(run, asked)
        await is_shown(workshop, asked)
        for place in ("/", f"/machine/{row_of(workshop).machine}"):
            html = await operator.get(place)
            assert not re.search("[\u202e\u2066\u200f\u200b\x1b\x07]|<script>alert|<img", html)
            assert (NAMED in html) == (text == TURNED)
        await operator.post("/stage-answer", form_in(html))
        await agent.hear(QuestionAnswered)
        await agent.close_question(run, asked, "page", "choice-1")
        await agent.receipt()
        html = await operator.get(f"/machine/{row_of(workshop).machine}")
        assert not re.search("[\u202e\u2066\u200f\u200b\x1b\x07]|<script>alert|<img", html)
        await agent.finish(run, evidence(run.stage, pc()))
        assert isinstance(await agent.order(), RunStage)
        assert QUESTION.text.fr not in await operator.get("/")
