"""Each event of a stage's question, whole: what is in it, whose it is, and how many a job may have."""

import json
from itertools import count

import msgspec
import pytest

from netboot.jobs.job import Job
from netboot.jobs.stage_questions import key_of
from netboot.records.record import Record, open_record
from netboot.records.refusals import QuestionOver
from netboot.records.values import Event
from netboot.shared.errors import NetbootError
from netboot.shared.protocol import QuestionClosed
from netboot.shared.stage_question import GIVE, QUESTIONS
from tests.records.conftest import MAC, Clock, hello, pc, start
from tests.records.places import Place
from tests.records.test_stage_questions import begun, closed
from tests.workshop.asked import FOR_A_CODE, QUESTION, question


def told(record: Record, kind: str) -> list[Event]:
    return [event for event in record.journal.read(limit=1000) if event.kind == kind]


def test_an_answer_and_what_counted_are_told_with_all_that_was_read(record: Record) -> None:
    visit, job = begun(record)
    record.questions.give(job.id, "check", QUESTION, "again", "Anne")
    (answered,) = told(record, "question-answered")
    body = json.loads(answered.body)
    assert body == {
        "key": key_of(job.id, "check", QUESTION), "stage": "check", "choice": "again", "by": body["by"],
        "question": json.loads(msgspec.json.encode(QUESTION)),
    }  # fmt: skip
    assert len(body["by"]) == 64
    assert (answered.machine_id, answered.visit_id, answered.job_id) == (visit.machine_id, visit.id, job.id)
    before = record._open.arrivals.recently_added("10.0.0.66").size
    record.questions.close(visit.id, closed(job, 7, "page", "again"))
    (ended,) = told(record, "question-closed")
    assert json.loads(ended.body) == {**body, "how": "page", "report": 7}
    assert (ended.machine_id, ended.visit_id, ended.job_id) == (visit.machine_id, visit.id, job.id)
    assert record._open.arrivals.recently_added("10.0.0.66").size - before == len(ended.body)


def test_how_a_visit_stands_is_told_with_what_counted_in_it(record: Record) -> None:
    visit, job = begun(record)
    record.visits.contest([visit.id], "two-lines", address="10.0.0.9", adapter="")
    record.questions.close(visit.id, closed(job, 2, "keyboard", "leave"))
    (ended,) = told(record, "question-closed")
    assert json.loads(ended.body)["standing"] == "two-lines"


def test_a_code_is_given_again_by_whoever_has_it_and_no_other_answer_is(record: Record) -> None:
    visit, job = begun(record)
    record.questions.give(job.id, "check", FOR_A_CODE, GIVE, "Anne")
    record.questions.give(job.id, "check", FOR_A_CODE, GIVE, "Rosa")
    anne, rosa = (json.loads(event.body)["by"] for event in told(record, "question-answered"))
    assert anne != rosa
    asked = QuestionClosed(number=2, job=job.id, stage="check", question=FOR_A_CODE, how="page", choice=GIVE)
    assert record.questions.close(visit.id, asked) == "page"
    (ended,) = told(record, "question-closed")
    assert json.loads(ended.body)["by"] == rosa, "who gave it last"


def test_who_said_that_there_is_no_code_has_answered(record: Record) -> None:
    _, job = begun(record)
    record.questions.give(job.id, "check", FOR_A_CODE, "none", "Anne")
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", FOR_A_CODE, GIVE, "Rosa")


def test_a_choice_of_that_name_without_a_code_is_given_once(record: Record) -> None:
    _, job = begun(record)
    plain = msgspec.structs.replace(FOR_A_CODE, types="")
    record.questions.give(job.id, "check", plain, GIVE, "Anne")
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", plain, GIVE, "Anne")


def filled(record: Record, job: Job) -> None:
    for number in range(QUESTIONS):
        record.questions.give(job.id, "check", question(number), "choice-1", "Anne")
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", question(QUESTIONS), "choice-1", "Anne")
    assert len([event for event in told(record, "question-answered") if event.job_id == job.id]) == QUESTIONS


def test_each_job_has_so_many_answers_of_its_own(record: Record) -> None:
    (_, first), (_, second) = begun(record), begun(record, 2)
    filled(record, first)
    filled(record, second)


def test_each_job_has_so_many_ends_of_its_own(record: Record) -> None:
    for number in (1, 2):
        visit, job = begun(record, number)
        numbers = count(2)
        for asked in range(QUESTIONS):
            assert record.questions.close(visit.id, closed(job, next(numbers), "time-out", asked=question(asked)))
        late = closed(job, next(numbers), "time-out", asked=question(QUESTIONS))
        assert record.questions.close(visit.id, late) is None


def test_of_a_job_and_a_visit_that_nobody_knows_it_is_said_which_is_not_there(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    with pytest.raises(NetbootError, match=r"^this job is not on the record"):
        record.questions.give("nothing", "check", QUESTION, "again", "Anne")
    asked = QuestionClosed(number=2, job="nothing", stage="check", question=QUESTION, how="time-out", choice="")
    assert record.questions.close(visit.id, asked) is None
    with pytest.raises(NetbootError, match=r"^this visit is not on the record"):
        record.questions.close("nothing", asked)


def test_a_question_that_was_answered_at_the_pc_is_over_for_the_page(record: Record) -> None:
    visit, job = begun(record)
    assert record.questions.close(visit.id, closed(job, 2, "keyboard", "again")) == "keyboard"
    with pytest.raises(QuestionOver):
        record.questions.give(job.id, "check", QUESTION, "again", "Anne")
    assert told(record, "question-answered") == []


def test_what_it_added_is_known_after_a_restart(place: Place, clock: Clock) -> None:
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        visit, job = begun(record)
        record.questions.close(visit.id, closed(job, 2, "keyboard", "again"))
        added = record._open.arrivals.recently_added("10.0.0.66").size
    with open_record(place, clock=clock, monotonic=clock.monotonic) as record:
        assert record._open.arrivals.recently_added("10.0.0.66").size == added


def test_a_visits_first_report_may_be_of_a_question_as_well(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot"), MAC, address="10.0.0.66")
    job = start(record, visit)
    assert record.questions.close(visit.id, closed(job, 1, "keyboard", "again")) == "keyboard"
    assert record.visits.get(visit.id).last_report == 1
