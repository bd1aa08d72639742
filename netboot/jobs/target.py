"""Which disk gets the master, and why none may: known before anything is erased for it. Pure: no I/O, no clock."""

from collections.abc import Iterable, Sequence

from msgspec import UNSET

from netboot.jobs.answer_file import not_a_windows_name, not_in_windows
from netboot.jobs.disk_answers import Answer
from netboot.jobs.disk_rules import internal_disks
from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.profile import Profile
from netboot.jobs.sectors import formats_sectors, sectors_for
from netboot.shared.inventory import (
    Disk,
    DiskId,
    Firmware,
    Inventory,
    amount,
    gigabytes,
    label,
    module_size,
)
from netboot.shared.offers import lacking, listed
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import DeployOptions
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import Windows


def target_of(job: Job) -> tuple[MasterNeeds, Disk] | Problem:
    """The master of this job and the disk that gets it, or why there is none."""
    problem = master_forbids(job.profile, job.master, job.settings)
    if problem is not None:
        return problem
    if job.master is None:
        return Problem("master-missing", {"master": job.profile.master})
    if job.master.windows is not None and _customises(job.profile) and not_a_windows_name(job.hostname, job.settings):
        return Problem("windows-settings", {"master": job.master.name, "what": f"hostname: {job.hostname}"})
    problem = _never_starts(job.inventory.firmware, job.master)
    if problem is not None:
        return problem
    if job.inventory.firmware.secure_boot == "on" and job.master.revoked:
        return Problem("master-revoked", {"master": job.master.name, "why": job.master.revoked})
    if (problem := _pc_forbids(job.inventory, job.master)) is not None:
        return problem
    disk = choose_target(
        job.inventory,
        job.master,
        job.target,
        erased=job.profile.erases,
        answers=job.answers,
        formats=formats_sectors(job.profile),
    )
    if isinstance(disk, Problem):
        return disk
    return _no_room(job, job.master, disk) or (job.master, disk)


def choose_target(
    inventory: Inventory,
    master: MasterNeeds,
    named: DiskId | None,
    *,
    erased: bool,
    answers: Sequence[Answer] = (),
    formats: bool = False,
) -> Disk | Problem:
    """The disk that gets the master: the one a person named, else the smallest SSD that it fits, else the only disk.

    Of two SSDs of one size, and of several hard disks, a person names one. Without an erase before (`erased` False)
    nothing is guessed at all: of several disks, a person names the one to overwrite. `formats`: NVMe drives may be
    given other sectors for it, where no disk fits otherwise.
    """
    disks = internal_disks(inventory, answers)
    if named is not None:
        disks = tuple(disk for disk in disks if disk.id.same_as(named))
        if not disks:
            return Problem("disk-gone", {"disk": named.text})
    if not disks:
        return Problem("no-disk")
    large = [disk for disk in disks if disk.id.size >= master.disk]
    # A drive is formatted only where no disk is right as it is.
    as_it_is = [disk for disk in large if sectors_for(disk, inventory, master, formats=False) is not None]
    fitting = as_it_is or [disk for disk in large if sectors_for(disk, inventory, master, formats=formats) is not None]
    if not fitting:
        return _wrong_sectors(large[0], master) if large else _too_small(disks, master)
    if not erased and len(disks) > 1:
        return Problem("several-targets", {"disks": ", ".join(label(disk) for disk in disks)[:400]})
    solid = [disk for disk in fitting if not disk.rotational]
    smallest = min((disk.id.size for disk in solid), default=0)
    best = [disk for disk in solid if disk.id.size == smallest] or fitting
    if len(best) == 1:
        return best[0]
    return Problem("several-targets", {"disks": ", ".join(label(disk) for disk in best)[:400]})


def _no_room(job: Job, master: MasterNeeds, disk: Disk) -> Problem | None:
    """Why the folders that the profile puts into the system would not fit beside it on this disk, or None."""
    folders = job.settings.folders
    if not folders or master.room is None:
        return None
    # A file system keeps a part for itself, and the system needs room to work in.
    free = (master.room + _grown(master, disk)) * 15 // 16
    needed = sum(folder.room for folder in folders)
    if needed <= free:
        return None
    values = {"master": master.name, "disk": label(disk), "needed": amount(needed), "free": amount(free)}
    return Problem("folders-too-large", values)


def _grown(master: MasterNeeds, disk: Disk) -> int:
    """The bytes that its root gets more on this disk."""
    if not master.grows_from or disk.id.size < max(master.grows_at, master.grows_from):
        return 0
    grown = disk.id.size - master.grows_from
    return grown if master.grows_most is None else min(grown, master.grows_most)


