"""The job of one PC: which stage comes next, and what forbids it. Pure: no I/O, no clock, nobody else's state.

The rules are those no stage may break (docs/architecture.md): nothing is written unless a person chose; never a
removable, USB, read-only or mounted disk; no deploy before every internal disk is *erased* or the profile waives it;
a controller that hides disks, a disk of which nobody knows whether it is part of the PC, or which one it is, stops
everything that writes until a person answers (`disk_answers.py`).
Not for: what a stage's report proves (`evidence.py`).
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer, can_be_placed, settled, told_apart, vouched
from netboot.jobs.identity import keys_of
from netboot.jobs.profile import Profile
from netboot.jobs.seen import Seen, what_changed
from netboot.shared.inventory import Disk, DiskId, Inventory, Size, Text, gigabytes, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    Check,
    Customise,
    Deploy,
    Digest,
    Erase,
    EraseResult,
    Erasure,
    Finish,
    Memory,
    Result,
    Stage,
    StageName,
)


class MasterNeeds(Struct, frozen=True, kw_only=True):
    """What a master asks of a PC: the smallest disk and its sector size, and what its chunks cover, all in bytes.

    `uefi_bits`: which UEFI its boot loader is for, 0 when it has none for UEFI. `signed`: by this workshop, else no
    agent accepts it. `not_customisable`: what keeps the agent from making it a PC's own (Manifest's), "" for nothing.
    `revoked`: what our own shim refuses its loaders for under Secure Boot (`sbat.py`), "" for nothing.
    """

    manifest: Digest
    name: Text
    disk: Size
    sector: int = 512
    used: Size = 0
    uefi_bits: Literal[0, 32, 64] = 64
    signed: bool = True
    not_customisable: Text = ""
    revoked: Text = ""


class StageRecord(Struct, frozen=True, kw_only=True):
    """One stage of a job as it stands."""

    stage: StageName
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    problem: Problem | None = None
    result: Result | None = None


class Job(Struct, frozen=True, kw_only=True):
    """The plan for one visit. `inventory` is the newest known; `target` is the disk a person named, if one did.

    `seen` is what a person chose it for, None where nobody saw the PC on the page: the boot menu, a batch.
    `answers` are what people had said of the PC's disks when it began; a later word is for the next job.
    """

    id: str
    profile: Profile
    stages: tuple[StageRecord, ...]
    inventory: Inventory
    hostname: str
    master: MasterNeeds | None = None
    target: DiskId | None = None
    seen: Seen | None = None
    answers: tuple[Answer, ...] = ()


class Run(Struct, frozen=True):
    """The next stage, to be ordered now."""

    stage: Stage


class Blocked(Struct, frozen=True):
    """The stage may not run: say why. Nothing more is ordered."""

    stage: StageName
    problem: Problem


class Ended(Struct, frozen=True):
    """Nothing is left to do. `problem` is why it ended early, None when every stage is done."""

    problem: Problem | None


Next = Run | Blocked | Ended


def new_stages(profile: Profile) -> tuple[StageRecord, ...]:
    """The stages of a fresh job."""
    return tuple(StageRecord(stage=stage) for stage in profile.stages)


def next_stage(job: Job) -> Next:
    """What the PC is told to do now."""
    for record in job.stages:
        if record.state == "failed":
            return Ended(record.problem)
        if record.state != "done":
            return _order(job, record.stage)
    return Ended(None)


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


def choose_target(
    inventory: Inventory,
    master: MasterNeeds,
    named: DiskId | None,
    *,
    erased: bool,
    answers: Sequence[Answer] = (),
) -> Disk | Problem:
    """The disk that gets the master: the one a person named, else the only one that fits, else the only SSD.

    Without an erase before (`erased` False) nothing is guessed: of several disks, a person names the one to overwrite.
    """
    disks = internal_disks(inventory, answers)
    if named is not None:
        disks = tuple(disk for disk in disks if disk.id.same_as(named))
        if not disks:
            return Problem("disk-gone", {"disk": named.text})
    if not disks:
        return Problem("no-disk")
    fitting = [disk for disk in disks if disk.id.size >= master.disk and disk.logical_sector == master.sector]
    if not fitting:
        return _why_none_fits(disks, master)
    if not erased and len(disks) > 1:
        return Problem("several-targets", {"disks": ", ".join(label(disk) for disk in disks)[:400]})
    solid = [disk for disk in fitting if not disk.rotational]
    if len(fitting) == 1:
        return fitting[0]
    if len(solid) == 1:
        return solid[0]
    return Problem("several-targets", {"disks": ", ".join(label(disk) for disk in fitting)[:400]})


def memory_seconds(memory: int) -> int:
    """How long a memory of so many bytes is tested, in seconds: 20 for each GiB, at least 40, at most half an hour."""
    return min(1800, max(40, 20 * (memory >> 30)))


def erasures(job: Job) -> tuple[Erasure, ...]:
    """Every erasure this job has evidence of."""
    return tuple(
        erasure for record in job.stages if isinstance(record.result, EraseResult) for erasure in record.result.erasures
    )


def unerased(job: Job) -> tuple[Disk, ...]:
    """The PC's own disks without a verdict of *erased* in this job."""
    good = [erasure.disk for erasure in erasures(job) if erasure.verdict == "erased"]
    own = internal_disks(job.inventory, job.answers)
    return tuple(disk for disk in own if not any(disk.id.same_as(disk_id) for disk_id in good))


