"""The overwrite, as the server judges it: what it reaches, and what an honest agent can say that it did. Pure.

Each rule is a fact of the agent's own code (`agent/erase/overwrite.py` and beside it).
"""

import re
from typing import Final

from netboot.jobs.erase_cuts import doubt_of_resumption
from netboot.jobs.erase_methods.levels import levels_of
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.shared.contradictions import Reason
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.erase_outcome import short_name
from netboot.shared.inventory import Disk, DiskId, amount
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase

FASTEST: Final = 64e9
"""Bytes a second that no disk writes or reads: a PCIe 6.0 link of four lanes carries half of it."""

_PATTERN: Final = re.compile(
    r"SHAKE-256\([0-9a-f]{64}\), 1048576 bytes repeated, "
    r"bytes 0-7 of every 512 replaced by the number of the repetition, big-endian"
)


def _suits(disk: Disk) -> bool:
    return not disk.read_only


def _reason_to_doubt(evidence: Overwritten, order: DiskErase, seconds: float) -> Reason | Problem | None:
    disk = order.disk
    if evidence.written != disk.size or evidence.verified != disk.size:
        if max(evidence.written, evidence.verified) > disk.size:
            return "amounts"
        return incomplete(disk, written=evidence.written, verified=evidence.verified)
    if evidence.unwritten or evidence.unread or evidence.different or evidence.bad or evidence.more_bad:
        return "bad-ranges"
    if 2 * disk.size - evidence.resumed > FASTEST * seconds:
        return "too-fast"
    if evidence.resumed and (reason := doubt_of_resumption(evidence, order)) is not None:
        return reason
    return "pattern" if _PATTERN.fullmatch(evidence.pattern) is None else None


def _left(evidence: Overwritten, order: DiskErase) -> bool:
    # What was never written still holds what was there, whatever the disk did afterwards.
    return evidence.written < order.disk.size


def incomplete(disk: DiskId, *, written: int, verified: int) -> Problem:
    """So much of this disk was written and read back, and no more."""
    left = {"unwritten": amount(disk.size - written), "unread": amount(disk.size - verified)}
    return Problem("erase-incomplete", {"disk": short_name(disk), **left})


RULES: Final = MethodRules(
    suits=_suits,
    levels=levels_of("overwrite"),
    reason_to_doubt=_reason_to_doubt,
    left=_left,
    # There a drive's own erase takes as long and shows less of itself; it is taken where it reaches more.
    first_on=frozenset({"magnetic", "not-told"}),
)
