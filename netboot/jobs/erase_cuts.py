"""Erases that a power cut ended, as the server orders on and judges them: each order knows what was begun. Pure.

Only what this server has on its record as begun is ever followed up or resumed, and only by a method that the order may
take: a profile that wants more is not served by less that happens to be under way.
Not for: what the agent finds (`agent/erase/`), what its evidence has to show (`erase_methods/`).
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from netboot.shared.contradictions import Reason
from netboot.shared.erase_begun import Begun, Cut, Found
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.stages.erase import DiskErase, Erasure

MOST: Final = 64
"""Disks of one order that are given what was begun on them: all of it has to fit into one message."""
_BLOCK: Final = 1024 * 1024
"""An overwrite goes on from whole blocks (`agent/erase/pattern.py`)."""


def after_cuts(orders: Sequence[DiskErase], begun: Sequence[Begun]) -> tuple[DiskErase, ...]:
    """These orders, each with what was begun on its disk."""
    cut = [(order, next((one for one in begun if one.disk.same_as(order.disk)), None)) for order in orders]
    return tuple(replace(order, begun=one if place < MOST else None) for place, (order, one) in enumerate(cut))


def as_told(order: DiskErase, erasure: Erasure) -> Cut | None:
    """What the proof says of the cut: as the evidence shows it, by the server's own words on what was begun."""
    if order.begun is None or erasure.cut is None:
        return None
    found: Found = erasure.cut.found
    if _went_on(erasure):
        found = "followed" if isinstance(erasure.evidence, FirmwareErased) else "resumed"
    elif found in ("followed", "resumed"):
        found = "unclear"
    return Cut(method=order.begun.method, at=order.begun.at, found=found)


def _went_on(erasure: Erasure) -> bool:
    evidence = erasure.evidence
    assert isinstance(evidence, FirmwareErased | Overwritten)
    return bool(evidence.resumed)


def doubt_of_follow_up(said: FirmwareErased, order: DiskErase) -> Reason | None:
    """Why this is no evidence of the order that is on the record as begun; None for nothing."""
    begun = order.begun
    if begun is None or not begun.taken:
        return "resumed"
    ours = (begun.command, begun.ordered, begun.pattern)
    theirs = (said.command, said.ordered, said.pattern)
    ours_before = (begun.state_before, begun.logged_before, begun.untouched_before)
    theirs_before = (said.state_before, said.logged_before, said.untouched_before)
    return None if (ours, ours_before) == (theirs, theirs_before) else "resumed"


def doubt_of_resumption(said: Overwritten, order: DiskErase) -> Reason | None:
    """Why this is no evidence of the overwrite that is on the record as begun; None for nothing."""
    begun = order.begun
    if begun is None or begun.method != "overwrite" or not begun.key or begun.key not in said.pattern:
        return "resumed"
    told = min(-(-begun.done // _BLOCK) * _BLOCK, order.disk.size)
    return None if said.resumed <= told else "resumed"
