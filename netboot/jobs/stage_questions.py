"""What the server believes of a stage's question: which one it is, and who gave the answer that counted. Pure.

The agent says which answer was first; who is behind an answer from the page only the server knows.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import msgspec

from netboot.shared.protocol import QuestionClosed
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import StageName

Counted = Literal[How, "unclear"]
"""How a question ended as the record has it. unclear: what the agent says of it cannot be."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a person answered on the page; `by` is the digest that stands for them."""

    choice: str
    by: str


def key_of(job: str, stage: StageName, question: StageQuestion) -> str:
    """Stands for this very question with all its words: an answer is to what was read, and to nothing else."""
    return hashlib.sha256(msgspec.json.encode((job, stage, question))).hexdigest()[:32]


def counted(closed: QuestionClosed, given: GivenAnswer | None) -> tuple[Counted, str]:
    """How the question ended, and the digest of who answered it on the page, "" for whoever was at the PC."""
    answered = closed.how in ("keyboard", "page")
    if answered != (closed.choice in {choice.id for choice in closed.question.choices}):
        return "unclear", ""
    if closed.how != "page":
        return closed.how, ""
    if given is None or given.choice != closed.choice:
        return "unclear", ""
    return "page", given.by