def _order(job: Job, stage: StageName) -> Next:
    if stage == "check":
        return Run(Check())
    if stage == "memory":
        return Run(Memory(seconds=memory_seconds(job.inventory.memory)))
    if stage == "finish":
        return Run(Finish(action=job.profile.end))
    if job.seen is not None and (problem := what_changed(job.seen, as_seen(job.inventory))):
        return Blocked(stage, problem)  # since the hello: the check looked again
    problem = forbids_writing(job.inventory, job.answers)
    if problem is not None:
        return Blocked(stage, problem)
    # Asked before the erase as well: hours are not spent for a master that is not there or fits no disk.
    target = _target(job) if "deploy" in job.profile.stages else None
    if isinstance(target, Problem):
        return Blocked(stage, target)
    if stage == "erase":
        own = internal_disks(job.inventory, job.answers)
        return Run(Erase(disks=tuple(disk.id for disk in own), answered=_answered(own)))
    if job.master is None or target is None:
        return Blocked(stage, Problem("master-missing", {"master": job.profile.master}))
    if stage == "customise":
        return Run(
            Customise(
                manifest=job.master.manifest,
                target=target.id,
                hostname=job.hostname,
                answered=_answered((target,)),
            )
        )
    if job.profile.unerased == "forbid":
        left = unerased(job)
        if left:
            return Blocked(stage, Problem("not-erased", {"disk": label(left[0])}))
    return Run(
        Deploy(
            manifest=job.master.manifest,
            name=job.master.name,
            target=target.id,
            used=job.master.used,
            answered=_answered((target,)),
        )
    )


def _answered(disks: Sequence[Disk]) -> tuple[DiskId, ...]:
    """Those that only a person's word makes the PC's own: the agent is told, or it refuses them."""
    return tuple(disk.id for disk in disks if disk.said == "belongs")


def _by_all_names(disk: Disk) -> str:
    """For a disk that its serial does not tell apart: also where it is."""
    return label(replace(disk, id=replace(disk.id, by_place=True)))


def master_forbids(profile: Profile, master: MasterNeeds | None) -> Problem | None:
    """Why no PC can get this profile's master, or None: known before anything is erased for it."""
    if not profile.master:
        return None
    if master is None:
        return Problem("master-missing", {"master": profile.master})
    if not master.signed:
        return Problem("master-unsigned", {"master": master.name})
    if "customise" in profile.stages and master.not_customisable:
        return Problem("master-fixed", {"master": master.name, "root": master.not_customisable})
    return None


def _target(job: Job) -> Disk | Problem:
    problem = master_forbids(job.profile, job.master)
    if problem is not None:
        return problem
    if job.master is None:
        return Problem("master-missing", {"master": job.profile.master})
    if job.inventory.firmware.uefi_bits == 32 and job.master.uefi_bits != 32:
        return Problem("firmware-32-bit", {"master": job.master.name})
    if job.inventory.firmware.secure_boot == "on" and job.master.revoked:
        return Problem("master-revoked", {"master": job.master.name, "why": job.master.revoked})
    return choose_target(job.inventory, job.master, job.target, erased=job.profile.erases, answers=job.answers)


def _why_none_fits(disks: Sequence[Disk], master: MasterNeeds) -> Problem:
    large = [disk for disk in disks if disk.id.size >= master.disk]
    if large:
        return Problem(
            "disk-sectors",
            {
                "master": master.name,
                "wanted": str(master.sector),
                "disk": label(large[0]),
                "found": str(large[0].logical_sector),
            },
        )
    largest = max(disks, key=lambda disk: disk.id.size)
    return Problem(
        "disk-too-small",
        {
            "master": master.name,
            "needed": gigabytes(master.disk),
            "disk": label(largest),
            "size": gigabytes(largest.id.size),
        },
    )
