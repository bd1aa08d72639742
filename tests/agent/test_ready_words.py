"""Getting disks ready: which disk is named when, which is waited for after the wake, and one that never answers.

What the PC and its disks do is played, as in `test_ready.py`.
"""

import dataclasses
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.claim import ReadDisks
from netboot.agent.erase import ready as getting_ready
from netboot.agent.erase.give_back import After
from netboot.agent.erase.ready import NOTHING_TOLD, Ready, ask, get_ready
from netboot.agent.this_boot import ThisBoot
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import Erase
from netboot.shared.thawing import Thawing
from tests.agent.test_ready import FROZEN, OTHER, SSD, THAWED, Pc, order, ready


def test_the_disks_are_asked_what_they_say_at_this_moment() -> None:
    """By the kernel of this machine: what it knows of discard is read of any disk, by its own name."""
    names = sorted(path.parent.parent.name for path in Path("/sys/block").glob("*/queue/discard_max_hw_bytes"))
    (told,) = ask([Disk(name=names[0], id=DiskId(size=1))])
    assert told.can.discard is not None


async def test_only_the_frozen_disks_are_named_and_only_they_are_told_as_thawed() -> None:
    pc = Pc(FROZEN, THAWED, woken=(THAWED, THAWED))
    first, second = await ready(pc, order(SSD, "ata-erase"), order(OTHER, "ata-erase"))
    assert pc.told[0] == [Stuck(what="sleep", disk="S1", seconds=0)]
    assert (first.thawing, second.thawing) == (Thawing(tried=True, thawed=True, slept=5.0), None)
    assert (first.can, second.can) == (THAWED, THAWED)


async def test_however_long_their_names_are_they_fit_what_is_told() -> None:
    disks = [replace(disk, id=replace(disk.id, serial=letter * 200)) for disk, letter in ((SSD, "A"), (OTHER, "B"))]
    pc = Pc(FROZEN, FROZEN, woken=(THAWED, THAWED))
    stage = Erase(disks=tuple(order(disk, "ata-erase") for disk in disks), thaw=True)
    await get_ready(stage, lambda: disks, ThisBoot(), pc.told.append, pc.hands)
    assert pc.told[0] == [Stuck(what="sleep", disk="A" * 200 + ", " + "B" * 54, seconds=0)]


class Away(Pc):
    """A PC whose second disk needs some looks to come back after the sleep, or is never seen again."""

    def __init__(self, looks: float) -> None:
        super().__init__(FROZEN, FROZEN, woken=(THAWED, THAWED))
        self.looks = looks

    def read_disks(self) -> list[Disk]:
        if self.sleeps:
            self.looks -= 1
        return [SSD, OTHER] if not self.sleeps or self.looks < 0 else [SSD]

    def ask(self, disks: Sequence[Disk]) -> Sequence[Disk]:
        return [replace(disk, can=can) for disk, can in zip(disks, self.said, strict=False)]

    async def ready(self) -> list[Ready]:
        stage = Erase(disks=(order(SSD, "ata-erase"), order(OTHER, "ata-erase")), thaw=True)
        return await get_ready(stage, self.read_disks, ThisBoot(), self.told.append, self.hands)


async def test_a_disk_that_comes_back_late_from_the_sleep_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getting_ready, "_EVERY", 0.01)
    assert [one.thawing and one.thawing.thawed for one in await Away(looks=3).ready()] == [True, True]


async def test_a_disk_that_never_comes_back_is_given_up_and_not_called_thawed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getting_ready, "_EVERY", 0.01)
    monkeypatch.setattr(getting_ready, "_BACK", 0.1)
    first, second = await Away(looks=float("inf")).ready()
    assert first.thawing == Thawing(tried=True, thawed=True, slept=5.0)
    assert (second.thawing, second.can) == (Thawing(tried=True, thawed=None, slept=5.0), NOTHING_TOLD)


async def test_whose_hidden_end_is_given_back_is_told_until_it_is() -> None:
    pc = Pc(THAWED, back=[After(SSD.id)])
    stage = Erase(disks=(order(SSD, "overwrite", hidden=True),))
    await get_ready(stage, lambda: [SSD], ThisBoot(), pc.told.append, pc.hands)
    assert pc.told == [[Stuck(what="hidden", disk="S1", seconds=0)], ()]

    def named_at_length(wanted: DiskId, read_disks: ReadDisks, *, tell: Callable[[str], None]) -> After:
        tell("N" * 300)
        return After(wanted)

    pc.told.clear()
    hands = dataclasses.replace(pc.hands, give_back=named_at_length)
    await get_ready(stage, lambda: [SSD], ThisBoot(), pc.told.append, hands)
    assert pc.told == [[Stuck(what="hidden", disk="N" * 256, seconds=0)], ()]


async def test_a_disk_that_does_not_end_giving_back_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getting_ready, "_LIMIT", 0.1)
    over = threading.Event()

    def hangs(wanted: DiskId, read_disks: ReadDisks, *, tell: Callable[[str], None]) -> After:
        over.wait(30)
        return After(wanted)

    pc = Pc(THAWED)
    hands = dataclasses.replace(pc.hands, give_back=hangs)
    stage = Erase(disks=(order(SSD, "overwrite", hidden=True),))
    (one,) = await get_ready(stage, lambda: [SSD], ThisBoot(), pc.told.append, hands)
    over.set()
    assert one == Ready(SSD.id, problem=Problem("erase-too-slow", {"disk": label(SSD), "seconds": "0"}))
    assert pc.told == [()], "nobody waits for it any more"


async def test_a_disk_that_is_gone_is_asked_for_nothing_and_left_to_its_erase() -> None:
    pc = Pc(THAWED)
    stage = Erase(disks=(order(OTHER, "overwrite", hidden=True), order(OTHER, "ata-erase")), thaw=True)
    first, second = await get_ready(stage, lambda: [SSD], ThisBoot(), pc.told.append, pc.hands)
    assert (pc.gave, pc.sleeps) == ([], 0)
    assert first == second == Ready(OTHER.id)
