"""A stage's question over the real WebSocket: shown, answered once, on the record, over broken lines and restarts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from netboot.jobs.actor import operator
from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.jobs.stage_questions import key_of
from netboot.records.record import Record
from netboot.records.refusals import Contested, Denied, NotThatVisit, QuestionOver
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, QuestionAnswered, RunStage, Stay, Welcome
from netboot.shared.stage_question import QUESTIONS, StageQuestion
from netboot.shared.stages.finish import Finish
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Asked
from tests.workshop.asked import QUESTION, question
from tests.workshop.conftest import LOOK, hello, new_workshop, pc, row_of
from tests.workshop.player import Agent, agent_on, eventually, evidence, serving

ANNE = operator("anne")


def events(workshop: Workshop, kind: str = "question-closed") -> list[dict[str, Any]]:
    """What the record says of questions."""
    return [json.loads(event.body) for event in workshop.record.journal.read(limit=1000) if event.kind == kind]


def asks(workshop: Workshop, number: int = 1) -> bool:
    """Whether this PC is here and asks something that nobody has answered."""
    row = workshop.live_board.row(f"98:fa:9b:00:00:{number:02x}")
    return row is not None and row.asked is not None and row.asked.is_open


def shown(workshop: Workshop) -> Asked:
    """What the PC's row asks."""
    asked = row_of(workshop).asked
    assert asked is not None
    return asked


async def is_shown(workshop: Workshop, asked: StageQuestion = QUESTION) -> Asked:
    """Once the row asks this."""

    def is_there() -> bool:
        now = row_of(workshop).asked
        return now is not None and now.question == asked

    await eventually(is_there)
    return shown(workshop)


@asynccontextmanager
async def at_work(server: TestServer, boot: str = "boot-1") -> AsyncIterator[tuple[Agent, Welcome, RunStage]]:
    """A PC in the middle of its check."""
    async with agent_on(server, hello(pc(), boot, profile=LOOK.id)) as (agent, welcome):
        await agent.hear(Plan)
        run = await agent.hear(RunStage)
        await agent.start(run)
        await agent.receipt()
        yield agent, welcome, run


@asynccontextmanager
async def back(server: TestServer, welcome: Welcome) -> AsyncIterator[tuple[Agent, RunStage]]:
    """The same PC on a new line, its check at work still."""
    said = replace(hello(pc(), token=welcome.token), running="check")
    async with agent_on(server, said) as (agent, _):
        await agent.hear(Plan)
        yield agent, await agent.hear(RunStage)


async def test_an_answer_from_the_page_goes_to_the_agent_and_who_gave_it_on_the_record(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION, left=300)
        asked = await is_shown(workshop)
        assert asked.is_open
        assert asked.key == key_of(run.job, "check", QUESTION)
        assert 290 < asked.until - row_of(workshop).seen <= 300
        await workshop.commands.answer_stage(ANNE, welcome.visit, asked.key, "again")
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=QUESTION.id, choice="again")
        assert shown(workshop).given == "again"
        (given,) = events(workshop, "question-answered")
        assert events(workshop) == [], "what counted is the agent's to say"
        report = await agent.close_question(run, QUESTION, "page", "again")
        await agent.receipt()
        assert (shown(workshop).how, shown(workshop).choice) == ("page", "again")
        await agent.say(report)
        await agent.receipt()
        await agent.finish(run, evidence(run.stage, pc()))
        assert isinstance(await agent.order(), RunStage)
        assert row_of(workshop).asked is None
    (closed,) = events(workshop)
    assert (closed["stage"], closed["how"], closed["choice"], closed["by"]) == ("check", "page", "again", given["by"])
    assert closed["question"]["text"] == {"fr": QUESTION.text.fr, "en": QUESTION.text.en}
    assert len(given["by"]) == 64
    assert "anne" not in json.dumps([given, closed]), "a person stands in no event by their name"
    of_job = [event for event in workshop.record.journal.read(limit=1000) if event.kind.startswith("question")]
    assert {event.job_id for event in of_job} == {run.job}
    assert workshop.record.journal.verify().broken is None


