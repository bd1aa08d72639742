"""Checks a report of an erased disk for what no honest agent would send; such a report proves nothing. Pure.

Each rule follows from the agent's own code (`agent/erase/stage.py`, `agent/disks/disk_status.py`): a report that breaks
one was not made by that code, or was pieced together from two. A property test generates such reports.
Not for: what each method adds (`erase_methods/`), hidden areas (`shared/erase_outcome.py`), a stage's outcome
(`evidence.py`), the words of a reason (`shared/contradictions.py`).
"""

from msgspec.structs import replace

from netboot.jobs.erase_methods import METHODS
from netboot.shared.contradictions import Reason
from netboot.shared.disk_ports import speaks_ata
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.given_back import GivenBack
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erasure


def reason_to_doubt(order: DiskErase, erasure: Erasure, *, known: Disk | None = None) -> Reason | Problem | None:
    """Why this report of an erased disk is not believed, or None. `known` is the disk as its PC's check found it."""
    if not erasure.disk.same_as(order.disk):
        return "other-disk"
    if erasure.problem is not None:
        return "with-problem"
    if erasure.method not in order.methods:
        return "method"
    if erasure.ended <= erasure.began or erasure.finished < erasure.started:
        return "times"
    whole = as_given_back(order, erasure)
    by_method: Reason | Problem | None = METHODS[erasure.method].reason_to_doubt(
        erasure.evidence, whole, erasure.ended - erasure.began
    )
    return by_method or _given_back(erasure) or _reason_to_doubt_statuses(whole, erasure, known)


def as_given_back(order: DiskErase, erasure: Erasure) -> DiskErase:
    """The order about the disk as it was when it was erased: larger, where it had given back what it hid."""
    return replace(order, disk=replace(order.disk, size=max(order.disk.size, erasure.size)))


def _given_back(erasure: Erasure) -> Reason | None:
    """What was given back came by orders that the disk took, and makes it as large as it said that it is.

    Where the disk refuses, or nothing came back, libata itself may have shown the area for once: that is none of ours.
    An earlier job of this visit may have ordered it.
    """
    back = erasure.given_back
    if back is None:
        return None
    if not back.orders or any(one.accepted != "yes" for one in back.orders):
        return "hidden"
    if erasure.before is None or erasure.after is None:
        return "not-asked"
    sector = erasure.after.logical_sector
    told = [end * sector for end in (back.native, back.real) if isinstance(end, int)]
    if not told or back.size != max(told):
        return "other-size"
    return None if _all_shown(erasure.before, back) and _all_shown(erasure.after, back) else "hidden"


def _all_shown(status: DiskStatus, back: GivenBack) -> bool:
    """Whether the disk says that it hides nothing: not that it does not say so."""
    overlay = status.real_sectors == status.visible_sectors or not isinstance(back.real, int)
    return isinstance(status.visible_sectors, int) and status.native_sectors == status.visible_sectors and overlay


def _reason_to_doubt_statuses(order: DiskErase, erasure: Erasure, known: Disk | None) -> Reason | None:
    if erasure.before is None or erasure.after is None:
        return "not-asked"
    for status in (erasure.before, erasure.after):
        reason = _words(status, erasure) or _sizes(status, order.disk.size) or _end(status, known)
        if reason is not None:
            return reason
    return None if _lasting(erasure.before) == _lasting(erasure.after) else "other-disk"


def _words(status: DiskStatus, erasure: Erasure) -> Reason | None:
    if not (status.name and status.size and status.logical_sector):
        return "not-asked"  # these are always told of a disk that was asked
    if status.other:
        return "unknown-words"
    said = erasure.evidence
    # An order of before a power cut names the disk as the kernel did then.
    if isinstance(said, FirmwareErased) and not said.resumed and f"/dev/{status.name}" not in said.command.split():
        return "other-disk"  # what was asked and what was ordered to erase itself are not the same device
    return None if (status.serial, status.wwn) == (erasure.disk.serial, erasure.disk.wwn) else "other-disk"


def _sizes(status: DiskStatus, size: int) -> Reason | None:
    if status.size != size or status.logical_sector < 512 or size % status.logical_sector:
        return "other-size"
    told = [end * status.logical_sector for end in status.ends if isinstance(end, int)]
    if any(end > size for end in told) or status.unclear:
        return "hidden"
    return "other-size" if any(end < size for end in told) else None


def _end(status: DiskStatus, known: Disk | None) -> Reason | None:
    """An ATA disk is always asked where it ends; what everybody sees of it is a number then."""
    if known is None:
        return None
    if status.logical_sector != known.logical_sector or status.firmware != known.firmware:
        return "other-disk"
    if not speaks_ata(known):
        return None
    told = isinstance(status.visible_sectors, int) and "not-asked" not in status.ends
    return None if told else "not-asked"


def _lasting(status: DiskStatus) -> tuple[object, ...]:
    """What stays as it was through an erase."""
    identity = (status.name, status.serial, status.wwn, status.firmware)
    return (*identity, status.size, status.logical_sector, status.visible_sectors)
