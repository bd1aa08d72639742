"""How a stage reports its progress while it runs: for the screen and the page, never evidence."""

from collections.abc import Callable, Sequence
from typing import Protocol

from netboot.shared.protocol import Stuck


class Progress(Protocol):
    """`done` of `total` bytes; `part` names the disk or the step. Called in the event loop's thread, and cheap."""

    def __call__(self, done: int, total: int, part: str = "") -> None: ...


HeldUp = Callable[[Sequence[Stuck]], None]
"""Told what holds a stage up now, the longest first; called like a `Progress`."""


class StageTold(Progress, Protocol):
    """What a stage tells while it runs: how far it is, and what holds it up."""

    def held_up(self, stuck: Sequence[Stuck]) -> None: ...


def nobody(_: Sequence[Stuck]) -> None:
    """For whoever shows nothing."""
