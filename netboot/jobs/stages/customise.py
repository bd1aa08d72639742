"""Customising: the deployed master becomes this PC's own, and shares no identity with another of its kind."""

from typing import Final, get_args

from msgspec.structs import replace

from netboot.jobs.answer_file import answer_file
from netboot.jobs.customise_evidence import not_as_answered, not_as_is, not_as_ordered
from netboot.jobs.disk_rules import answered
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Known, Line, Report, StageRules
from netboot.jobs.target import target_of
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.sentences.customise import CHANGED, FIRST_START
from netboot.shared.stages.customise import Customise, CustomiseResult, Found, Identity, Leftover
from netboot.shared.stages.deploy import DeployOptions


def _order(job: Job) -> Customise | Problem:
    target = target_of(job)
    if isinstance(target, Problem):
        return target
    master, disk = target
    answers = None
    if master.windows is not None and not job.profile.leaves_as_is:
        answers = answer_file(master.windows, job.hostname, job.settings)
    return Customise(
        manifest=master.manifest,
        target=disk.id,
        hostname=job.hostname,
        answered=answered((disk,)),
        settings=job.settings,
        as_is=job.profile.leaves_as_is,
        answer_file=answers,
        grow=job.profile.options_for(DeployOptions).grow,
    )


def _believe(_: Customise, report: Report, known: Known) -> CustomiseResult | None:
    """All of it, but no digest of a file with a secret whose proof is not the one that the server knows."""
    result = report.result
    if not isinstance(result, CustomiseResult):
        return None
    found = (
        one if one.part != "wifi" or known.proofs.get(one.path) == one.digest else replace(one, digest="")
        for one in result.found
    )
    return replace(result, found=tuple(found))


def _unproven(order: Customise, result: CustomiseResult) -> Problem | None:
    if (result.hostname, result.as_is) != (order.hostname, order.as_is):
        return Problem("agent-error", {"error": "customise: no evidence"})
    if order.as_is:
        return not_as_is(result)
    if order.answer_file is not None:
        return not_as_answered(order.answer_file, order.settings, result)
    return _shared_identity(result) or not_as_ordered(order, result)


_NEVER_ABSENT: Final[tuple[Identity, ...]] = ("hostname", "machine-id")


def _shared_identity(result: CustomiseResult) -> Problem | None:
    """What the PC would share with every other PC of its master, or None: each part was given, or there is none."""
    told = set(result.own) | (set(result.absent) - set(_NEVER_ABSENT))
    shared = [part for part in get_args(Identity) if part not in told or (part in result.own and part in result.absent)]
    paths = {"etc/hostname", "etc/machine-id"} - set(result.changed)
    left = [what for what in get_args(Leftover) if [one.left for one in result.forgotten if one.what == what] != [0]]
    if not shared and not paths and not left and result.root:
        return None
    return Problem("identity-shared", {"parts": ", ".join(shared or left or sorted(paths)) or "?"})


def _shown(result: CustomiseResult, language: Language) -> tuple[Line, ...]:
    """What was changed, and what could not be done, or was not to be, although the PC is ready."""
    as_is = (Problem("system-as-is"),) if result.as_is else ()
    told = (*as_is, result.warning) if result.warning is not None else as_is
    gone = sum(one.files for one in result.forgotten)
    changed = CHANGED[language].format(changed=len(result.found), gone=gone)
    seen = (Line(changed, technical="; ".join(map(_in_words, result.found))),) if result.found else ()
    if any(one.part == "answer-file" for one in result.found):
        seen = (*seen, Line(FIRST_START[language].format(hostname=result.hostname)))
    return (*seen, *(Line(one.sentence(language), one.technical) for one in told))


def _in_words(found: Found) -> str:
    """A change as it is on the disk: path, mode, and enough of the digest to tell two contents apart."""
    if found.what == "gone":
        return f"/{found.path} gone"
    return f"/{found.path} {found.mode:04o} {found.digest[:16]}".rstrip()


RULES: Final = StageRules(order=_order, unproven=_unproven, believe=_believe, shown=_shown)
