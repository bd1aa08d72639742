"""Asks the person who stands at a PC without a server: one question at a time, for as long as it takes.

Nothing is answered in anybody's place. Not for: what is asked (`wording.py`), what a stage asks (`agent/questions.py`).
"""

import asyncio
import secrets
from collections.abc import Sequence

from netboot.agent.questions import Display, Listen
from netboot.agent.screen.keyboard import WRONG
from netboot.shared.stage_question import AnswerChoice, Sentence, StageQuestion

_A_DAY = 86_400.0


class Desk:
    """The screen and the keyboard. Whoever asks is cancelled when the answer is not needed any more."""

    def __init__(self, display: Display, listen: Listen) -> None:
        self._display = display
        self._listen = listen

    async def ask(self, text: Sentence, choices: Sequence[AnswerChoice]) -> str:
        """The id of what was answered."""
        question = StageQuestion(id=secrets.token_hex(8), text=text, choices=tuple(choices), seconds=_A_DAY)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def heard(number: int, *, entered: bool, text: str = "") -> None:
            if not 0 <= number <= len(question.choices):
                number = WRONG
            if not entered or number <= 0:
                self._display.typed(number)
            elif not answer.done():
                answer.set_result(question.choices[number - 1].id)

        chosen = ""
        try:
            self._display.asked(question, question.seconds)
            with self._listen(heard):
                chosen = await answer
        finally:
            self._display.question_closed("keyboard" if chosen else "withdrawn", chosen)
        return chosen
