"""Answers to stages' questions on the record: one of the page, one that counted, of a job's own visit, and bounded."""

import json
from typing import Any

import pytest

from netboot.jobs.job import Job
from netboot.jobs.stage_questions import key_of
from netboot.records.record import Record
from netboot.records.refusals import QuestionOver
from netboot.records.values import Visit
from netboot.shared.problems import Problem
from netboot.shared.protocol import QuestionClosed
from netboot.shared.stage_question import QUESTIONS, How, StageQuestion
from tests.records.conftest import MAC, Clock, hello, pc, start
from tests.workshop.asked import LONGEST, QUESTION, question


def begun(record: Record, number: int = 1) -> tuple[Visit, Job]:
    """A PC whose check is at work."""
    visit = record.visits.greet(hello(pc(number), f"boot-{number}"), MAC, address="10.0.0.66")
    job = start(record, visit)
    record.jobs.stage_started(job.id, "check", 1)
    return visit, job


def closed(job: Job, number: int, how: How, choice: str = "", asked: StageQuestion = QUESTION) -> QuestionClosed:
    return QuestionClosed(number=number, job=job.id, stage="check", question=asked, how=how, choice=choice)


def events(record: Record, kind: str = "question-closed") -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in record.journal.read(limit=1000) if event.kind == kind]


def test_one_answer_of_the_page_is_kept_and_one_that_counted(record: Record) -> None:
    visit, job = begun(record)
    key = key_of(job.id, "check", QUESTION)
    assert record.questions.given(job.id, key) == ""
    record.questions.give(job.id, "check", QUESTION, "again", "Anne")
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", QUESTION, "leave", "Rosa")
    assert record.questions.given(job.id, key) == "again"
    assert record.questions.given(job.id, key_of(job.id, "check", question())) == ""
    assert record.questions.close(visit.id, closed(job, 2, "page", "again")) == "page"
    assert record.questions.close(visit.id, closed(job, 2, "page", "again")) is None, "told again"
    assert record.questions.close(visit.id, closed(job, 3, "keyboard", "leave")) is None, "it has ended once"
    assert record.questions.given(job.id, key) is None
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", QUESTION, "leave", "Rosa")
    (given,), (ended,) = events(record, "question-answered"), events(record)
    assert given["by"] == ended["by"] != ""
    assert record.visits.get(visit.id).last_report == 3
    assert record.journal.verify().broken is None


def test_of_a_job_that_is_over_nothing_is_answered_but_what_counted_is_kept(record: Record) -> None:
    visit, job = begun(record)
    record.jobs.end(job.id, Problem("agent-error"))
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", QUESTION, "again", "Anne")
    assert record.questions.close(visit.id, closed(job, 2, "keyboard", "again")) == "keyboard"


def test_no_visit_says_how_anothers_question_ended(record: Record) -> None:
    (_, job), (other, _) = begun(record), begun(record, 2)
    assert record.questions.close(other.id, closed(job, 2, "keyboard", "again")) is None
    assert events(record) == []


def test_the_longest_questions_are_few_and_count_for_what_their_address_adds(record: Record, clock: Clock) -> None:
    visit, job = begun(record)
    before, came = record.journal.last(), record._open.arrivals.recently_added("10.0.0.66").size
    for number in range(3 * QUESTIONS):
        asked = StageQuestion(id=f"{number:016x}", text=LONGEST.text, choices=LONGEST.choices, seconds=LONGEST.seconds)
        record.questions.close(visit.id, closed(job, number + 2, "time-out", asked=asked))
    assert record.journal.last() - before == QUESTIONS
    size = sum(len(event.body) for event in record.journal.read(before, 100))
    assert size < 64 << 10
    assert record._open.arrivals.recently_added("10.0.0.66").size - came >= size


def test_a_person_who_is_forgotten_stands_in_no_answer(record: Record) -> None:
    visit, job = begun(record)
    record.people.set_operator("Anne", "hash")
    record.questions.give(job.id, "check", QUESTION, "again", "Anne")
    record.questions.close(visit.id, closed(job, 2, "page", "again"))
    record.people.forget("Anne")
    assert "Anne" not in "".join(event.body for event in record.journal.read(limit=1000))
    assert record.journal.verify().broken is None
