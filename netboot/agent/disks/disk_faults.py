"""Turns a disk's I/O error into a problem for people; the kernel's own words are kept as technical detail.

Not for: whether the disk is erased (`agent/erase/overwrite_verdict.py`).
"""

from netboot.agent.disks.direct_io import DiskError
from netboot.shared.problems import Problem


def problem_of(fault: DiskError, name: str) -> Problem:
    """The problem of a disk, `name` for people, that failed at a call."""
    values = {"disk": name, "error": fault.error, "offset": str(fault.offset)}
    match fault.kind:
        case "gone":
            return Problem("disk-gone", values)
        case "resized":
            return Problem("disk-resized", values)
        case "refused":
            return Problem("disk-error", values)
