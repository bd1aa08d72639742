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
"""Disks whose turning the kernel asks for; of others it takes for granted that they turn."""


def medium_of(disk: Disk | None) -> Medium:
    """What the disk keeps its data on. Old flash that tells no rate of rotation passes for magnetic."""
    if disk is None:
        return "not-told"
    if not disk.rotational:
        return "flash"
    return "magnetic" if disk.ata or disk.transport in _TELL else "not-told"


def level_of(method: Method, disk: Disk | None) -> Level:
    """What this method reaches on this disk, once it is proven; None is a disk of which nothing is known."""
    return METHODS[method].levels[medium_of(disk)]


def is_less(level: Level, other: Level) -> bool:
    """Whether the one withstands less than the other."""
    return LEVELS.index(level) < LEVELS.index(other)
