"""What the process that makes a master tells the server: JSON, one value a line. Pure.

Its last line is `Made` or `Refused`; a process that ended without either was killed, and what it was `Publishing` tells
whether it is done. Not for: doing it (`worker.py`).
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from netboot.jobs.making import Step

LONGEST: Final = 2000
"""Characters of a text."""
MOST: Final = 200
"""Lines of an account."""


class Progress(Struct, frozen=True, tag="progress"):
    """A line for people; which step it is about and how far that is, where it says so."""

    line: str
    step: Step | None = None
    percent: int | None = None


class Publishing(Struct, frozen=True, tag="publishing"):
    """Told before the store is: from now on the master of this digest may be current."""

    digest: str


class Made(Struct, frozen=True, kw_only=True, tag="made"):
    """A master is in the store and current; `account` is what was understood of it (`account.py`), `disk` and
    `shrunk_from` as a `Making` has them."""

    digest: str
    name: str
    version: str
    licence: str
    account: tuple[str, ...] = ()
    disk: int = 0
    shrunk_from: int = 0


class Refused(Struct, frozen=True, tag="refused"):
    """Nothing was made, and why."""

    message: str
    hint: str = ""


Line = Progress | Publishing | Made | Refused

_STEPS: Final[tuple[tuple[Step, re.Pattern[str]], ...]] = (
    ("packing", re.compile(r"^packing: ")),
    ("laying-out", re.compile(r"^laying out ")),
    ("shrinking", re.compile(r"^making it smaller|^it keeps its size")),
    ("restoring", re.compile(r"^restoring partition ")),
    ("unpacking", re.compile(r"^unpacking |^\d+ GiB of ")),
    ("checking", re.compile(r"^partition \d+ \(\w+\): checking")),
    ("waiting", re.compile(r"^another build is at work")),
    ("looking-up", re.compile(r"^\S+: looking up packages")),
    ("downloading", re.compile(r"^\S+: (?:installing |downloading: |\d+ packages to install)")),
    ("installing", re.compile(r"^\S+: unpacking: ")),
    ("setting-up", re.compile(r"^\S+: setting up: ")),
    ("making-disk", re.compile(r"^\S+: making the disk")),
    ("copying", re.compile(r"^\S+: (?:copying it|nothing has changed since)")),
)
_PERCENT: Final = re.compile(r": (\d{1,3}) % of ")
_COUNTED: Final = re.compile(r": (\d{1,6}) of (\d{1,6}) packages$")


def progress(line: str) -> Progress:
    """What a line for people says."""
    step = next((step for step, pattern in _STEPS if pattern.search(line)), None)
    if found := _PERCENT.search(line):
        return Progress(line[:LONGEST], step, min(100, int(found[1])))
    if found := _COUNTED.search(line):
        return Progress(line[:LONGEST], step, min(100, int(found[1]) * 100 // max(1, int(found[2]))))
    return Progress(line[:LONGEST], step)


def read_line(text: str) -> Line | None:
    """One line of the process's output; None for what is none, such as another program's."""
    try:
        line: Line = msgspec.json.decode(text, type=Line)
    except msgspec.MsgspecError:
        return None
    return line
