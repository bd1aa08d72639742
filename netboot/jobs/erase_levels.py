"""What an erase counts as: a level is what its method, the disk's medium and the proof allow. Pure.

The levels are those of NIST SP 800-88: Clear withstands "simple, non-invasive data recovery techniques", Purge
state-of-the-art laboratory ones. Revision 2 (2025) took the place of revision 1 (2014) and leaves the techniques of
each medium to IEEE 2883; which method reaches which level stands, with its source, in `erase_methods/levels.py`. What
an agent says of a level does not count.
"""

from typing import Final

from netboot.jobs.erase_methods import METHODS
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import LEVELS, Level, Medium

_TELL: Final = frozenset({"sata", "ata", "sas"})
"""Disks that say themselves whether they turn; for others it may be said by what they hang on."""
_SLOWEST, _FASTEST = 0x0401, 0xFFFE
"""Rates of rotation that are some, in revolutions a minute (ACS-4, IDENTIFY DEVICE word 217; SBC-4 §6.6.2)."""


def medium_of(disk: Disk | None) -> Medium:
    """What the disk keeps its data on. Only one that says how fast it turns is magnetic: Linux takes for granted that a
    disk turns, and old flash does not say that it does not; nor do disks of before about 2008, of either kind."""
    if disk is None:
        return "not-told"
    turns = _SLOWEST <= disk.rotation <= _FASTEST
    if not disk.rotational:
        return "not-told" if turns else "flash"
    return "magnetic" if turns and (disk.ata or disk.transport in _TELL) else "not-told"


def level_of(method: Method, disk: Disk | None) -> Level:
    """What this method reaches on this disk, once it is proven; None is a disk of which nothing is known."""
    return METHODS[method].levels[medium_of(disk)]


def is_less(level: Level, other: Level) -> bool:
    """Whether the one withstands less than the other."""
    return LEVELS.index(level) < LEVELS.index(other)
