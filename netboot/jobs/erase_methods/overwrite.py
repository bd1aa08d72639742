"""The overwrite, as the server judges it: what it reaches, and what an honest agent can say that it did. Pure.

Each rule is a fact of the agent's own code (`agent/erase/overwrite.py` and beside it).
"""

import re
from typing import Final

from netboot.jobs.erase_methods.rules import MethodRules
from netboot.shared.contradictions import Reason
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.erase_outcome import short_name
from netboot.shared.inventory import Disk, DiskId, amount
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Level, Medium

FASTEST: Final = 64e9
"""Bytes a second that no disk writes or reads: a PCIe 6.0 link of four lanes carries half of it."""

LEVELS: Final[dict[Medium, Level]] = {"magnetic": "clear", "flash": "clear", "not-told": "clear"}
"""Clear on any medium: logical techniques "to sanitize data in all user-addressable storage locations" (NIST SP 800-88,
the definition is the same in revision 1 of 2014 and revision 2 of 2025). Revision 1, appendix A, counts an overwrite as
Clear for ATA, SCSI and NVMe disks and for flash, where it does not reach what no address leads to any more: never
Purge. Revision 2 leaves techniques to IEEE 2883. Neither asks that all is read back; we do."""

_PATTERN: Final = re.compile(
    r"SHAKE-256\([0-9a-f]{64}\), 1048576 bytes repeated, "
    r"bytes 0-7 of every 512 replaced by the number of the repetition, big-endian"
)


def _suits(disk: Disk) -> bool:
    return not disk.read_only


def _reason_to_doubt(evidence: Overwritten, disk: DiskId, seconds: float) -> Reason | Problem | None:
    if evidence.written != disk.size or evidence.verified != disk.size:
        if max(evidence.written, evidence.verified) > disk.size:
            return "amounts"
        return incomplete(disk, written=evidence.written, verified=evidence.verified)
    if evidence.unwritten or evidence.unread or evidence.different or evidence.bad or evidence.more_bad:
        return "bad-ranges"
    if 2 * disk.size > FASTEST * seconds:
        return "too-fast"
    return "pattern" if _PATTERN.fullmatch(evidence.pattern) is None else None


def _left(evidence: Overwritten, disk: DiskId) -> bool:
    # What was never written still holds what was there, whatever the disk did afterwards.
    return evidence.written < disk.size


def incomplete(disk: DiskId, *, written: int, verified: int) -> Problem:
    """So much of this disk was written and read back, and no more."""
    left = {"unwritten": amount(disk.size - written), "unread": amount(disk.size - verified)}
    return Problem("erase-incomplete", {"disk": short_name(disk), **left})


RULES: Final = MethodRules(suits=_suits, levels=LEVELS, reason_to_doubt=_reason_to_doubt, left=_left)
