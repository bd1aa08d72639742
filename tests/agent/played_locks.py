"""A drive with TCG's locks, played behind the kernel's requests: a loop device whose file changes at a Revert.

It proves who is asked what, in which order, and what is done with an answer. It locks nothing: what a shut disk is like
is seen on the lab's drives in whole PCs.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from netboot.agent.disks import sed_opal
from netboot.agent.erase.firmware import opal
from netboot.lab.drives.tcg.discovery import discovery
from netboot.shared.stage_question import AnswerChoice, Sentence
from tests.agent.played_drive import Played

LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"


class Locks:
    """The drive's; `answers` are the statuses of the tries in turn (None: it does not
    answer in time), then success. `keeps`: its locks stay on."""

    def __init__(
        self, image: Path, *, locked: bool = False, answers: Sequence[int | None] = (), keeps: bool = False
    ) -> None:
        self.image = image
        self.owned, self.locked = True, locked
        self.answers = list(answers)
        self.keeps = keeps
        self.given: list[str] = []
        self.lies = False
        self.is_reverting = False
        self.identity = Played(image)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in the kernel's place."""
        patch.setattr(sed_opal, "discovery", self.discovery)
        patch.setattr(sed_opal, "psid_revert", self.revert)
        patch.setattr(sed_opal, "is_reverting", lambda device: self.is_reverting)
        patch.setattr(opal, "_kind", lambda disk: self.identity)

    def discovery(self, device: Path) -> bytes:
        if self.is_reverting:
            return b""
        return discovery(owned=self.owned, locked=self.owned and self.locked, shadow=False, sector=512)

    def revert(self, device: Path, code: str) -> int | None:
        self.given.append(code)
        if self.answers:
            self.is_reverting = self.answers[0] is None
            return self.answers.pop(0)
        if not self.keeps:
            self.owned = False
        if not self.lies:
            with self.image.open("r+b") as file:
                file.write(bytes(self.image.stat().st_size))
        return 0


class Person:
    """Who answers: codes in turn, "" for none, None for nobody."""

    def __init__(self, *codes: str | None) -> None:
        self.codes = list(codes)
        self.asked: list[str] = []

    async def __call__(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        raise AssertionError(text.en)

    async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        self.asked.append(text.en)
        if not self.codes:
            raise ValueError("more questions than a job may ask")
        return self.codes.pop(0)
