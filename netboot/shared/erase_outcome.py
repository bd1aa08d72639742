"""How an erase stage ends, from the verdicts on its disks: the agent says it so, and the server expects just that.

Pure: no I/O. Not for: the verdict on one disk (`agent/erase/stage.py`), whether it is believed (`evidence.py`).
"""

from collections.abc import Sequence
from typing import Final

from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erasure

_NAMED: Final = 4
"""Disks that one sentence names; the others are counted."""


def erase_problem(erasures: Sequence[Erasure]) -> Problem | None:
    """None when every disk is erased; else the one disk's own problem, or that several disks have one each."""
    faults = [erasure for erasure in erasures if erasure.verdict != "erased"]
    if not faults:
        return None
    if len(faults) == 1:
        return fault_of(faults[0])
    names = ", ".join(short_name(fault.disk) for fault in faults[:_NAMED])
    more = f" + {len(faults) - _NAMED}" if len(faults) > _NAMED else ""
    return Problem("several-not-erased", {"count": str(len(faults)), "disks": names[:400] + more})


def fault_of(erasure: Erasure) -> Problem:
    """What is wrong with a disk that is not erased."""
    return erasure.problem or Problem("not-erased", {"disk": short_name(erasure.disk)})


def short_name(disk: DiskId) -> str:
    """What the disk's label says of it."""
    return disk.text[:80]
