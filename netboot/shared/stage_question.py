"""A question that a stage puts to a person: what is asked, what may be answered, how it ended. Shapes and bounds only.

A stage waits for the answer no longer than `seconds`, and must have something harmless to do when nobody gave one: a
batch may run at night. A question may be for a code that stands on a disk's label (`types`): then the choice GIVE goes
with what was typed or scanned. The code itself is in no report and on no record, only that it was given, and by whom.
Not for: what a person tells of a PC's disks before a job (`jobs/disk_answers.py`).
"""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.language import Language

QUESTIONS: Final = 16
"""Questions of one job: the rest is not asked, and not kept."""
DIGITS: Final = 9
"""Choices of one question: each has a key of its own on the PC's keyboard."""

GIVE: Final = "give"
"""The choice that goes with a code."""
CODE_PATTERN: Final = "[0-9A-Z]{8,32}"
"""A PSID as makers print it (TCG Storage Opal SSC Feature Set PSID 1.00 §4: at most 32 bytes)."""
_CODE: Final = re.compile(CODE_PATTERN)

Code = Annotated[str, Meta(pattern=r"^[0-9A-Z]{0,32}\Z")]
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


class StageQuestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. `id` is new each time that something is asked; the choices are numbered from 1 in their order.
    `types`: GIVE is among them, and goes with a code of this kind.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    text: Sentence
    choices: Annotated[tuple[AnswerChoice, ...], Meta(min_length=1, max_length=DIGITS)]
    seconds: Annotated[float, Meta(gt=0, le=86_400)]
    types: Literal["", "psid"] = ""

    def __post_init__(self) -> None:
        if self.types and GIVE not in {choice.id for choice in self.choices}:
            raise ValueError("a code that cannot be given")
        if len({choice.id for choice in self.choices}) != len(self.choices):
            raise ValueError("two choices of one name")

    def words_of(self, choice: str, language: Language) -> str:
        """The choice of this id in words, the id itself when there is none."""
        return next((one.words.of(language) for one in self.choices if one.id == choice), choice)

    def may_be_answered(self, choice: str, code: str) -> bool:
        """Whether this is an answer: GIVE goes with a code where one is asked for, and nothing else does."""
        wants_code = bool(self.types) and choice == GIVE
        known = choice in {one.id for one in self.choices}
        return known and (is_code(code) if wants_code else not code)


def is_code(text: str) -> bool:
    """Whether this can stand on a label as a PSID."""
    return _CODE.fullmatch(text) is not None


def as_code(typed: str) -> str:
    """What somebody typed or scanned as a label has it: capitals, without the blanks and dashes between its groups."""
    return re.sub(r"[\s-]", "", typed).upper()
