"""An erase by the drive's own firmware, which takes its time: how far it is, and what it comes to. Pure.

Every kind of drive begins one when its PC orders it, asks `progress` when the PC asks, and lets `Eraser` (eraser.py)
do to the data what has been due since. What the commands are called, and who may give them, is each kind's own.
"""

from enum import StrEnum

import msgspec

from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower


class Fill(StrEnum):
    """What an erase leaves behind."""

    PATTERN = "pattern"
    """The pattern given with it, again and again, from the first byte on."""
    NOISE = "noise"
    """What the old bytes are under a new key: no byte of before, no zeros, and other noise each time."""


class Ending(StrEnum):
    """What became of an erase."""

    DONE = "done"
    FAILED = "failed"


class Erasing(msgspec.Struct, frozen=True):
    """An erase that was begun: times in seconds, of time.time().

    It was `progress_then` (0 to 1) at `since`, and moves on from there; `since` is None while it stands without
    power. `erased` says up to which byte of the medium its work was done.
    """

    fill: Fill
    pattern: bytes
    seconds: float
    since: float | None
    progress_then: float = 0
    erased: int = 0


def begin(fill: Fill, pattern: bytes, behaviour: Behaviour, now: float, times: int = 1) -> Erasing:
    """An erase that starts now; `times` passes take as many times as long."""
    return Erasing(fill, pattern, behaviour.erase_seconds * max(1, times), now)


def progress(erasing: Erasing, behaviour: Behaviour, now: float) -> float:
    """How far it is, 0 to 1; one that hangs or fails comes as far as `erase_stops_at`."""
    gone = 0 if erasing.since is None else max(0, now - erasing.since)
    reached = erasing.progress_then + (gone / erasing.seconds if erasing.seconds else 1)
    end = behaviour.erase_stops_at if behaviour.erase in (Outcome.FAILS, Outcome.HANGS) else 1
    return min(reached, end)


def ending(erasing: Erasing, behaviour: Behaviour, now: float) -> Ending | None:
    """What it came to, None: it goes on, or hangs."""
    match behaviour.erase:
        case Outcome.HANGS:
            return None
        case Outcome.FAILS:
            return Ending.FAILED if progress(erasing, behaviour, now) >= behaviour.erase_stops_at else None
        case _:
            return Ending.DONE if progress(erasing, behaviour, now) >= 1 else None


def seconds_left(erasing: Erasing, behaviour: Behaviour, now: float) -> float | None:
    """When to look again at the latest; None: nothing will change by itself."""
    if erasing.since is None or (
        behaviour.erase is Outcome.HANGS and progress(erasing, behaviour, now) >= behaviour.erase_stops_at
    ):
        return None
    return max(0.0, (1 - progress(erasing, behaviour, now)) * erasing.seconds)


def power_lost(erasing: Erasing, behaviour: Behaviour, now: float) -> Erasing | None:
    """What is left of an unfinished erase when the power goes; None: the drive forgets it."""
    if behaviour.erase is Outcome.FORGETS:
        return None
    if behaviour.without_power is WithoutPower.GOES_ON:
        return erasing
    return msgspec.structs.replace(erasing, since=None, progress_then=progress(erasing, behaviour, now))


def power_came(erasing: Erasing, now: float) -> Erasing:
    """One that stood goes on."""
    return erasing if erasing.since is not None else msgspec.structs.replace(erasing, since=now)
