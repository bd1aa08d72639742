"""By which method each disk is erased, from what its profile asks for; or why it cannot be had. Pure: no I/O, no clock.

Of the methods that suit a disk, the first in the list (`shared/erase_methods/`) that reaches the level wanted. Where
none does, the profile says whether the job stops, before anything is written, or takes the most that can be had; the
evidence then bears what was wanted beside what was reached. Nothing is ever lowered to no level at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from netboot.jobs.erase_levels import is_less, medium_of
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.jobs.profile import Profile
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import LEVELS, DiskErase, EraseOptions, Level

Methods = Mapping[Method, MethodRules[Any]]


def orders_for(
    disks: Sequence[Disk], options: EraseOptions, *, methods: Methods = METHODS
) -> tuple[DiskErase, ...] | Problem:
    """What is ordered of these disks; a Problem when the profile wants more of one than can be had."""
    orders, short = [], []
    for disk in disks:
        method, level = _best(disk, options.level, methods)
        lower = is_less(level, options.level)
        if method is None or (lower and options.otherwise == "stop"):
            short.append((disk, level))
        else:
            orders.append(DiskErase(disk=disk.id, method=method, level=level, wanted=options.level))
    return _not_to_be_had(short, options.level) if short else tuple(orders)


def erase_forbids(profile: Profile, disks: Sequence[Disk]) -> Problem | None:
    """Why this profile would stop before it erases these disks, for the levels that they can have; None for nothing."""
    orders = orders_for(disks, profile.options_for(EraseOptions)) if profile.erases else ()
    return orders if isinstance(orders, Problem) else None


def _best(disk: Disk, wanted: Level, methods: Methods) -> tuple[Method | None, Level]:
    best: tuple[Method | None, Level] = (None, "none")
    for method, rules in methods.items():
        if not rules.suits(disk):
            continue
        level = rules.levels[medium_of(disk)]
        if not is_less(level, wanted):
            return method, level
        if is_less(best[1], level):
            best = method, level
    return best


def _not_to_be_had(short: Sequence[tuple[Disk, Level]], wanted: Level) -> Problem:
    names = ", ".join(label(disk) for disk, _ in short)
    least = min((level for _, level in short), key=LEVELS.index)
    return Problem("erase-level", {"disk": names[:400], "wanted": wanted, "level": least})
