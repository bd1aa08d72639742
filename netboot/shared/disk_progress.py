"""How far each disk of an erase is, as its agent tells it while it works: for screen and page, never evidence. Pure.

The time left is what can be said of it. While an agent writes or reads, it is what is left at the present speed; while
a drive erases itself, it is the drive's own announcement or progress, and then at least that: how long the reading back
takes that follows, nobody knows before it has begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.inventory import Text
from netboot.shared.language import Language

DISKS: Final = 64
"""Disks that are told of at most: as many as a PC has in its inventory."""

DiskStep = Literal["waiting", "marking", "drive", "writing", "reading", "done", "failed"]
"""waiting: others come first. marking: what a later look finds again is written. drive: it erases itself."""

_STEPS: Final[dict[DiskStep, dict[Language, str]]] = {
    "waiting": {"fr": "attend son tour", "en": "waits its turn"},
    "marking": {"fr": "marquage", "en": "marking"},
    "drive": {"fr": "s'efface lui-même", "en": "erases itself"},
    "writing": {"fr": "écriture", "en": "writing"},
    "reading": {"fr": "relecture", "en": "reading back"},
    "done": {"fr": "fini", "en": "finished"},
    "failed": {"fr": "échec", "en": "failed"},
}
_LATE: Final[dict[Language, str]] = {
    "fr": "plus long qu'annoncé",
    "en": "longer than announced",
}


class DiskProgress(Struct, frozen=True, kw_only=True):
    """One disk: its name for people, and how much of its whole work is done.

    `left` are seconds, None where nobody knows; with `more`, at least so many. `late`: the drive is at work for longer
    than it had announced.
    """

    disk: Text
    step: DiskStep = "waiting"
    permille: Annotated[int, Meta(ge=0, le=1000)] = 0
    left: Annotated[float, Meta(ge=0, le=1e10)] | None = None
    more: bool = False
    late: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done to it."""
        return self.step in ("done", "failed")


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds until all disks are done, or at least so many."""

    seconds: float
    at_least: bool


def left_of_all(disks: Sequence[DiskProgress]) -> Left | None:
    """As long as the slowest takes, since they work side by side; None where nobody knows of any."""
    at_work = [disk for disk in disks if not disk.is_over]
    known = [disk.left for disk in at_work if disk.left is not None]
    return Left(max(known), any(disk.more or disk.left is None for disk in at_work)) if known else None


def step_name(disk: DiskProgress, language: Language) -> str:
    """What it is at, in a few words."""
    said = _STEPS[disk.step][language]
    return f"{said}, {_LATE[language]}" if disk.late and not disk.is_over else said
