"""A question for the code on a disk's label: given from the page, passed on to the agent, and kept nowhere."""

import pytest
from aiohttp.test_utils import TestServer

from netboot.records.record import Record
from netboot.records.refusals import CodeUnreadable, QuestionOver
from netboot.shared.protocol import QuestionAnswered
from netboot.shared.stage_question import GIVE
from netboot.workshop.greeting import Workshop
from tests.workshop.asked import FOR_A_CODE, LABEL, QUESTION
from tests.workshop.conftest import new_workshop
from tests.workshop.player import serving
from tests.workshop.test_stage_questions import ANNE, at_work, back, events, is_shown, shown

GIVEN = QuestionAnswered(question=FOR_A_CODE.id, choice=GIVE, code=LABEL)


def everything(workshop: Workshop) -> str:
    """The whole journal."""
    return " ".join(event.body for event in workshop.record.journal.read(limit=1000))


async def test_the_code_goes_to_the_agent_and_only_who_gave_it_on_the_record(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, FOR_A_CODE)
        key = (await is_shown(workshop, FOR_A_CODE)).key
        for code in ("", "SHORT", LABEL.lower(), LABEL + "X"):
            with pytest.raises(CodeUnreadable):
                await workshop.commands.answer_stage(ANNE, welcome.visit, key, GIVE, code)
        assert events(workshop, "question-answered") == []
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, GIVE, LABEL)
        assert await agent.hear(QuestionAnswered) == GIVEN
        assert shown(workshop).given == GIVE
        await agent.close_question(run, FOR_A_CODE, "page", GIVE)
        await agent.receipt()
    (given,), (closed,) = events(workshop, "question-answered"), events(workshop)
    assert (closed["how"], closed["choice"], closed["by"]) == ("page", GIVE, given["by"])
    assert len(given["by"]) == 64
    assert LABEL not in everything(workshop)


async def test_a_field_that_is_left_filled_in_goes_with_no_other_answer(workshop: Workshop, server: TestServer) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, FOR_A_CODE)
        key = (await is_shown(workshop, FOR_A_CODE)).key
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "none", LABEL)
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=FOR_A_CODE.id, choice="none")
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "again", LABEL)
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=QUESTION.id, choice="again")


async def test_a_code_that_did_not_arrive_is_said_again_by_the_same_server(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, FOR_A_CODE)
        key = (await is_shown(workshop, FOR_A_CODE)).key
        await agent.break_off()
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, GIVE, LABEL)
    async with serving(workshop) as again, back(again, welcome) as (agent, run):
        await agent.ask(run, FOR_A_CODE)
        assert await agent.hear(QuestionAnswered) == GIVEN


async def test_after_a_restart_it_is_typed_once_more(workshop: Workshop, record: Record, server: TestServer) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, FOR_A_CODE)
        key = (await is_shown(workshop, FOR_A_CODE)).key
        await agent.break_off()
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, GIVE, LABEL)
    now = new_workshop(record)
    async with serving(now) as again, back(again, welcome) as (agent, run):
        await agent.ask(run, FOR_A_CODE)
        asked = await is_shown(now, FOR_A_CODE)
        assert asked.is_open
        with pytest.raises(QuestionOver):
            await now.commands.answer_stage(ANNE, welcome.visit, "other", GIVE, LABEL)
        await now.commands.answer_stage(ANNE, welcome.visit, key, GIVE, LABEL)
        assert await agent.hear(QuestionAnswered) == GIVEN
        await agent.close_question(run, FOR_A_CODE, "page", GIVE)
        await agent.receipt()
    assert len(events(now, "question-answered")) == 2
    assert [event["how"] for event in events(now)] == ["page"]
