"""The erase: every disk that is the PC's own is ordered, and of each the evidence is believed or not. Pure.

What an agent says of a disk counts only as far as an honest agent can say it (`honest_erasure.py`); what contradicts
itself is *undetermined*, and says why.
"""

from typing import Final

from msgspec.structs import replace

from netboot.jobs.disk_rules import answered, internal_disks
from netboot.jobs.honest_erasure import doubt
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Known, Report, StageRules
from netboot.shared.contradictions import Reason
from netboot.shared.erase_outcome import erase_problem, short_name
from netboot.shared.inventory import DiskId, amount
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erase, EraseResult, Erasure


def _order(job: Job) -> Erase:
    own = internal_disks(job.inventory, job.answers)
    return Erase(disks=tuple(disk.id for disk in own), answered=answered(own))


def _unproven(order: Erase, result: EraseResult) -> Problem | None:
    for disk in order.disks:
        if not any(erasure.disk.same_as(disk) for erasure in result.erasures):
            return _incomplete(disk, written=0, verified=0)
    return erase_problem(result.erasures)


def _believe(order: Erase, report: Report, known: Known) -> EraseResult | None:
    """The evidence of an erase: one erasure for each disk that was ordered and for no other, as far as it is proven."""
    result = report.result
    if not isinstance(result, EraseResult):
        return None
    whole = _doubt_of_report(order, report, result, known)
    kept = []
    for disk in order.disks:
        reports = [erasure for erasure in result.erasures if erasure.disk.same_as(disk)]
        if not reports:
            continue
        reason = "two-reports" if len(reports) > 1 else whole
        kept.append(_proven(order, disk, reports[0], reason, known))
    return EraseResult(erasures=tuple(kept))


def _doubt_of_report(order: Erase, report: Report, result: EraseResult, known: Known) -> Reason | None:
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
    if report.outcome == "done":
        return None if report.problem is None and fault is None else "stage-done"
    return None if fault is not None and report.problem == fault else "stage-failed"


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


RULES: Final = StageRules(order=_order, unproven=_unproven, believe=_believe)
