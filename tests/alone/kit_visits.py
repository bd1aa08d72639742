"""A PC that was worked on from a kit's stick: its visit, step by step, as the stick writes it."""

import msgspec
from nacl.signing import SigningKey

from netboot.agent.reports import Reports
from netboot.alone.kit_visit import KitVisit, heard, job_as_judged, ordered
from netboot.imaging import Run, next_stage
from netboot.jobs.disk_rules import as_seen
from netboot.jobs.profile import Profile
from netboot.kit.identity import kit_of
from netboot.shared.inventory import Disk, Inventory
from netboot.shared.problems import Problem
from netboot.shared.protocol import StageFinished, StageStarted
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from tests.jobs.conftest import HDD, SSD, erasure, inventory

WORKSHOP = SigningKey(bytes(range(32)))
KIT = kit_of("atelier-nord", WORKSHOP)
ERASE = msgspec.convert(
    {"id": "erase-only", "name": {"fr": "Effacer", "en": "Erase"}, "stages": ["check", "erase", "finish"]}, Profile
)
LOOK = msgspec.convert(
    {"id": "inventory-only", "name": {"fr": "Inventaire", "en": "Inventory"}, "stages": ["check", "finish"]}, Profile
)
BOOT = "0d6d3c3e-6d0c-4c8e-9d4c-2f0c7a9b1e11"


def chosen(profile: Profile = ERASE, *disks: Disk, found: Inventory | None = None, job: str = "1f" * 16) -> KitVisit:
    """A person chose this, and nothing was done yet."""
    pc = found or inventory(*(disks or (SSD, HDD)))
    return KitVisit(
        kit=KIT.name, job=job, boot=BOOT, clock=1_104_537_600.0, language="fr", inventory=pc, seen=as_seen(pc),
        profile=profile,
    )  # fmt: skip


class Doing:
    """The visit while it goes on; `step` orders the next stage, begins it, and ends it with this."""

    def __init__(self, visit: KitVisit) -> None:
        self.visit = visit
        self.reports = Reports()
        self._at = 50.0

    def order(self) -> StageName:
        """The next stage is ordered."""
        following = next_stage(job_as_judged(self.visit))
        assert isinstance(following, Run)
        self.visit = ordered(self.visit, following.stage)
        return self.visit.stages[-1].stage

    def begin(self) -> None:
        """It begins."""
        report = self.reports.started(self.visit.job, self.visit.stages[-1].stage, self._at)
        assert isinstance(report, StageStarted)
        self.visit = heard(self.visit, report)

    def end(self, result: Result | None = None, problem: Problem | None = None) -> None:
        """It ends."""
        self._at += 10_000.0
        stage = self.visit.stages[-1].stage
        report = self.reports.finished(self.visit.job, stage, self._at, problem=problem, result=result)
        assert isinstance(report, StageFinished)
        self.visit = heard(self.visit, report)

    def step(self, result: Result | None = None, problem: Problem | None = None) -> None:
        """A whole stage."""
        self.order()
        self.begin()
        self.end(result, problem)


def says(disk: Disk, verdict: Verdict = "erased") -> Erasure:
    """What an honest agent says of this disk, erased in the time that `Doing` gives its erase."""
    told = erasure(disk, verdict)
    return msgspec.structs.replace(told, began=10_060.0, ended=10_060.0 + disk.id.size / 1e8)


def erased(*disks: Disk, found: Inventory | None = None, job: str = "1f" * 16) -> KitVisit:
    """A visit in which every disk was erased, and which is over."""
    doing = Doing(chosen(ERASE, *disks, found=found, job=job))
    doing.step(CheckResult(inventory=doing.visit.inventory))
    own = [disk for disk in doing.visit.inventory.disks if disk.internal]
    doing.step(EraseResult(erasures=tuple(says(disk) for disk in own)))
    doing.step()
    return doing.visit
