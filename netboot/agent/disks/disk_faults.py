"""What a disk that fails is called for people: by what it has, not by the kernel's words, which the values keep.

Not for: whether it is erased (`overwrite.py`).
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
