"""What an agent's report of a stage proves: evidence is believed, the word "done" is not. Pure: no I/O, no clock.

Everything is judged here before it goes on the record or on a page: what was ordered is the measure, and of an erase
only what an honest agent can say (`honest_erasure.py`). What contradicts itself is *undetermined*, and says why.
Not for: what comes next (`imaging.py`).
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from netboot.imaging import Job, StageRecord, internal_disks
from netboot.jobs.honest_erasure import doubt
from netboot.shared.contradictions import Reason
from netboot.shared.erase_outcome import erase_problem, short_name
from netboot.shared.inventory import Disk, DiskId, amount
from netboot.shared.problems import Problem
from netboot.shared.protocol import (
    Check,
    CheckResult,
    Customise,
    CustomiseResult,
    Deploy,
    DeployResult,
    Erase,
    EraseResult,
    Erasure,
    Identity,
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


Outcome = Literal["done", "failed"]


class Known(Struct, frozen=True, kw_only=True):
    """What the server knows of a stage beside its agent's report.

    `disks` are the PC's as its check found them. `began` and `ended` are when the stage began and ended, in seconds of
    the agent's steady clock, None when that was not heard. `newest`: the PC has not been started again since.
    """

    disks: tuple[Disk, ...] = ()
    began: float | None = None
    ended: float | None = None
    newest: bool = True


_NOTHING: Final = Known()


def judge(
    stage: Stage, outcome: Outcome, problem: Problem | None, result: Result | None, *, known: Known = _NOTHING
) -> StageRecord:
    """What the stage that was ordered goes down as, now that its agent says how it ended."""
    name = stage_name(stage)
    if isinstance(stage, Erase):
        result = _believed_erase(stage, outcome, problem, result, known)
    elif not isinstance(result, _RESULTS.get(name, ())):
        result = None
    if outcome == "failed" or problem is not None:
        fault = erase_problem(result.erasures) if isinstance(result, EraseResult) else None
        problem = fault or problem or Problem("agent-error", {"error": name})
    else:
        problem = _evidence_missing(stage, result)
    return StageRecord(stage=name, state="done" if problem is None else "failed", problem=problem, result=result)


def judge_late(
    job: Job,
    name: StageName,
    outcome: Outcome,
    problem: Problem | None,
    result: Result | None,
    *,
    known: Known = _NOTHING,
) -> StageRecord | None:
    """What is kept of evidence that comes after its job is over, or None: a stage that was not begun proves nothing.

    Only once: a disk that was erased is erased, whatever became of its job; to say so again changes nothing. Of a boot
    that is not the PC's newest nothing counts as erased: that agent is gone.
    """
    stage = next((record for record in job.stages if record.stage == name), None)
    if stage is None or stage.result is not None:
        return None
    if stage.state != "running" and (stage.problem is None or stage.problem.code != "power-cut"):
        return None
    if name == "erase":
        order = Erase(disks=tuple(disk.id for disk in internal_disks(job.inventory, job.answers)))
        result = _believed_erase(order, outcome, problem, result, known)
    elif not isinstance(result, _RESULTS.get(name, ())):
        result = None
    return None if result is None else StageRecord(stage=name, state="failed", problem=problem, result=result)


def _believed_erase(
    order: Erase, outcome: Outcome, problem: Problem | None, result: Result | None, known: Known
) -> EraseResult | None:
    """The evidence of an erase: one erasure for each disk that was ordered and for no other, as far as it is proven."""
    if not isinstance(result, EraseResult):
        return None
    whole = _doubt_of_report(order, outcome, problem, result, known)
    kept = []
    for disk in order.disks:
        reports = [erasure for erasure in result.erasures if erasure.disk.same_as(disk)]
        if not reports:
            continue
        reason = "two-reports" if len(reports) > 1 else whole
        kept.append(_proven(order, disk, reports[0], reason, known))
    return EraseResult(erasures=tuple(kept))


def _doubt_of_report(
    order: Erase, outcome: Outcome, problem: Problem | None, result: EraseResult, known: Known
) -> Reason | None:
    """Why nothing in this report is believed, or None: it is of one piece, as an agent makes it."""
    if not known.newest:
        return "other-boot"
    said = result.erasures
    if any(not any(erasure.disk.same_as(disk) for disk in order.disks) for erasure in said):
        return "not-ordered"
    if len(said) < len(order.disks):
        return "not-all"
    if not all(erasure.disk.same_as(disk) for erasure, disk in zip(said, order.disks, strict=False)):
        return "other-order"
    fault = erase_problem(said)
    if outcome == "done":
        return None if problem is None and fault is None else "stage-done"
    return None if fault is not None and problem == fault else "stage-failed"


def _proven(order: Erase, disk: DiskId, said: Erasure, reason: Reason | None, known: Known) -> Erasure:
    """The erasure as far as it is borne out: erased only when all that is said of it is what an honest agent says."""
    if said.verdict != "erased":
        # What was never written still holds what was there, whatever the disk did afterwards.
        verdict = "not-erased" if said.written < disk.size else said.verdict
        if reason == "two-reports":
            verdict = "undetermined"
        return replace(said, disk=disk, verdict=verdict, level="none")
    found = next((one for one in known.disks if one.id.same_as(disk)), None)
    reason = reason or doubt(disk, order.method, said, known=found) or _doubt_of_times(said, known)
    if reason is None:
        return replace(said, disk=disk)
    problem = Problem("erase-unbelievable", {"disk": short_name(disk), "reason": reason})
    if reason == "amounts" and max(said.written, said.verified) <= disk.size:
        problem = _incomplete(disk, written=said.written, verified=said.verified)
    return replace(said, disk=disk, verdict="undetermined", level="none", problem=problem)


def _doubt_of_times(said: Erasure, known: Known) -> Reason | None:
    early = known.began is not None and said.began < known.began
    late = known.ended is not None and said.ended > known.ended
    return "times" if early or late else None


def _incomplete(disk: DiskId, *, written: int, verified: int) -> Problem:
    left = {"unwritten": amount(disk.size - written), "unread": amount(disk.size - verified)}
    return Problem("erase-incomplete", {"disk": short_name(disk), **left})


def _evidence_missing(stage: Stage, result: Result | None) -> Problem | None:
    match stage:
        case Erase(disks=disks):
            if not isinstance(result, EraseResult):
                return Problem("agent-error", {"error": "erase: no evidence"})
            for disk in disks:
                if not any(erasure.disk.same_as(disk) for erasure in result.erasures):
                    return _incomplete(disk, written=0, verified=0)
            return erase_problem(result.erasures)
        case Deploy(manifest=manifest, target=target, used=used):
            if not isinstance(result, DeployResult) or result.manifest != manifest or not result.target.same_as(target):
                return Problem("agent-error", {"error": "deploy: no evidence"})
            # What was written is no proof, and a deploy that goes on after a break writes only the rest.
            if result.verified < max(used, result.written) or (used and result.verified > used):
                return Problem("read-back", {"disk": target.text, "offset": str(result.verified)})
        case Customise(hostname=hostname):
            if not isinstance(result, CustomiseResult) or result.hostname != hostname:
                return Problem("agent-error", {"error": "customise: no evidence"})
            return _shared_identity(result)
        case Memory():
            # Less copied than there is to test: some of it was never compared.
            if not isinstance(result, MemoryResult) or not 0 < result.tested <= result.copied:
                return Problem("memory-untested", {"error": "memory: no evidence"})
            if result.wrong:
                return Problem("memory-faulty", {"wrong": str(result.wrong)})
        case Check():
            if not isinstance(result, CheckResult):
                return Problem("agent-error", {"error": "check: no inventory"})
        case _:
            pass
    return None


_NEVER_ABSENT: Final[tuple[Identity, ...]] = ("hostname", "machine-id")


def _shared_identity(result: CustomiseResult) -> Problem | None:
    """What the PC would share with every other PC of its master, or None: each part was given, or there is none."""
    told = set(result.own) | (set(result.absent) - set(_NEVER_ABSENT))
    shared = [part for part in get_args(Identity) if part not in told or (part in result.own and part in result.absent)]
    paths = {"etc/hostname", "etc/machine-id"} - set(result.changed)
    if not shared and not paths and result.root:
        return None
    return Problem("identity-shared", {"parts": ", ".join(shared or sorted(paths)) or "?"})
