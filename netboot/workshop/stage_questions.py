"""Carries a stage's question to the page, a person's answer to the agent, and what counted to the record.

Which answer was first is the agent's to say (`shared/protocol.py`). Not for: who may answer (`commands.py`).
"""

import asyncio
import logging
from collections.abc import Callable

from msgspec.structs import replace

from netboot.jobs.stage_questions import key_of
from netboot.records.record import Record
from netboot.records.refusals import CodeUnreadable, QuestionOver
from netboot.shared.protocol import QuestionAnswered, QuestionAsked, QuestionClosed, Received
from netboot.shared.stage_question import GIVE, QUESTIONS
from netboot.workshop.agent_session import Session
from netboot.workshop.live_board import Asked, LiveBoard

log = logging.getLogger(__name__)


class StageQuestions:
    """Whoever calls holds the session's lock. `clock` is this server's, for people to read."""

    def __init__(self, record: Record, live_board: LiveBoard, clock: Callable[[], float]) -> None:
        self._record = record
        self._live_board = live_board
        self._clock = clock
        self._codes: dict[str, str] = {}

    async def asked(self, session: Session, message: QuestionAsked) -> None:
        """Show what is asked. What was answered on the page before the line or the server broke is said again."""
        job = session.job
        running = next((stage.stage for stage in job.stages if stage.state == "running"), None) if job else None
        if job is None or message.job != job.id or message.stage != running:
            log.info("visit %s asks about stage %s, which is not at work", session.visit.id, message.stage)
            return
        question = message.question
        key = key_of(job.id, message.stage, question)
        if key not in session.questions and len(session.questions) >= QUESTIONS:
            log.warning("visit %s asks more than %d questions", session.visit.id, QUESTIONS)
            return
        if session.asked is not None and session.asked.key == key and session.asked.how is not None:
            return  # it was under way when the answer came
        given = await asyncio.to_thread(self._record.questions.given, job.id, key)
        if given is None:
            return
        session.questions.add(key)
        code = self._codes.get(key, "")
        if given and not question.may_be_answered(given, code):
            given = ""  # a code that this server has forgotten is typed once more
        until = self._clock() + min(message.left, question.seconds)
        self._show(session, Asked(key=key, stage=message.stage, question=question, until=until, given=given))
        if given:
            await session.send(QuestionAnswered(question=question.id, choice=given, code=code))

    async def answer(self, session: Session, key: str, choice: str, who: str, code: str = "") -> None:
        """A person on the page answers. Raises QuestionOver when it is not this that is asked now, CodeUnreadable for a
        code that is none. The code goes to the agent, and is kept in memory alone until the question is closed."""
        job, asked = session.job, session.asked
        if job is None or asked is None or asked.key != key or not asked.is_open:
            raise QuestionOver
        if choice not in {one.id for one in asked.question.choices}:
            raise QuestionOver
        if not asked.question.types or choice != GIVE:
            code = ""  # a field that was left filled in
        if not asked.question.may_be_answered(choice, code):
            raise CodeUnreadable
        await asyncio.to_thread(self._record.questions.give, job.id, asked.stage, asked.question, choice, who)
        if code:
            self._codes[key] = code
        self._show(session, replace(asked, given=choice))
        try:
            await session.send(QuestionAnswered(question=asked.question.id, choice=choice, code=code))
        except (ConnectionError, TimeoutError) as error:
            # On the record: the agent asks again on its next line, and is told then.
            log.info("visit %s: the line broke at the answer: %s", session.visit.id, type(error).__name__)

    async def closed(self, session: Session, message: QuestionClosed) -> None:
        """Keep what counted, and show it until the stage ends."""
        how = await asyncio.to_thread(self._record.questions.close, session.visit.id, message)
        key = key_of(message.job, message.stage, message.question)
        self._codes.pop(key, None)
        asked = session.asked
        if how is not None and asked is not None and asked.key == key:
            self._show(session, replace(asked, how=how, choice=message.choice))
        await session.send(Received(number=message.number))

    def _show(self, session: Session, asked: Asked) -> None:
        session.asked = asked
        row = self._live_board.row(session.row_name)
        if row is not None and row.visit == session.visit.id and row.state == "working":
            self._live_board.put(replace(row, asked=asked))
