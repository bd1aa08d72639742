"""Visits in which disks were erased, or not: as an agent reports them and the server judges them."""

from msgspec.structs import replace

from netboot.jobs.job import Job, MasterNeeds, StageRecord
from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.records.values import Start, Visit
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Disk, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from tests.records.conftest import ERASE_AND_DEPLOY, start

MASTER = MasterNeeds(manifest="a" * 64, name="debian-minimal", disk=8 * 10**9)
FAULT = Problem("erase-incomplete", {"disk": "S", "unwritten": "4.1 kB", "unread": "4.1 kB"})
STARTS = {"debian": Start(profile=ERASE_AND_DEPLOY, master=MASTER, hostname="pc-1")}


def stopped(
    record: Record, visit: Visit, inventory: Inventory, *results: tuple[Disk, Verdict], profile: Profile | None = None
) -> Job:
    """A job of this visit that stopped at its erase, of which this is the evidence."""
    job = start(record, visit, profile=profile, master=MASTER)
    last = record.visits.get(visit.id).last_report
    erasures = tuple(
        Erasure(
            disk=disk.id,
            evidence=Overwritten(written=disk.id.size, verified=disk.id.size),
            verdict=verdict,
            level="clear" if verdict == "erased" else "none",
            problem=None if verdict == "erased" else FAULT,
        )
        for disk, verdict in results
    )
    checked = StageRecord(stage="check", state="done", result=CheckResult(inventory=inventory))
    erased = StageRecord(stage="erase", state="failed", problem=FAULT, result=EraseResult(erasures=erasures))
    for report in (checked, erased) if results else (checked,):
        record.jobs.stage_started(job.id, report.stage, last := last + 1)
        job = record.jobs.stage_finished(job.id, report, 90.0, last := last + 1)
    record.jobs.end(job.id, FAULT if results else Problem("erase-take-out"))
    return replace(job)
