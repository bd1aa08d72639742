"""A question that a stage puts to a person: what is asked, what may be answered, how it ended. Shapes and bounds only.

A stage waits for the answer no longer than `seconds`, and must have something harmless to do when nobody gave one: a
batch may run at night. Not for: what a person tells of a PC's disks before a job (`jobs/disk_answers.py`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.language import Language

QUESTIONS: Final = 16
"""Questions of one job: the rest is not asked, and not kept."""
DIGITS: Final = 9
"""Choices of one question: each has a key of its own on the PC's keyboard."""

AnswerId = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z")]
How = Literal["keyboard", "page", "time-out", "withdrawn"]
"""By what a question ended: an answer at the PC or on the page, nobody in time, or a stage that asks no more."""


class Sentence(Struct, frozen=True, kw_only=True):
    """What is asked."""

    fr: Annotated[str, Meta(min_length=1, max_length=300)]
    en: Annotated[str, Meta(min_length=1, max_length=300)]

    def of(self, language: Language) -> str:
        """In this language."""
        return self.fr if language == "fr" else self.en


class ShortWords(Struct, frozen=True, kw_only=True):
    """What may be answered: one line of a screen."""

    fr: Annotated[str, Meta(min_length=1, max_length=60)]
    en: Annotated[str, Meta(min_length=1, max_length=60)]

    def of(self, language: Language) -> str:
        """In this language."""
        return self.fr if language == "fr" else self.en


class AnswerChoice(Struct, frozen=True, kw_only=True):
    """One answer that may be given."""

    id: AnswerId
    words: ShortWords


class StageQuestion(Struct, frozen=True, kw_only=True):
    """One question. `id` is new each time that something is asked; the choices are numbered from 1 in their order."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    text: Sentence
    choices: Annotated[tuple[AnswerChoice, ...], Meta(min_length=1, max_length=DIGITS)]
    seconds: Annotated[float, Meta(gt=0, le=86_400)]

    def __post_init__(self) -> None:
        if len({choice.id for choice in self.choices}) != len(self.choices):
            raise ValueError("two choices of one name")

    def words_of(self, choice: str, language: Language) -> str:
        """The choice of this id in words, the id itself when there is none."""
        return next((one.words.of(language) for one in self.choices if one.id == choice), choice)
