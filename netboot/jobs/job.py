"""The job of one PC, as values: its profile, how its stages stand, its disks, and the master that it gets.

Not for: what comes next (`netboot/imaging.py`), what a stage is (`stages/`).
"""

from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.erase_exception import EraseException, Judged
from netboot.jobs.erased_before import ErasedBefore
from netboot.jobs.profile import Profile
from netboot.jobs.seen import Seen
from netboot.shared.erase_begun import Begun
from netboot.shared.fields import Digest
from netboot.shared.inventory import DiskId, Inventory, Size, Text
from netboot.shared.manifest import FirmwareMode
from netboot.shared.offers import Offers, what_matters
from netboot.shared.problems import Problem
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.deploy import DeployOptions, Named
from netboot.shared.stages.erase import EraseResult, Erasure
from netboot.shared.system_settings import SystemSettings
from netboot.shared.uefi_start import UefiBits
from netboot.shared.windows import Windows


class NamedGrowth(Struct, frozen=True, kw_only=True):
    """What becomes of a master where a profile has `named` grow: why it cannot (`obstacle`, "" when it can), and how
    its root grows then, as MasterNeeds tells it."""

    named: Named
    obstacle: Text = ""
    grows_from: Size = 0
    grows_at: Size = 0
    grows_most: Size | None = None


class MasterNeeds(Struct, frozen=True, kw_only=True):
    """What a master asks of a PC: the smallest disk and its sector size, and what its chunks cover, all in bytes.

    `other_sector` and `other_used`: the same for disks of the other sector size, 0 when it fits none such.
    `uefi_bits`: which UEFI its boot loader is for, 0 when it has none for UEFI. `uefi_ia32`: it has one for UEFI of 32
    bits, alone or beside that. `bios`: whether a BIOS may start it, which is not known of masters of before it was
    kept. `signed`: by this workshop, else no agent accepts it. `not_customisable`: what keeps the agent from making it
    a PC's own (Manifest's), "" for nothing.
    `shrunk`: it was made smaller, and only the stage that customises makes it fill a disk again.
    `revoked`: what our own shim refuses its loaders for under Secure Boot (`survey/sbat.py`), "" for nothing.
    `offers`: what its system has of what profiles ask for; of a job's master, of what its profile asks.
    `memory`: what the PC must have fitted, in bytes. `firmware`: how it may have been started.
    `windows`: the Windows that customising is about, None for another system.
    `room`: the bytes that are free on its root, None where that is not known; a root that grows has what a disk has
    more than `grows_from` bytes (0: it does not), on disks of `grows_at` or more, and `grows_most` more at most (None:
    that is not known). `growths`: the same where a profile names what grows, of all that it may name; of a job's
    master, of what its profile names.
    """

    manifest: Digest
    name: Text
    disk: Size
    sector: int = 512
    used: Size = 0
    uefi_bits: UefiBits = 64
    signed: bool = True
    not_customisable: Text = ""
    revoked: Text = ""
    shrunk: bool = False
    memory: Size = 0
    firmware: tuple[FirmwareMode, ...] = ("bios", "uefi")
    bios: bool = True
    offers: Offers = Offers()
    windows: Windows | None = None
    other_sector: int = 0
    other_used: Size = 0
    room: Size | None = None
    grows_from: Size = 0
    uefi_ia32: bool = False
    grows_at: Size = 0
    grows_most: Size | None = None
    growths: tuple[NamedGrowth, ...] = ()

    def growth(self, named: Named) -> NamedGrowth:
        """What becomes of it where this one is to grow."""
        return next((one for one in self.growths if one.named == named), NamedGrowth(named=named, obstacle="missing"))

    def covers(self, sector: int) -> Size | None:
        """What its chunks cover on a disk with sectors of so many bytes; None when it fits none such."""
        if sector == self.sector:
            return self.used
        return self.other_used if self.other_sector and sector == self.other_sector else None


def needed_by(profile: Profile, master: MasterNeeds | None) -> MasterNeeds | None:
    """A master as the jobs of this profile keep it: of thousands of names that it offers, those that matter to it, and
    with what the profile has grow."""
    if master is None:
        return None
    known = replace(master, offers=what_matters(master.offers, profile.settings), growths=())
    named = profile.options_for(DeployOptions).grow
    if named is UNSET:
        return known
    growth = master.growth(named)
    return replace(
        known,
        grows_from=growth.grows_from,
        grows_at=growth.grows_at,
        grows_most=growth.grows_most,
        growths=(growth,),
    )


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
    `exception` is what a person signed so that it goes on without an erase, and `judged` every erase of its visit then.
    `begun` are erases of its disks that were begun, by whichever job, and of which no end is on the record.
    `erased_before` is the erase of an earlier job that it goes by, in place of one of its own.
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
    exception: EraseException | None = None
    judged: tuple[Judged, ...] = ()
    begun: tuple[Begun, ...] = ()
    erased_before: ErasedBefore | None = None

    @property
    def settings(self) -> SystemSettings:
        """What is set of the installed system on this PC."""
        return self.profile.settings.for_model(*self.inventory.system.models)


def new_stages(profile: Profile) -> tuple[StageRecord, ...]:
    """The stages of a fresh job."""
    return tuple(StageRecord(stage=stage) for stage in profile.stages)


def erasures(job: Job) -> tuple[Erasure, ...]:
    """Every erasure this job has evidence of."""
    return tuple(
        erasure for record in job.stages if isinstance(record.result, EraseResult) for erasure in record.result.erasures
    )