def _pc_forbids(inventory: Inventory, master: MasterNeeds) -> Problem | None:
    """Why this PC, whatever its disks, cannot get the master."""
    found = inventory.fitted
    # A kernel has less than what is fitted: graphics and firmware keep up to an eighth. Nothing told: nothing judged.
    if found and found + found // 7 < master.memory:
        return Problem(
            "memory-too-small",
            {"master": master.name, "needed": module_size(master.memory), "found": module_size(found)},
        )
    return None


def _never_starts(firmware: Firmware, master: MasterNeeds) -> Problem | None:
    """Why this firmware, in the mode in which it booted the agent, could not start the master, or None.

    A mode that the master's recipe does not allow is as one that its disk cannot start in.
    """
    if firmware.mode == "bios":
        starts = master.bios and "bios" in master.firmware
        return None if starts else Problem("master-no-bios", {"master": master.name})
    if "uefi" not in master.firmware:
        return Problem("master-no-uefi", {"master": master.name})
    if firmware.uefi_bits == 32:
        starts = master.uefi_bits == 32 or master.uefi_ia32
        return None if starts else Problem("firmware-32-bit", {"master": master.name})
    # A UEFI that does not tell its width may be of either.
    if not master.uefi_bits or (firmware.uefi_bits == 64 and master.uefi_bits == 32):
        return Problem("master-no-uefi", {"master": master.name})
    return None


def master_forbids(
    profile: Profile, master: MasterNeeds | None, settings: SystemSettings | None = None
) -> Problem | None:
    """Why no PC can get this profile's master, or None: known before anything is erased for it.

    `settings` are those of one PC; None for those that every PC gets.
    """
    if not profile.master:
        return None
    if master is None:
        return Problem("master-missing", {"master": profile.master})
    if not master.signed:
        return Problem("master-unsigned", {"master": master.name})
    named = profile.options_for(DeployOptions).grow
    if named is not UNSET and (obstacle := master.growth(named).obstacle):
        return Problem("master-grow", {"master": master.name, "grow": str(named), "obstacle": obstacle})
    given = profile.settings.for_model("") if settings is None else settings
    if _customises(profile) and master.windows is not None:
        return _windows_forbids(given, master, master.windows)
    if _customises(profile) and master.not_customisable:
        return Problem("master-fixed", {"master": master.name, "root": master.not_customisable})
    if "customise" not in profile.stages and master.shrunk:
        return Problem("master-shrunk", {"master": master.name})
    lacks = lacking(given, master.offers)
    if lacks:
        return Problem("master-lacks", {"master": master.name, "lacks": listed(lacks)})
    return None


def kept_whole(profiles: Iterable[Profile]) -> frozenset[str]:
    """The masters that some of these profiles give to PCs without the stage on which one that was made smaller grows
    again, or of which they have something else grow: of those none is to be made."""
    named = (one for one in profiles if one.master)
    return frozenset(one.master for one in named if "customise" not in one.stages or _names_growth(one))


def _names_growth(profile: Profile) -> bool:
    return profile.options_for(DeployOptions).grow is not UNSET


def _customises(profile: Profile) -> bool:
    return "customise" in profile.stages and not profile.leaves_as_is


def _windows_forbids(settings: SystemSettings, master: MasterNeeds, windows: Windows) -> Problem | None:
    if master.not_customisable:
        return Problem("windows-fixed", {"master": master.name, "why": master.not_customisable})
    if what := not_in_windows(settings, windows):
        return Problem("windows-settings", {"master": master.name, "what": what[:300]})
    return None


def _wrong_sectors(disk: Disk, master: MasterNeeds) -> Problem:
    found = str(disk.logical_sector)
    if master.covers(disk.logical_sector) is not None:
        return Problem("disk-not-for-bios", {"disk": label(disk), "found": found})
    values = {"master": master.name, "wanted": str(master.sector), "disk": label(disk), "found": found}
    return Problem("disk-sectors", values)


def _too_small(disks: Sequence[Disk], master: MasterNeeds) -> Problem:
    largest = max(disks, key=lambda disk: disk.id.size)
    return Problem(
        "disk-too-small",
        {
            "master": master.name,
            "needed": gigabytes(master.disk),
            "disk": label(largest),
            "size": gigabytes(largest.id.size),
            "missing": amount(master.disk - largest.id.size),
        },
    )
