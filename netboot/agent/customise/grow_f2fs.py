"""Growing f2fs, unmounted, by resize.f2fs (f2fs-tools 1.15 and 1.16); fsck.f2fs has to find it sound before and after.

Blocks.
"""

from pathlib import Path
from typing import Final

from netboot.agent.customise.measure import length_of, size_of
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.survey.condition import judge_f2fs

_HOURS: Final = 4 * 3600.0
_SEGMENT: Final = 2 * 1024 * 1024
"""It consists of whole ones."""


def grow_f2fs(device: Path, kind: str) -> None:
    """Grow to the whole partition. Raises NetbootError; what was not sound before was not written to."""
    if length_of(device) < size_of(device, kind) + _SEGMENT:
        return
    _require_sound(device)
    run(["resize.f2fs", device], timeout=_HOURS)
    _require_sound(device)


def _require_sound(device: Path) -> None:
    found = judge_f2fs(run(["fsck.f2fs", "--dry-run", device], expect=None, timeout=_HOURS))
    if unclear := found.refused or found.whole:
        raise NetbootError(f"{device.name}: {unclear}", hint="deploy the master again")
