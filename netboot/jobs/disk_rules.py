"""Which disks are the PC's own, and what forbids that anything is written to them. Pure: no I/O, no clock.

Never a removable, USB, read-only or mounted disk. Nothing is written while a controller hides disks, or while it is
unknown whether a disk is part of the PC or which disk it is: a person has to answer first (`disk_answers.py`).
Not for: which of the disks gets a master (`target.py`).
"""

from collections.abc import Sequence

from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer, can_be_placed, settled, told_apart, vouched
from netboot.jobs.identity import keys_of
from netboot.jobs.job import Job, erasures
from netboot.jobs.seen import Seen
from netboot.shared.inventory import Disk, DiskId, Inventory, label
from netboot.shared.problems import Problem


def internal_disks(inventory: Inventory, answers: Sequence[Answer] = ()) -> tuple[Disk, ...]:
    """The disks that belong to the PC: not removable, not USB, not read-only, not empty readers; or as was answered."""
    return tuple(disk for disk in settled(inventory, answers) if disk.internal)


def as_seen(inventory: Inventory) -> Seen:
    """What a person sees of this PC who chooses a profile for it: also the disks that a person has to speak of."""
    disks = (disk for disk in settled(inventory, ()) if disk.belonging != "carried" and disk.id.size > 0)
    return Seen(tuple(disk.id for disk in disks), keys_of(inventory))


def forbids_writing(inventory: Inventory, answers: Sequence[Answer] = ()) -> Problem | None:
    """Why nothing may be written to this PC's disks at all, or None."""
    return _forbids_hidden(inventory, answers) or _forbids_disk(inventory, answers)


def _forbids_hidden(inventory: Inventory, answers: Sequence[Answer]) -> Problem | None:
    left = [hidden for hidden in inventory.hidden if not vouched(hidden, answers)]
    for hidden in sorted(left, key=lambda hidden: hidden.may_be_vouched_for):  # what no answer ends is said first
        values = {"controller": hidden.controller, "setting": hidden.setting}
        if hidden.may_be_vouched_for:
            return Problem("controller-unknown", values)
        if hidden.kind == "namespaces":
            return Problem("hidden-namespaces", {"controller": hidden.controller, "numbers": hidden.setting})
        if hidden.kind == "namespaces-unclear":
            return Problem("namespaces-unclear", {"controller": hidden.controller})
        return Problem("hidden-storage", {**values, "kind": hidden.kind})
    return None


def _forbids_disk(inventory: Inventory, answers: Sequence[Answer]) -> Problem | None:
    # A disk that is or may be inside the PC must not be passed over: the PC would leave with it unproven. What people
    # carry about (sticks, cards) is left alone.
    disks = [disk for disk in settled(inventory, answers) if disk.id.size > 0]
    doubtful = [disk for disk in disks if disk.belonging == "doubt"]
    if doubtful:
        return Problem("disk-in-doubt", {"disk": ", ".join(label(disk) for disk in doubtful)[:400]})
    own = [disk for disk in disks if disk.belonging == "internal"]
    if not own:
        return Problem("no-disk")
    for disk in own:
        if disk.read_only:
            return Problem("disk-external", {"disk": label(disk)})
        if disk.in_use:
            return Problem("disk-in-use", {"disk": label(disk)})
        if not told_apart(disk, inventory):
            placed = can_be_placed(disk, inventory)
            return Problem("disk-by-place" if placed else "disk-without-name", {"disk": _by_all_names(disk)})
    return None


def unerased(job: Job) -> tuple[Disk, ...]:
    """The PC's own disks without a verdict of *erased* in this job, or in the earlier one by whose erase it goes."""
    good = [erasure.disk for erasure in erasures(job) if erasure.verdict == "erased"]
    good += job.erased_before.disks if job.erased_before is not None else ()
    own = internal_disks(job.inventory, job.answers)
    return tuple(disk for disk in own if not any(disk.id.same_as(disk_id) for disk_id in good))


def answered(disks: Sequence[Disk]) -> tuple[DiskId, ...]:
    """Those that only a person's word makes the PC's own: the agent is told, or it refuses them."""
    return tuple(disk.id for disk in disks if disk.said == "belongs")


def _by_all_names(disk: Disk) -> str:
    """For a disk that its serial does not tell apart: also where it is."""
    return label(replace(disk, id=replace(disk.id, by_place=True)))
