"""Claims a disk, for writing or for reading alone, and checks its identity once more before the first use.

The disk is opened exclusively first, then its identity is read again: while it is open, its name cannot go to another
device. A disk that may not be part of the PC is refused, unless the order says that a person confirmed it.
Not for: which disks an order may name (`jobs/disk_rules.py` on the server).
"""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskBusyError, DiskError
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.listing import find
from netboot.agent.this_boot import ThisBoot
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem

_PROTECTED: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

ReadDisks = Callable[[], Sequence[Disk]]
"""Reads all disks of this PC afresh; blocks."""


class RefusedError(Exception):
    """The disk may not be written, or read for others; `problem` says why. Nothing was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence("en"))
        self.problem = problem


def claim(
    wanted: DiskId,
    read_disks: ReadDisks,
    *,
    devices: Path = Path("/dev"),
    opened: Callable[[Path], DirectDisk] | None = None,
) -> tuple[Disk, DirectDisk]:
    """Open the disk that was ordered, for this process alone. Blocks; raises RefusedError. The caller closes it.

    `opened` opens it otherwise than for writing.

    A disk that is known by its place is called by it from then on, on the screen and in its evidence.
    """
    disk = _only(wanted, read_disks())
    try:
        device = (opened or DirectDisk.for_writing)(devices / disk.name)
    except DiskBusyError as error:
        raise RefusedError(Problem("disk-in-use", {"disk": label(disk)})) from error
    except DiskError as error:
        if error.number in _PROTECTED:
            raise RefusedError(Problem("disk-external", {"disk": label(disk)})) from error
        raise RefusedError(problem_of(error, label(disk))) from error
    try:
        held = _only(wanted, read_disks())
        if held.name != disk.name or device.size != wanted.size:
            raise RefusedError(Problem("disk-gone", {"disk": label(disk)}))
    except BaseException:
        device.close()
        raise
    return (replace(held, id=wanted) if wanted.by_place else held), device


def claim_as_ordered(wanted: DiskId, read_disks: ReadDisks, this_boot: ThisBoot | None) -> tuple[Disk, DirectDisk]:
    """As `claim`, also of a disk that has grown in this boot since its inventory was read: it is claimed by the size
    that it has now, and is called as the order has it. Raises RefusedError."""
    now = wanted if this_boot is None else this_boot.now(wanted)
    disk, device = claim(now, read_disks)
    return (disk if now.same_as(wanted) else replace(disk, id=wanted)), device


def as_answered(read_disks: ReadDisks, answered: Sequence[DiskId], this_boot: ThisBoot) -> ReadDisks:
    """The same disks, those of `answered` being the PC's own by a person's word, also with the size they have since."""

    def read() -> Sequence[Disk]:
        known = (*answered, *(this_boot.now(one) for one in answered))
        return tuple(
            replace(disk, said="belongs" if any(one.same_as(disk.id) for one in known) else "") for disk in read_disks()
        )

    return read


def _only(wanted: DiskId, disks: Sequence[Disk]) -> Disk:
    disk = find(wanted, disks)
    if isinstance(disk, Problem):
        raise RefusedError(disk)
    if not disk.internal:
        raise RefusedError(Problem("disk-external", {"disk": label(disk)}))
    if disk.in_use:
        raise RefusedError(Problem("disk-in-use", {"disk": label(disk)}))
    return disk
