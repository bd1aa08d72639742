"""How far an NTFS can be grown or made smaller: ntfsresize looks through all of it, and writes nothing.

Not for: whether Windows shut it down. All values are bytes.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netboot.shared.growth import HEAD, SuperblockError, read_ntfs
from netboot.shared.manifest import Partition
from netboot.shared.process import Completed, run
from netboot.survey.disk_file import DiskFile
from netboot.survey.loop import loop_device

_HOUR: Final = 3600.0
_SMALLEST: Final = re.compile(r"^You might resize at (\d{1,19}) bytes", re.MULTILINE)


def largest_ntfs(disk: DiskFile, partition: Partition, progress: Callable[[str], None]) -> int | None:
    """The length to which the NTFS in this partition can be grown, its own when it cannot; None when it is no NTFS that
    can be read. Raises NetbootError. Needs root."""
    try:
        size = read_ntfs(disk.read(partition.start, partition.start + HEAD))
    except SuperblockError:
        return None
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        refused = _refused(device)
    if refused:
        progress(f"partition {partition.number} (ntfs) cannot be grown: {refused}")
    return size.size if refused else size.largest


def smallest_ntfs(device: Path) -> int | None:
    """The length to which the NTFS on this device can be made smaller; None when it cannot, or is not sound."""
    done = _look(device)
    found = _SMALLEST.search(done.stdout)
    return int(found[1]) if found is not None and done.status == 0 else None


def _refused(device: Path) -> str:
    """Why ntfsresize does not touch it, in its words; "" when it would."""
    done = _look(device)
    if done.status == 0:
        return ""
    lines = [line for line in (*done.stdout.splitlines(), *done.stderr.splitlines()) if line.startswith("ERROR")]
    return lines[0].removeprefix("ERROR").lstrip(": ")[:200] if lines else f"status {done.status}"


def _look(device: Path) -> Completed:
    return run(["ntfsresize", "--info", "--no-progress-bar", device], expect=None, timeout=_HOUR)
