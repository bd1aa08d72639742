"""The capture: which disk of a prepared PC becomes a master, and what the page says of it. Pure.

What the server itself made of it counts, whatever the agent says (`masters/capturing.py`).
"""

from typing import Final

from netboot.jobs.disk_rules import answered, internal_disks
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Known, Line, Report, StageRules
from netboot.shared.inventory import amount, label
from netboot.shared.language import Language
from netboot.shared.problems import Problem, sizes_in
from netboot.shared.sentences.capture import CAPTURED
from netboot.shared.stages.capture import Capture, CaptureOptions, CaptureResult


def _order(job: Job) -> Capture | Problem:
    options = job.profile.options_for(CaptureOptions)
    disks = internal_disks(job.inventory, job.answers)
    if job.target is not None:
        named = job.target
        disks = tuple(disk for disk in disks if disk.id.same_as(named))
        if not disks:
            return Problem("disk-gone", {"disk": named.text})
    if not disks:
        return Problem("no-disk")
    if len(disks) > 1:
        return Problem("capture-several", {"disks": ", ".join(label(disk) for disk in disks)[:400]})
    return Capture(job=job.id, source=disks[0].id, name=options.name, answered=answered(disks))


def _believe(order: Capture, report: Report, known: Known) -> CaptureResult | None:
    """What this server knows that it made in this very job."""
    said, made = report.result, known.captured
    if not isinstance(said, CaptureResult) or made is None:
        return None
    return made if said.manifest == made.manifest and made.name == order.name else None


def _shown(result: CaptureResult, language: Language) -> tuple[Line, ...]:
    told = CAPTURED[language].format(
        name=result.name,
        version=result.version,
        used=sizes_in(language, amount(result.used)),
        sent=sizes_in(language, amount(result.sent)),
        new=result.sent_chunks,
        chunks=result.chunks,
    )
    return (Line(told, technical=result.manifest),)


RULES: Final = StageRules(order=_order, believe=_believe, shown=_shown)
