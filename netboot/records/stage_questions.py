"""The answers to stages' questions, as events of their job: what a person answered on the page, and what counted.

A page's answer is on disk before the agent hears of it, so it is not lost with the server or the line: the agent asks
again when it is back. Bounded for each job (`QUESTIONS`): nothing is ever taken out of the record.
"""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.stage_questions import Counted, GivenAnswer, counted, key_of
from netboot.records import chain, events, jobs, tables
from netboot.records.arrivals import Added
from netboot.records.refusals import QuestionOver
from netboot.records.tables import require_row
from netboot.shared.protocol import QuestionClosed
from netboot.shared.stage_question import GIVE, QUESTIONS, StageQuestion
from netboot.shared.stages import StageName


def give(
    session: Session, job_id: str, stage: StageName, question: StageQuestion, choice: str, *, who: str, now: datetime
) -> None:
    """A signed-in person's answer on the page. Raises QuestionOver when there is one already, or the job is over."""
    row = require_row(session.get(tables.Job, job_id), "job")
    visit = require_row(session.get(tables.Visit, row.visit_id), "visit")
    key = key_of(job_id, stage, question)
    before = given(session, job_id, key)
    # A code is kept nowhere: one that was lost on the way to the agent is given once more.
    again = before is not None and bool(question.types) and before.choice == GIVE
    if row.state != "running" or (before is not None and not again) or is_closed(session, job_id, key):
        raise QuestionOver
    if len(_bodies(session, job_id, "question-answered")) >= QUESTIONS:
        raise QuestionOver
    body = {
        "key": key,
        "stage": stage,
        "question": msgspec.to_builtins(question),
        "choice": choice,
        "by": events.person(session, who),
    }
    events.append(session, "question-answered", body, now=now, machine=visit.machine_id, visit=visit.id, job=job_id)


def close(session: Session, visit_id: str, closed: QuestionClosed, *, now: datetime) -> tuple[Counted, Added] | None:
    """The agent's report of what counted, how it is taken, and what it adds to the record.

    None when it is no news, or about no job of its own.
    """
    row = session.get(tables.Job, closed.job)
    visit = require_row(session.get(tables.Visit, visit_id), "visit")
    if row is None or row.visit_id != visit_id or not jobs.is_news(session, visit, closed.number, now):
        return None
    key = key_of(closed.job, closed.stage, closed.question)
    if is_closed(session, closed.job, key) or len(_bodies(session, closed.job, "question-closed")) >= QUESTIONS:
        return None
    how, by = counted(closed, given(session, closed.job, key))
    body = {
        "key": key,
        "stage": closed.stage,
        "question": msgspec.to_builtins(closed.question),
        "how": how,
        "choice": closed.choice,
        "by": by,
        "report": closed.number,
    } | ({"standing": visit.standing} if visit.standing else {})
    size = len(chain.canonical(body))
    visit.added += size
    events.append(session, "question-closed", body, now=now, machine=visit.machine_id, visit=visit.id, job=closed.job)
    return how, Added(visit.address, size)


def given(session: Session, job_id: str, key: str) -> GivenAnswer | None:
    """What a person answered last on the page to this very question."""
    for body in reversed(_bodies(session, job_id, "question-answered")):
        if body["key"] == key:
            return GivenAnswer(str(body["choice"]), str(body["by"]))
    return None


def is_closed(session: Session, job_id: str, key: str) -> bool:
    """Whether it is on the record how this question ended."""
    return any(body["key"] == key for body in _bodies(session, job_id, "question-closed"))


def _bodies(session: Session, job_id: str, kind: events.Kind) -> list[dict[str, object]]:
    table = tables.Event
    wanted = select(table.body).where(table.job_id == job_id, table.kind == kind).order_by(table.sequence)
    return [msgspec.json.decode(body, type=dict[str, object]) for body in session.scalars(wanted)]
