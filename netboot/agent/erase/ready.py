"""Gets the ordered disks ready before any of them is erased: thaws those that are frozen, unlocks those that netboot
locked, and has them give back what they hide.

All of it is done while no disk is under way: the PC is suspended with all of its disks, and a disk that is found anew
has its port reset. Each disk's part is kept as evidence. What is not tried is told too.
Not for: when it is tried (`thaw_rules.py`, `hidden_rules.py`), what a frozen disk refuses (`shared/thawing.py`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from netboot.agent.disks.abilities import Asked
from netboot.agent.disks.claim import ReadDisks
from netboot.agent.disks.disk_threads import start
from netboot.agent.disks.listing import find
from netboot.agent.erase.give_back import After, give_back
from netboot.agent.erase.sleep import sleep, sleep_ability
from netboot.agent.erase.thaw_rules import SleepAbility, why_not_thaw
from netboot.agent.erase.unlocking import Unlock, unlock, unlock_all
from netboot.agent.host import Host
from netboot.agent.progress import HeldUp, nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.disk_abilities import Abilities
from netboot.shared.disk_ports import on_own_port
from netboot.shared.given_back import GivenBack
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import DiskErase, Erase
from netboot.shared.thawing import Thawing, needs_thaw

_SHOWN: Final = 1.5
"""Seconds from what is told to the sleep: it has to be on the screen and on the page."""
_BACK: Final = 30.0
"""Seconds after the wake in which the disks come back."""
_EVERY: Final = 0.5
_LIMIT: Final = 600.0
"""Seconds after which a disk that does not give back what it hides is given up."""


def ask(disks: Sequence[Disk]) -> Sequence[Disk]:
    """The same disks, with what each says now of erasing itself. Blocks for some seconds."""
    return Asked(Host(), disks).disks()


NOTHING_TOLD: Final = Abilities()


@dataclass(frozen=True, slots=True)
class Hands:
    """What it is done with: a test gives its own."""

    ask: Callable[[Sequence[Disk]], Sequence[Disk]] = ask
    pc: Callable[[], SleepAbility] = lambda: sleep_ability(Host())
    sleep: Callable[[], float] = sleep
    unlock: Unlock = unlock
    give_back: Callable[..., After] = give_back
    shown: float = _SHOWN


@dataclass(frozen=True, slots=True)
class Ready:
    """One disk: by what it is known now, what it says of itself where it was asked, and what was done."""

    disk: DiskId
    can: Abilities = NOTHING_TOLD
    thawing: Thawing | None = None
    given_back: GivenBack | None = None
    problem: Problem | None = None
    unlocked: bool = False


async def get_ready(
    stage: Erase, read_disks: ReadDisks, this_boot: ThisBoot, held_up: HeldUp = nobody, hands: Hands | None = None
) -> list[Ready]:
    """Do what is needed, and say for each order of the stage what became of its disk.

    Raises StageFailed where a disk is locked by a password that is not netboot's.
    """
    hands = hands or Hands()
    ready = [Ready(this_boot.now(order.disk), given_back=this_boot.given_back(order.disk)) for order in stage.disks]
    if any(order.method.startswith("ata-") for order in stage.disks):
        ready = await _thawed(stage, ready, read_disks, this_boot, held_up, hands)
    unlocked = await unlock_all(stage.disks, [one.disk for one in ready], read_disks, hands.unlock)
    ready = [replace(one, unlocked=is_open) for one, is_open in zip(ready, unlocked, strict=True)]
    return [
        await _given_back(order, one, read_disks, this_boot, held_up, hands)
        for order, one in zip(stage.disks, ready, strict=True)
    ]


async def _thawed(
    stage: Erase, ready: list[Ready], read_disks: ReadDisks, this_boot: ThisBoot, held_up: HeldUp, hands: Hands
) -> list[Ready]:
    """With what the disks say of themselves, after the PC was suspended if one needed that."""

    def asked() -> Sequence[Disk]:
        return hands.ask(read_disks())

    disks = await start(asked)
    before = [_can(one.disk, disks) for one in ready]
    frozen = [needs_thaw(order.method, can) for order, can in zip(stage.disks, before, strict=True)]
    if not any(frozen):
        return [replace(one, can=can) for one, can in zip(ready, before, strict=True)]
    not_tried = why_not_thaw(disks, hands.pc(), allowed=stage.thaw, slept=this_boot.slept, cut=this_boot.cut)
    slept, after = 0.0, before
    if not_tried is None:
        this_boot.slept = True
        names = [one.disk.text for one, is_frozen in zip(ready, frozen, strict=True) if is_frozen]
        held_up([Stuck(what="sleep", disk=", ".join(names)[:256], seconds=0)])
        await asyncio.sleep(hands.shown)
        slept = await start(hands.sleep)
        await _back(disks, read_disks)
        disks = await start(asked)
        after = [_can(one.disk, disks) for one in ready]
        held_up(())
    done = []
    for order, one, was_frozen, can in zip(stage.disks, ready, frozen, after, strict=True):
        told = None
        if was_frozen:
            silent = can.ata_security is None
            thawed = None if silent else not needs_thaw(order.method, can)
            told = Thawing(tried=not_tried is None, thawed=thawed, slept=slept, not_tried=not_tried)
        done.append(replace(one, can=can, thawing=told))
    return done


async def _back(disks: Sequence[Disk], read_disks: ReadDisks) -> None:
    """Wait until all disks of before are there again, or for as long as they get for it."""
    until = time.monotonic() + _BACK
    while time.monotonic() < until:
        now = await start(read_disks)
        if all(any(one.id.same_as(disk.id) for one in now) for disk in disks):
            return
        await asyncio.sleep(_EVERY)


async def _given_back(
    order: DiskErase, ready: Ready, read_disks: ReadDisks, this_boot: ThisBoot, held_up: HeldUp, hands: Hands
) -> Ready:
    """After the disk has given back what it hides, where that is ordered."""
    if order.hidden != "remove":
        return ready
    found = find(ready.disk, await start(read_disks))
    if isinstance(found, Problem) or not on_own_port(found):
        return ready
    loop = asyncio.get_running_loop()

    def tell(name: str) -> None:
        loop.call_soon_threadsafe(held_up, [Stuck(what="hidden", disk=name[:256], seconds=0)])

    work = start(lambda: hands.give_back(ready.disk, read_disks, tell=tell))
    ended, _ = await asyncio.wait({work}, timeout=_LIMIT)
    held_up(())
    if not ended:
        problem = Problem("erase-too-slow", {"disk": label(found), "seconds": f"{_LIMIT:.0f}"})
        return replace(ready, problem=problem)
    after = work.result()
    if not after.disk.same_as(ready.disk):
        this_boot.grew(order.disk, after.disk, after.said)
    # Nothing more may be given back by one that did so before, in this boot.
    return replace(ready, disk=after.disk, given_back=after.said or ready.given_back, problem=after.problem)


def _can(wanted: DiskId, disks: Sequence[Disk]) -> Abilities:
    found = find(wanted, disks)
    return NOTHING_TOLD if isinstance(found, Problem) else found.can
