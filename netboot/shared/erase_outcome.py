"""How an erase stage ends, from the verdicts on its disks, and what a hidden area makes of one: the agent says it so,
and the server expects just that.

Pure: no I/O. Not for: what a method makes of a disk (`agent/erase/`), whether it is believed (`jobs/evidence.py`).
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from netboot.shared.inventory import DiskId, amount
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
    return Problem("several-not-erased", {"count": str(len(faults)), "disks": names + more})


def as_hidden_areas_show(erasure: Erasure, name: str) -> Erasure:
    """The erasure, not *erased* where its disk hides an area or is unclear about one; `name` is the disk for people.

    No method that is there reaches behind what a disk shows, whatever became of the rest.
    """
    told = [status for status in (erasure.before, erasure.after) if status is not None]
    hidden = max((status.hidden_bytes(erasure.size) for status in told), default=0)
    if hidden and (erasure.verdict != "not-erased" or erasure.problem is None):
        problem = Problem("hidden-area", {"disk": name, "hidden": amount(hidden)})
        return replace(erasure, verdict="not-erased", level="none", problem=problem)
    if erasure.verdict == "erased" and any(status.unclear for status in told):
        problem = Problem("hidden-area-unclear", {"disk": name})
        return replace(erasure, verdict="undetermined", level="none", problem=problem)
    return erasure


def fault_of(erasure: Erasure) -> Problem:
    """What is wrong with a disk that is not erased."""
    return erasure.problem or Problem("not-erased", {"disk": short_name(erasure.disk)})


def short_name(disk: DiskId) -> str:
    """What the disk's label says of it."""
    return disk.text[:80]
