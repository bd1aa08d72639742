"""The deploy: a master onto the disk that was chosen for it, once all is erased, and read back to the last byte.

All is erased, or a person signed an exception (`jobs/erase_exception.py`) that holds for the disks as they stand now.
"""

from typing import Final

from msgspec.structs import replace

from netboot.jobs.disk_rules import answered, internal_disks, unerased
from netboot.jobs.erase_exception import holds, states_of
from netboot.jobs.job import Job
from netboot.jobs.sectors import formats_sectors, sectors_for
from netboot.jobs.stages.rules import Known, Line, Report, StageRules
from netboot.jobs.target import target_of
from netboot.shared.drive_format import DriveFormat
from netboot.shared.inventory import amount, label
from netboot.shared.language import Language
from netboot.shared.problems import Problem, sizes_in
from netboot.shared.sentences.deploy import FORMATTED, FOUND
from netboot.shared.stages.deploy import Deploy, DeployResult


def _order(job: Job) -> Deploy | Problem:
    target = target_of(job)
    if isinstance(target, Problem):
        return target
    if job.profile.unerased == "forbid":
        left = unerased(job)
        if left and job.exception is None:
            return Problem("not-erased", {"disk": label(left[0])})
        if left and not _excepted(job):
            return Problem("exception-void", {"disk": ", ".join(label(disk) for disk in left)[:400]})
    master, disk = target
    sector = sectors_for(disk, job.inventory, master, formats=formats_sectors(job.profile))
    return Deploy(
        manifest=master.manifest,
        name=master.name,
        target=disk.id,
        used=master.covers(sector or disk.logical_sector) or 0,
        answered=answered((disk,)),
        format=0 if sector is None or sector == disk.logical_sector else sector,
        goes_on=job.erased_before is not None,
    )


def _excepted(job: Job) -> bool:
    """Whether what was signed for this job is how its disks stand."""
    now = states_of(internal_disks(job.inventory, job.answers), job.judged)
    return job.exception is not None and holds(job.exception, now)


def _believe(order: Deploy, report: Report, _: Known) -> DeployResult | None:
    """All of it, but no Format other than the one that was ordered: with that, a deploy that is said to be done is not
    the ordered one."""
    result = report.result
    if not isinstance(result, DeployResult):
        return None
    if result.formatted is None or _as_ordered(order, result.formatted):
        return result
    failed = report.outcome == "failed" or report.problem is not None
    return replace(result, formatted=None) if failed else None


def _unproven(order: Deploy, result: DeployResult) -> Problem | None:
    if result.manifest != order.manifest or not result.target.same_as(order.target):
        return Problem("agent-error", {"error": "deploy: no evidence"})
    # What was written is no proof, and a deploy that goes on after a break writes only the rest.
    if result.verified < max(order.used, result.written) or (order.used and result.verified > order.used):
        return Problem("read-back", {"disk": order.target.text, "offset": str(result.verified)})
    if result.formatted is not None and not (_as_ordered(order, result.formatted) and result.formatted.done):
        return Problem("agent-error", {"error": "deploy: a drive was formatted otherwise than ordered"})
    return None


def _as_ordered(order: Deploy, formatted: DriveFormat) -> bool:
    return formatted.disk.same_as(order.target) and formatted.wanted == order.format


def _shown(result: DeployResult, language: Language) -> tuple[Line, ...]:
    """What an earlier try had left on the disk; that the drive was given other sectors first, or what is known of
    that."""
    lines = [Line(FOUND[language].format(found=sizes_in(language, amount(result.found))))] if result.found else []
    return (*lines, *_format_line(result.formatted, language))


def _format_line(told: DriveFormat | None, language: Language) -> tuple[Line, ...]:
    if told is None:
        return ()
    text = FORMATTED[told.how][language].format(before=told.before, wanted=told.wanted)
    technical = "; ".join(part for part in (told.command, told.said) if part)
    return (Line(text, technical=technical, mark="" if told.done else "doubt"),)


RULES: Final = StageRules(order=_order, unproven=_unproven, believe=_believe, shown=_shown)
