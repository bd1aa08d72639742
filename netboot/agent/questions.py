"""What a stage asks a person: one question at a time, the first answer counts, from the keyboard or from the page.

The agent decides which answer was first, since both reach it, and the stage waits there even while disconnected; the
server puts it on the record. Time is counted by the event loop's steady clock.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from netboot.agent.reports import Reports
from netboot.agent.screen.keyboard import WRONG, Heard
from netboot.shared.protocol import FromAgent, QuestionAnswered, QuestionAsked
from netboot.shared.stage_question import GIVE, QUESTIONS, AnswerChoice, How, Sentence, StageQuestion, is_code
from netboot.shared.stages import StageName

log = logging.getLogger(__name__)


class Ask(Protocol):
    """Asks a person, and waits: the id of the choice, or None when nobody answered within `seconds`.

    Whoever stands at the PC may answer: a stage asks nothing that only an operator may decide, and does something
    harmless when nobody answers. Raises ValueError for what no question may be, or one too many.
    """

    async def __call__(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None: ...

    async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        """Asks for the code on a disk's label: the code with the choice GIVE, "" with another one, None when nobody
        answered in time. What was typed or scanned is shown at the PC before it is given."""


class _Nobody:
    async def __call__(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        return None

    code = __call__


nobody: Ask = _Nobody()
"""For whoever asks nobody."""


class Display(Protocol):
    """What is told to the screen of a question."""

    def asked(self, question: StageQuestion, seconds: float) -> None: ...
    def typed(self, number: int) -> None: ...
    def code_typed(self, code: str, *, read: bool) -> None: ...
    def question_closed(self, how: How, choice: str) -> None: ...


Listen = Callable[[Heard], AbstractContextManager[None]]


@dataclass(slots=True)
class _Open:
    job: str
    stage: StageName
    question: StageQuestion
    until: float
    answer: asyncio.Future[tuple[How, str, str]]
    code: str = ""


class Questions:
    """The questions of one stay. `send` sends to the server now or never; `listen` is the keyboard's."""

    def __init__(
        self, send: Callable[[FromAgent], Awaitable[None]], reports: Reports, display: Display, listen: Listen
    ) -> None:
        self._send = send
        self._reports = reports
        self._display = display
        self._listen = listen
        self._turn = asyncio.Lock()
        self._asked: dict[str, int] = {}
        self._over: set[tuple[str, StageName]] = set()
        self._open: _Open | None = None

    def of(self, job: str, stage: StageName) -> Ask:
        """Asks for this stage."""
        return _OfStage(self, job, stage)

    async def ask(self, job: str, stage: StageName, question: StageQuestion) -> tuple[str, str] | None:
        """One question, when it is its turn: the choice, and the code that goes with it."""
        question = _within_bounds(question)
        async with self._turn:
            return await self._ask(job, stage, question)

    async def ask_again(self) -> None:
        """Tell the server what is asked: it may have been started anew, or the line."""
        now = self._open
        if now is not None:
            left = max(0.0, now.until - asyncio.get_running_loop().time())
            await self._send(QuestionAsked(job=now.job, stage=now.stage, question=now.question, left=left))

    def answered(self, message: QuestionAnswered) -> None:
        """A person on the page answered; too late is not at all."""
        if self._open is not None and message.question == self._open.question.id:
            self._take("page", message.choice, message.code)

    def stage_ended(self, job: str, stage: StageName) -> None:
        """A stage that is over asks no more: what it left open is withdrawn."""
        self._over.add((job, stage))
        now = self._open
        if now is not None and (now.job, now.stage) == (job, stage) and not now.answer.done():
            now.answer.set_result(("withdrawn", "", ""))

    async def _ask(self, job: str, stage: StageName, question: StageQuestion) -> tuple[str, str] | None:
        if (job, stage) in self._over:
            return None
        if self._asked.get(job, 0) >= QUESTIONS:
            raise ValueError(f"more than {QUESTIONS} questions of one job")
        self._asked[job] = self._asked.get(job, 0) + 1
        loop = asyncio.get_running_loop()
        self._open = _Open(job, stage, question, loop.time() + question.seconds, loop.create_future())
        how: How = "withdrawn"
        choice = code = ""
        try:
            self._display.asked(question, question.seconds)
            with self._listen(self._heard):
                async with asyncio.timeout_at(self._open.until):
                    await self.ask_again()
                    how, choice, code = await self._open.answer
        except TimeoutError:
            how = "time-out"
        finally:
            self._open = None
            log.info("question %s: %s %s", question.id, how, choice)
            self._display.question_closed(how, choice)
            await self._send(self._reports.question_closed(job, stage, question, how, choice))
        return (choice, code) if choice else None

    def _heard(self, number: int, *, entered: bool, text: str = "") -> None:
        if self._open is None:
            return
        choices = self._open.question.choices
        if not 0 <= number <= len(choices):
            number = WRONG
        if self._open.question.types and number == WRONG and (is_code(text) or not entered):
            # Shown first: only the number of GIVE after it gives it.
            self._open.code = text if entered else ""
            self._display.code_typed(text, read=entered)
            return
        choice = choices[number - 1].id if number > 0 else ""
        given = self._open.code if self._open.question.types and choice == GIVE else ""
        if entered and number > 0 and self._open.question.may_be_answered(choice, given):
            self._take("keyboard", choice, given)
        else:
            self._display.typed(WRONG if entered and number > 0 else number)

    def _take(self, how: How, choice: str, code: str = "") -> None:
        assert self._open is not None
        if self._open.question.may_be_answered(choice, code) and not self._open.answer.done():
            self._open.answer.set_result((how, choice, code))


@dataclass(frozen=True, slots=True)
class _OfStage:
    """Asks for one stage."""

    questions: Questions
    job: str
    stage: StageName

    async def __call__(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        answer = await self.questions.ask(self.job, self.stage, _question(text, choices, seconds))
        return None if answer is None else answer[0]

    async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        asked = _question(text, choices, seconds, types="psid")
        answer = await self.questions.ask(self.job, self.stage, asked)
        return None if answer is None else answer[1]


def _question(
    text: Sentence, choices: Sequence[AnswerChoice], seconds: float, *, types: Literal["", "psid"] = ""
) -> StageQuestion:
    return StageQuestion(id=secrets.token_hex(8), text=text, choices=tuple(choices), seconds=seconds, types=types)


def _within_bounds(question: StageQuestion) -> StageQuestion:
    """One out of bounds would be refused by the server at every hello. Raises ValueError."""
    try:
        return msgspec.convert(msgspec.to_builtins(question), StageQuestion)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
