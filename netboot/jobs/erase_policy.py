"""By which method each disk is erased, from what its profile asks for; or why it cannot be had. Pure: no I/O, no clock.

Of the methods that suit a disk, the first in the list (`shared/erase_methods/`) that reaches the level wanted: for
flash the drive's own block erase, which takes minutes and reaches spare blocks; on what turns, an overwrite where that
is enough. Where none reaches it, the profile says whether the job stops before anything is written, whether the disk is
to be taken out, or whether the most that can be had is taken; the evidence then bears what was wanted beside what was
reached. Nothing is ever lowered to no level at all.

A frozen disk is ordered what it refuses until it is thawed: the agent does that where it can. A profile that leaves it
frozen gets the methods that need no thaw.

A method that erases every disk of its drive is never ordered where another disk of that drive is known, also one that
is not to be erased: NVMe's Sanitize works on a whole NVM subsystem.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from netboot.jobs.drive_password import password_of
from netboot.jobs.erase_levels import is_less, medium_of
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.jobs.profile import Profile
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Code, Problem
from netboot.shared.read_back import ALL
from netboot.shared.stages.erase import LEVELS, DiskErase, EraseOptions, Level
from netboot.shared.thawing import needs_thaw

Methods = Mapping[Method, MethodRules[Any]]

_NAMESPACE: Final = re.compile(r"(nvme\d+)(c\d+)?n\d+")


def orders_for(
    disks: Sequence[Disk], options: EraseOptions, *, methods: Methods = METHODS, beside: Sequence[Disk] = ()
) -> tuple[DiskErase, ...] | Problem:
    """What is ordered of these disks; a Problem when the profile wants more of one than can be had.

    `beside` are all disks of the PC, also those that are not to be erased.
    """
    wanted: Level = "none" if options.level == "any" else options.level
    if options.by == "best":
        methods = {name: rules for name, rules in methods.items() if not rules.asks}
    else:
        methods = {name: rules for name, rules in methods.items() if name == options.by}
    orders, short = [], []
    for disk in disks:
        shared = any(share_a_drive(disk, other) for other in (*disks, *beside))
        usual = methods if options.frozen == "thaw" else _without_thaw(disk, methods)
        ranked = _ranked(disk, wanted, usual, shared=shared)
        best = ranked[0][1] if ranked else "none"
        if not ranked or (is_less(best, wanted) and options.otherwise != "next"):
            short.append((disk, best))
            continue
        usable = [name for name, level in ranked if options.otherwise == "next" or not is_less(level, wanted)]
        orders.append(
            DiskErase(
                disk=disk.id, method=usable[0], instead=tuple(usable[1:]), level=best, wanted=wanted,
                then_overwrite=options.then_overwrite, password=_password(disk), hidden=options.hidden,
                # What nothing could be marked on is told by all that it reads as.
                sample=ALL if methods[usable[0]].asks else options.sample,
                psid=options.psid == "ask" and not shared and _is_owned(disk),
            )
        )  # fmt: skip
    return _not_to_be_had(short, wanted, options) if short else tuple(orders)


def erase_forbids(profile: Profile, disks: Sequence[Disk]) -> Problem | None:
    """Why this profile would stop before it erases these disks, for the levels that they can have; None for nothing."""
    orders = orders_for(disks, profile.options_for(EraseOptions)) if profile.erases else ()
    return orders if isinstance(orders, Problem) else None


def _ranked(disk: Disk, wanted: Level, methods: Methods, *, shared: bool) -> list[tuple[Method, Level]]:
    """The methods that this disk can have, the one to take first: those that reach what is wanted in the list's order,
    then the others, the highest level first."""
    medium = medium_of(disk)
    suiting = [
        (name, rules.levels[medium])
        for name, rules in sorted(methods.items(), key=lambda one: medium not in one[1].first_on)
        if rules.suits(disk) and rules.levels[medium] != "none" and not (rules.whole_drive and shared)
    ]
    return sorted(suiting, key=lambda one: -min(LEVELS.index(one[1]), LEVELS.index(wanted)))


def _without_thaw(disk: Disk, methods: Methods) -> Methods:
    return {name: rules for name, rules in methods.items() if not needs_thaw(name, disk.can)}


def _password(disk: Disk) -> str:
    """What an order about this disk carries: one that says it knows no passwords needs none, one that did not say may
    be locked by its own."""
    security = disk.can.ata_security
    return password_of(disk) if security is None or security.supported else ""


def _is_owned(disk: Disk) -> bool:
    """Whether somebody switched TCG's locks on."""
    return disk.can.opal is not None and disk.can.opal.owned


def share_a_drive(disk: Disk, other: Disk) -> bool:
    """Whether both are namespaces of one NVMe drive, as the kernel names them."""
    if disk.name == other.name:
        return False
    ours, theirs = _NAMESPACE.fullmatch(disk.name), _NAMESPACE.fullmatch(other.name)
    return ours is not None and theirs is not None and ours[1] == theirs[1]


def _not_to_be_had(short: Sequence[tuple[Disk, Level]], wanted: Level, options: EraseOptions) -> Problem:
    names = ", ".join(label(disk) for disk, _ in short)
    least = min((level for _, level in short), key=LEVELS.index)
    code: Code = "erase-take-out" if options.otherwise == "take-out" else "erase-level"
    return Problem(code, {"disk": names[:400], "wanted": wanted, "level": least})