async def test_the_keyboards_answer_that_crosses_the_pages_counts_and_both_are_on_the_record(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "again")
        await agent.close_question(run, QUESTION, "keyboard", "leave")
        await agent.hear(QuestionAnswered)
        await agent.receipt()
        assert (shown(workshop).how, shown(workshop).choice) == ("keyboard", "leave")
    (given,), (closed,) = events(workshop, "question-answered"), events(workshop)
    assert (given["choice"], closed["how"], closed["choice"], closed["by"]) == ("again", "keyboard", "leave", "")


async def test_a_second_answer_an_old_one_and_one_to_other_words_are_refused(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        commands = workshop.commands
        with pytest.raises(QuestionOver):
            await commands.answer_stage(ANNE, welcome.visit, "", "again")
        await agent.ask(run, QUESTION)
        old = (await is_shown(workshop)).key
        with pytest.raises(QuestionOver):
            await commands.answer_stage(ANNE, welcome.visit, old, "erase")
        turned = replace(QUESTION, choices=QUESTION.choices[::-1])  # of the same number, read otherwise
        await agent.ask(run, turned)
        await is_shown(workshop, turned)
        with pytest.raises(QuestionOver):
            await commands.answer_stage(ANNE, welcome.visit, old, "again")
        await commands.answer_stage(ANNE, welcome.visit, shown(workshop).key, "leave")
        for who in (ANNE, operator("rosa")):
            with pytest.raises(QuestionOver):
                await commands.answer_stage(who, welcome.visit, shown(workshop).key, "again")
        await agent.hear(QuestionAnswered)
        await agent.close_question(run, turned, "page", "leave")
        await agent.receipt()
        with pytest.raises(QuestionOver):
            await commands.answer_stage(ANNE, welcome.visit, shown(workshop).key, "again")
        await agent.ask(run, turned)  # it was under way when the answer came
        await agent.finish(run, evidence(run.stage, pc()))
        assert isinstance(await agent.order(), RunStage)
        assert len(events(workshop, "question-answered")) == 1
        assert [event["choice"] for event in events(workshop)] == ["leave"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_answer_that_did_not_arrive_is_said_again_on_the_next_line_also_of_another_server(
    workshop: Workshop, record: Record, server: TestServer, restarted: bool
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
        await agent.break_off()
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "again")
    await eventually(lambda: row_of(workshop).state == "silent")
    assert row_of(workshop).asked is None, "nobody is asked who cannot be heard"
    with pytest.raises(NotThatVisit):
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "leave")
    now = new_workshop(record) if restarted else workshop
    async with serving(now) as again, back(again, welcome) as (agent, run):
        await agent.ask(run, QUESTION, left=100)
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=QUESTION.id, choice="again")
        assert shown(now).given == "again"
        with pytest.raises(QuestionOver):
            await now.commands.answer_stage(ANNE, welcome.visit, key, "leave")
        agent.number = 1
        await agent.close_question(run, QUESTION, "page", "again")
        await agent.receipt()
        await agent.ask(run, QUESTION)  # closed on the record: neither asked nor answered again
        await agent.finish(run, evidence(run.stage, pc()))
        assert isinstance(await agent.order(), RunStage)
    (closed,) = events(now)
    assert (closed["how"], closed["by"]) == ("page", events(now, "question-answered")[0]["by"])


