"""The erase stage on the server: orders every disk that is part of the PC, and judges the evidence of each. Pure.

A report that an honest agent would not send (`jobs/honest_erasure.py`) makes the disk *undetermined*, with the reason.
Hidden areas, what the disk counts of sectors out of reach, and which level an erase reached, are judged here, whatever
the agent says.
"""

from typing import Final

from msgspec.structs import replace

from netboot.jobs.disk_rules import answered, internal_disks
from netboot.jobs.erase_cuts import after_cuts, as_told
from netboot.jobs.erase_levels import level_of, medium_of
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_policy import orders_for
from netboot.jobs.honest_erasure import as_given_back, reason_to_doubt
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Known, Report, StageRules
from netboot.shared.contradictions import Reason
from netboot.shared.erase_outcome import as_hidden_areas_show, erase_problem, short_name
from netboot.shared.inventory import Disk, amount, label
from netboot.shared.out_of_reach import as_counts_show
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erase, EraseOptions, EraseResult, Erasure


def _order(job: Job) -> Erase | Problem:
    own = internal_disks(job.inventory, job.answers)
    options = job.profile.options_for(EraseOptions)
    orders = orders_for(own, options, beside=job.inventory.disks)
    if isinstance(orders, Problem):
        return orders
    return Erase(disks=after_cuts(orders, job.begun), answered=answered(own), thaw=options.frozen == "thaw")


def _unproven(order: Erase, result: EraseResult) -> Problem | None:
    for one in order.disks:
        if not any(erasure.disk.same_as(one.disk) for erasure in result.erasures):
            size = amount(one.disk.size)
            return Problem("erase-incomplete", {"disk": short_name(one.disk), "unwritten": size, "unread": size})
    return erase_problem(result.erasures)


def _believe(order: Erase, report: Report, known: Known) -> EraseResult | None:
    """The evidence of an erase: one erasure for each disk that was ordered and for no other, as far as it is proven."""
    result = report.result
    if not isinstance(result, EraseResult):
        return None
    whole = _reason_to_doubt_report(order, report, result, known)
    kept = []
    for one in order.disks:
        reports = [erasure for erasure in result.erasures if erasure.disk.same_as(one.disk)]
        if not reports:
            continue
        checked_disk = next((disk for disk in known.disks if disk.id.same_as(one.disk)), None)
        reason = "two-reports" if len(reports) > 1 else whole
        erasure = _proven(one, reports[0], reason, known, checked_disk)
        kept.append(_as_judged(one, erasure, checked_disk))
    return EraseResult(erasures=tuple(kept))


def _reason_to_doubt_report(order: Erase, report: Report, result: EraseResult, known: Known) -> Reason | None:
    """Why nothing in this report is believed, or None: it is of one piece, as an agent makes it."""
    if not known.newest:
        return "other-boot"
    erasures = result.erasures
    if any(not any(erasure.disk.same_as(one.disk) for one in order.disks) for erasure in erasures):
        return "not-ordered"
    if len(erasures) < len(order.disks):
        return "not-all"
    if not all(erasure.disk.same_as(one.disk) for erasure, one in zip(erasures, order.disks, strict=False)):
        return "other-order"
    fault = erase_problem(erasures)
    if report.outcome == "done":
        return None if report.problem is None and fault is None else "stage-done"
    return None if fault is not None and report.problem == fault else "stage-failed"


def _proven(
    order: DiskErase, erasure: Erasure, reason: Reason | None, known: Known, checked_disk: Disk | None
) -> Erasure:
    """The erasure as far as it is borne out: erased only when all that is said of it is what an honest agent says."""
    disk, name = order.disk, short_name(order.disk) if checked_disk is None else label(checked_disk)
    if erasure.verdict != "erased":
        verdict = (
            "not-erased"
            if METHODS[erasure.method].left(erasure.evidence, as_given_back(order, erasure))
            else erasure.verdict
        )
        if reason == "two-reports":
            verdict = "undetermined"
        return as_hidden_areas_show(replace(erasure, disk=disk, verdict=verdict), name)
    shown = as_hidden_areas_show(replace(erasure, disk=disk), name)
    if shown.verdict != "erased":
        return shown
    problem = reason or reason_to_doubt(order, erasure, known=checked_disk) or _reason_to_doubt_times(erasure, known)
    if problem is None:
        return as_counts_show(shown, name)
    if not isinstance(problem, Problem):
        problem = Problem("erase-unbelievable", {"disk": short_name(disk), "reason": problem})
    return replace(shown, verdict="undetermined", problem=problem)


def _as_judged(order: DiskErase, erasure: Erasure, checked_disk: Disk | None) -> Erasure:
    """With the model, the levels and the medium, which are the server's to say."""
    level = level_of(erasure.method, checked_disk) if erasure.verdict == "erased" else "none"
    model = erasure.model if checked_disk is None else checked_disk.model
    erasure = replace(erasure, cut=as_told(order, erasure))
    return replace(erasure, model=model, level=level, wanted=order.wanted, medium=medium_of(checked_disk))


def _reason_to_doubt_times(erasure: Erasure, known: Known) -> Reason | None:
    early = known.began is not None and erasure.began < known.began
    late = known.ended is not None and erasure.ended > known.ended
    return "times" if early or late else None


RULES: Final = StageRules(order=_order, unproven=_unproven, believe=_believe)
