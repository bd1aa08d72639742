"""What an agent's report of a stage proves: evidence is believed, the word "done" is not. Pure: no I/O, no clock.

Everything is judged here before it goes on the record or on a page: what was ordered is the measure, so that no disk
stands there as *erased* that was not overwritten and read back whole by an order of this PC's own job.
Not for: what comes next (`imaging.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec.structs import replace

from netboot.imaging import Job, StageRecord, internal_disks
from netboot.inventory import DiskId
from netboot.problems import Problem
from netboot.protocol import (
    Check,
    CheckResult,
    Customise,
    CustomiseResult,
    Deploy,
    DeployResult,
    Erase,
    EraseResult,
    Erasure,
    Memory,
    MemoryResult,
    Result,
    Stage,
    StageName,
    stage_name,
)

_RESULTS: Final[Mapping[StageName, type[Result]]] = {
    "check": CheckResult,
    "memory": MemoryResult,
    "erase": EraseResult,
    "deploy": DeployResult,
    "customise": CustomiseResult,
}


def judge(
    stage: Stage, outcome: Literal["done", "failed"], problem: Problem | None, result: Result | None
) -> StageRecord:
    """What the stage that was ordered goes down as, now that its agent says how it ended."""
    name = stage_name(stage)
    result = _believed(name, stage.disks if isinstance(stage, Erase) else (), result)
    if outcome == "failed":
        problem = problem or Problem("agent-error", {"error": name})
    else:
        problem = _evidence_missing(stage, result)
    return StageRecord(stage=name, state="done" if problem is None else "failed", problem=problem, result=result)


def judge_late(job: Job, name: StageName, problem: Problem | None, result: Result | None) -> StageRecord | None:
    """What is kept of evidence that comes after its job is over, or None: a stage that was not begun proves nothing.

    Only once: a disk that was erased is erased, whatever became of its job; to say so again changes nothing.
    """
    stage = next((record for record in job.stages if record.stage == name), None)
    if stage is None or stage.result is not None:
        return None
    if stage.state != "running" and (stage.problem is None or stage.problem.code != "power-cut"):
        return None
    result = _believed(name, [disk.id for disk in internal_disks(job.inventory)], result)
    return None if result is None else StageRecord(stage=name, state="failed", problem=problem, result=result)


def _believed(name: StageName, ordered: Sequence[DiskId], result: Result | None) -> Result | None:
    """The evidence of this stage, one erasure for each disk that was `ordered` and for no other."""
    if result is None or not isinstance(result, _RESULTS.get(name, ())):
        return None
    if not isinstance(result, EraseResult):
        return result
    found = ((disk, _first_of(disk, result)) for disk in ordered)
    return EraseResult(erasures=tuple(_proven(disk, erasure) for disk, erasure in found if erasure is not None))


def _proven(disk: DiskId, erasure: Erasure) -> Erasure:
    """The erasure as its own figures bear it out: an overwrite is *clear* at most, and only when it is whole."""
    if erasure.verdict != "erased":
        return replace(erasure, disk=disk, level="none")
    if erasure.method == "overwrite" and min(erasure.written, erasure.verified) < disk.size:
        problem = erasure.problem or _incomplete(disk, written=erasure.written, verified=erasure.verified)
        return replace(erasure, disk=disk, verdict="undetermined", level="none", problem=problem)
    return replace(erasure, disk=disk, level="clear" if erasure.level == "purge" else erasure.level)


def _first_of(disk: DiskId, result: EraseResult) -> Erasure | None:
    return next((erasure for erasure in result.erasures if erasure.disk.same_as(disk)), None)


def _incomplete(disk: DiskId, *, written: int, verified: int) -> Problem:
    named = disk.serial or disk.wwn
    values = {"disk": named, "written": str(written), "verified": str(verified), "size": str(disk.size)}
    return Problem("erase-incomplete", values)


def _evidence_missing(stage: Stage, result: Result | None) -> Problem | None:
    match stage:
        case Erase(disks=disks):
            if not isinstance(result, EraseResult):
                return Problem("agent-error", {"error": "erase: no evidence"})
            for disk in disks:
                found = _first_of(disk, result)
                if found is None:
                    return _incomplete(disk, written=0, verified=0)
                if found.verdict != "erased":
                    return found.problem or Problem("not-erased", {"disk": disk.serial or disk.wwn})
        case Deploy(manifest=manifest, target=target, used=used):
            if not isinstance(result, DeployResult) or result.manifest != manifest or not result.target.same_as(target):
                return Problem("agent-error", {"error": "deploy: no evidence"})
            # What was written is no proof, and a deploy that goes on after a break writes only the rest.
            if result.verified < max(used, result.written):
                return Problem("read-back", {"disk": target.serial or target.wwn, "offset": str(result.verified)})
        case Customise(hostname=hostname):
            if not isinstance(result, CustomiseResult) or result.hostname != hostname:
                return Problem("agent-error", {"error": "customise: no evidence"})
        case Memory():
            # Less copied than there is to test: some of it was never compared.
            if not isinstance(result, MemoryResult) or not 0 < result.tested <= result.copied:
                return Problem("agent-error", {"error": "memory: no evidence"})
            if result.wrong:
                return Problem("memory-faulty", {"wrong": str(result.wrong)})
        case Check():
            if not isinstance(result, CheckResult):
                return Problem("agent-error", {"error": "check: no inventory"})
        case _:
            pass
    return None