async def test_a_question_that_nobody_answered_yet_is_open_again_after_a_restart(
    workshop: Workshop, record: Record, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
    restarted = new_workshop(record)
    async with serving(restarted) as again, back(again, welcome) as (agent, run):
        await agent.ask(run, QUESTION, left=100)
        assert (await is_shown(restarted)).is_open
        await restarted.commands.answer_stage(ANNE, welcome.visit, key, "leave")
        assert (await agent.hear(QuestionAnswered)).choice == "leave"


async def test_nothing_is_answered_for_a_contested_line_before_a_person_says_which(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
        async with agent_on(server, hello(pc(), "forged")) as (forged, other):
            await forged.hear(Stay)
            await forged.ask(run, QUESTION)
            for visit in (welcome.visit, other.visit):
                with pytest.raises(Contested):
                    await workshop.commands.answer_stage(ANNE, visit, key, "again")
            assert events(workshop, "question-answered") == []
            row = workshop.live_board.of_visit(other.visit)
            assert row is not None
            assert row.asked is None, "who has no job asks nothing"
            await workshop.commands.vouch(ANNE, welcome.visit)
        await workshop.commands.answer_stage(ANNE, welcome.visit, key, "again")
        assert (await agent.hear(QuestionAnswered)).choice == "again"
        await agent.close_question(run, QUESTION, "page", "again")
        await agent.receipt()
    (closed,) = events(workshop)
    assert closed["standing"] == "vouched"


async def test_a_denied_pc_is_not_answered_from_the_page(workshop: Workshop, server: TestServer) -> None:
    async with at_work(server) as (agent, welcome, run):
        await agent.ask(run, QUESTION)
        key = (await is_shown(workshop)).key
        await workshop.commands.set_policy(ANNE, [Key("mac", row_of(workshop).mac)], Policy(True))
        with pytest.raises(Denied):
            await workshop.commands.answer_stage(ANNE, welcome.visit, key, "again")
    assert events(workshop, "question-answered") == []


async def test_who_says_that_somebody_answered_on_the_page_is_not_believed(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run):
        await agent.close_question(run, QUESTION, "page", "again")
        await agent.receipt()
    (closed,) = events(workshop)
    assert (closed["how"], closed["by"]) == ("unclear", "")


async def test_a_thousand_questions_are_bounded_on_the_page_and_on_the_record(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        for number in range(3 * QUESTIONS):
            asked = question(number)
            await agent.ask(run, asked)
            if number < QUESTIONS:
                await is_shown(workshop, asked)
                await workshop.commands.answer_stage(ANNE, welcome.visit, shown(workshop).key, "choice-1")
                await agent.hear(QuestionAnswered)
            await agent.close_question(run, asked, "keyboard", "choice-1")
            await agent.receipt()
        assert shown(workshop).question == question(QUESTIONS - 1)
    assert len(events(workshop)) == len(events(workshop, "question-answered")) == QUESTIONS


async def test_a_job_that_asked_all_it_may_takes_no_question_from_the_next_one(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, welcome, run):
        for number in range(QUESTIONS):
            await agent.ask(run, question(number))
            await is_shown(workshop, question(number))
            await agent.close_question(run, question(number), "time-out")
            await agent.receipt()
        await agent.finish(run, None, outcome="failed", problem=Problem("agent-error", {"error": "cable"}))
        await agent.receipt()
        await agent.hear(Stay)
        assert row_of(workshop).asked is None
        assert await workshop.commands.choose(ANNE, row_of(workshop).machine, LOOK.id, seen=welcome.visit)
        await agent.hear(Plan)
        again = await agent.hear(RunStage)
        await agent.start(again)
        await agent.receipt()
        await agent.ask(again, QUESTION)
        assert (await is_shown(workshop)).is_open


async def test_a_stage_that_is_not_at_work_and_a_job_of_another_ask_nothing(
    workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run), agent_on(server, hello(pc(2), "boot-2")) as (other, _):
        await agent.ask(replace(run, job="another"), QUESTION)
        await agent.ask(replace(run, stage=Finish(action="disk")), QUESTION)
        await other.ask(run, QUESTION)
        await other.close_question(run, QUESTION, "keyboard", "again")
        await other.receipt()
        await agent.tick(run, 1, 2)
        await eventually(lambda: row_of(workshop).total == 2)
        assert row_of(workshop).asked is None
        assert row_of(workshop, 2).asked is None
    assert events(workshop) == []
