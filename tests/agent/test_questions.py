"""A question of a stage in the agent: one at a time, the first answer counts, and nobody is waited for too long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from netboot.agent.questions import Questions
from netboot.agent.reports import Reports
from netboot.agent.screen.keyboard import WRONG, Heard
from netboot.shared.protocol import FromAgent, QuestionAnswered, QuestionAsked, QuestionClosed
from netboot.shared.stage_question import (
    GIVE,
    QUESTIONS,
    AnswerChoice,
    How,
    Sentence,
    ShortWords,
    StageQuestion,
)
from tests.workshop.asked import CHOICES, TEXT, question


class Bench:
    """The line, the screen and the keyboard of one PC; what went over them, in order."""

    def __init__(self) -> None:
        self.sent: list[FromAgent] = []
        self.shown: list[object] = []
        self.heard: Heard | None = None
        self.reports = Reports()
        self.questions = Questions(self.send, self.reports, self, self.listen)

    async def send(self, message: FromAgent) -> None:
        self.sent.append(message)

    @contextmanager
    def listen(self, heard: Heard) -> Iterator[None]:
        self.heard = heard
        yield
        self.heard = None

    def asked(self, question: StageQuestion, seconds: float) -> None:
        self.shown.append(question.text.en)

    def typed(self, number: int) -> None:
        self.shown.append(number)

    def code_typed(self, code: str, *, read: bool) -> None:
        self.shown.append((code, read))

    def question_closed(self, how: How, choice: str) -> None:
        self.shown.append((how, choice))

    def press(self, number: int, *, entered: bool = True, text: str = "") -> None:
        assert self.heard is not None
        self.heard(number, entered=entered, text=text)

    async def asks(self, seconds: float = 60, text: Sentence = TEXT) -> asyncio.Task[str | None]:
        """A question under way."""
        task = asyncio.create_task(self.questions.of("j1", "check")(text, CHOICES, seconds))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task

    @property
    def open(self) -> StageQuestion:
        """What the server was last told is asked."""
        return next(message.question for message in reversed(self.sent) if isinstance(message, QuestionAsked))

    @property
    def closed(self) -> list[tuple[How, str]]:
        return [(report.how, report.choice) for report in self.sent if isinstance(report, QuestionClosed)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_keyboard_answers_and_the_server_is_told_in_a_report_that_is_kept(bench: Bench) -> None:
    asked = await bench.asks()
    bench.press(2, entered=False)
    bench.press(2)
    assert await asked == "leave"
    assert bench.shown == [TEXT.en, 2, ("keyboard", "leave")]
    (kept,) = bench.reports.unreceived()
    assert kept == bench.sent[-1]
    assert isinstance(kept, QuestionClosed)
    assert (kept.how, kept.choice, kept.question) == ("keyboard", "leave", bench.open)
    assert bench.heard is None, "nothing is listened to any more"


async def test_the_page_answers(bench: Bench) -> None:
    asked = await bench.asks()
    bench.questions.answered(QuestionAnswered(question=bench.open.id, choice="again"))
    assert await asked == "again"
    assert bench.closed == [("page", "again")]


@pytest.mark.parametrize("first", ["keyboard", "page"])
async def test_of_two_answers_that_cross_the_first_counts_and_only_one_is_reported(bench: Bench, first: How) -> None:
    asked = await bench.asks()
    said = QuestionAnswered(question=bench.open.id, choice="again")
    if first == "page":
        bench.questions.answered(said)
    bench.press(2)
    bench.questions.answered(said)
    assert await asked == ("leave" if first == "keyboard" else "again")
    bench.questions.answered(said)
    assert [how for how, _ in bench.closed] == [first]


async def test_without_an_answer_the_stage_goes_on_after_its_time_and_a_late_answer_is_none(bench: Bench) -> None:
    asked = await bench.asks(0.05)
    question = bench.open
    assert await asked is None
    bench.questions.answered(QuestionAnswered(question=question.id, choice="again"))
    assert bench.closed == [("time-out", "")]
    assert bench.shown[-1] == ("time-out", "")


async def test_an_answer_to_something_else_or_that_is_none_of_the_choices_changes_nothing(bench: Bench) -> None:
    asked = await bench.asks()
    for message in (
        QuestionAnswered(question="0" * 16, choice="again"),
        QuestionAnswered(question=bench.open.id, choice="erase"),
    ):
        bench.questions.answered(message)
    for number in (0, 3, 9, WRONG):
        bench.press(number)
    await asyncio.sleep(0)
    assert not asked.done()
    assert bench.shown[1:] == [0, WRONG, WRONG, WRONG]
    bench.press(1)
    assert await asked == "again"


async def test_two_questions_are_asked_one_after_the_other_each_with_its_own_time(bench: Bench) -> None:
    first, second = await bench.asks(0.2), await bench.asks(0.2, Sentence(fr="Et l'autre ?", en="And the other?"))
    assert bench.shown == [TEXT.en]
    assert await first is None
    await asyncio.sleep(0.05)
    assert bench.shown[-1] == "And the other?"
    bench.press(1)
    assert await second == "again"
    numbers = [report.number for report in bench.sent if isinstance(report, QuestionClosed)]
    assert numbers == [1, 2]


async def test_a_question_is_asked_again_as_it_is_with_the_time_that_is_left(bench: Bench) -> None:
    await bench.questions.ask_again()
    assert bench.sent == []
    asked = await bench.asks(30)
    await asyncio.sleep(0.1)
    await bench.questions.ask_again()
    first, again = bench.sent
    assert isinstance(first, QuestionAsked)
    assert isinstance(again, QuestionAsked)
    assert again.question == first.question
    assert again.left < first.left - 0.05
    bench.press(1)
    await asked
    await bench.questions.ask_again()
    assert len(bench.sent) == 3, "what is answered is not asked again"


async def test_a_stage_that_gives_up_its_question_says_so(bench: Bench) -> None:
    asked = await bench.asks()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert bench.closed == [("withdrawn", "")]
    again = await bench.asks()
    bench.press(1)
    assert await again == "again"


async def test_what_a_stage_that_ended_left_open_is_asked_no_more_and_the_next_stage_may_ask(bench: Bench) -> None:
    asked, waits = await bench.asks(), await bench.asks(text=Sentence(fr="Et l'autre ?", en="And the other?"))
    bench.questions.stage_ended("j1", "check")
    assert (await asked, await waits) == (None, None)
    assert bench.shown == [TEXT.en, ("withdrawn", "")]
    assert bench.closed == [("withdrawn", "")]
    following = asyncio.create_task(bench.questions.of("j1", "erase")(TEXT, CHOICES, 60))
    await asyncio.sleep(0.01)
    bench.press(1)
    assert await following == "again"


async def test_what_the_server_would_refuse_is_not_asked(bench: Bench) -> None:
    ask = bench.questions.of("j1", "check")
    with pytest.raises(ValueError, match="length"):
        await ask(Sentence(fr="x" * 301, en="x"), CHOICES, 60)
    with pytest.raises(ValueError, match="two choices"):
        await ask(TEXT, (CHOICES[0], CHOICES[0]), 60)
    with pytest.raises(ValueError, match="length"):
        await ask(TEXT, (), 60)
    with pytest.raises(ValueError, match="length"):
        await ask(TEXT, tuple(replace(CHOICES[0], id=f"c{number}") for number in range(10)), 60)
    with pytest.raises(ValueError, match="60"):
        await ask(TEXT, question(words=("x" * 61,)).choices, 60)
    for seconds in (0.0, 86_401.0):
        with pytest.raises(ValueError, match=r"86400|> 0"):
            await ask(TEXT, CHOICES, seconds)
    assert bench.sent == []


async def test_a_job_asks_no_more_than_its_bound(bench: Bench) -> None:
    ask = bench.questions.of("j1", "check")
    for _ in range(QUESTIONS):
        await ask(TEXT, CHOICES, 0.001)
    with pytest.raises(ValueError, match="more than"):
        await ask(TEXT, CHOICES, 0.001)
    assert await bench.questions.of("j2", "check")(TEXT, CHOICES, 0.001) is None


LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"
WITH_A_CODE = (
    AnswerChoice(id=GIVE, words=ShortWords(fr="Envoyer ce code", en="Give this code")),
    AnswerChoice(id="none", words=ShortWords(fr="Aucun code", en="No code")),
)


async def asks_for_a_code(bench: Bench, seconds: float = 60) -> asyncio.Task[str | None]:
    """A question for a code under way."""
    task = asyncio.create_task(bench.questions.of("j1", "check").code(TEXT, WITH_A_CODE, seconds))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_a_code_is_shown_at_the_pc_and_given_only_by_one_more_answer(bench: Bench) -> None:
    asked = await asks_for_a_code(bench)
    bench.press(1)  # no code yet: no answer
    bench.press(WRONG, entered=False, text="LAB")
    bench.press(WRONG, text="NOCODE?")
    bench.press(WRONG, text=LABEL)
    assert bench.shown == [TEXT.en, WRONG, ("LAB", False), WRONG, (LABEL, True)]
    bench.press(1)
    assert await asked == LABEL
    assert bench.closed == [("keyboard", GIVE)]
    assert LABEL not in repr(bench.sent), "the code is in no report"


async def test_a_code_that_is_typed_over_is_not_given(bench: Bench) -> None:
    asked = await asks_for_a_code(bench)
    bench.press(WRONG, text=LABEL)
    bench.press(WRONG, entered=False, text="L")
    bench.press(1)
    assert not asked.done()
    bench.press(WRONG, text="OTHERCODE")
    bench.press(1)
    assert await asked == "OTHERCODE"


async def test_the_page_gives_a_code_with_its_answer_or_none(bench: Bench) -> None:
    asked = await asks_for_a_code(bench)
    for choice, code in ((GIVE, ""), (GIVE, "SHORT"), ("none", LABEL)):
        bench.questions.answered(QuestionAnswered(question=bench.open.id, choice=choice, code=code))
    assert not asked.done()
    bench.questions.answered(QuestionAnswered(question=bench.open.id, choice=GIVE, code=LABEL))
    assert await asked == LABEL
    assert bench.closed == [("page", GIVE)]


async def test_who_has_no_code_says_so_and_who_says_nothing_is_not_waited_for(bench: Bench) -> None:
    asked = await asks_for_a_code(bench)
    bench.press(2)
    assert await asked == ""
    assert await (await asks_for_a_code(bench, 0.05)) is None
