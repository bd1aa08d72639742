"""The SMART stage as the server orders and judges it: what each disk says of its own health becomes a verdict.

*Failing* is the drive's own word: ATA's SMART RETURN STATUS, SCSI's informational exceptions and NVMe's critical
warnings (Base Specification 1.4, SMART / Health Information), which smartctl(8) -H reads; a self-test that ended with
an error; a pre-failure attribute at its threshold, which says that failure is near (smartctl(8), -A).
*Worn* is what a drive counts and does not judge: sectors that it replaced, waits to replace or could not read, a life
that is used up (NVMe's percentage used may pass 100), too few spare blocks, an old-age attribute at its threshold.
*Good* takes its word that all is well, and a self-test that passed where it has one. All else is *not told*.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from netboot.jobs.disk_rules import internal_disks
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Known, Line, Mark, Report, StageRules
from netboot.shared.inventory import gigabytes
from netboot.shared.language import Language
from netboot.shared.problems import Problem, sizes_in
from netboot.shared.sentences.smart import SIGNS, VERDICTS
from netboot.shared.stages.smart import Attribute, DiskHealth, SelfTest, Smart, SmartOptions, SmartResult, Verdict

Sign = tuple[str, ...]
"""A word of SIGNS, and what it counts or names where it does."""

_MARKS: Final[dict[Verdict, Mark]] = {"good": "good", "worn": "doubt", "failing": "bad", "not-told": "doubt"}
_WORN_OUT: Final = 100
"""Percent of its life, as its maker reckons it, after which a drive is worn."""

_TESTS: Final[dict[SelfTest, Sign]] = {"passed": ("tested",), "none": ("untested",), "not-told": ("no-end",)}
"""How the test of a disk that is not failing ended."""


def _order(job: Job) -> Smart:
    disks = tuple(disk.id for disk in internal_disks(job.inventory, job.answers))
    return Smart(disks=disks, failing=job.profile.options_for(SmartOptions).failing)


def failing(health: DiskHealth) -> tuple[Sign, ...]:
    """How the drive itself says that it fails."""
    return tuple(_failing(health))


def _failing(health: DiskHealth) -> Iterator[Sign]:
    if health.passed is False:
        yield ("status",)
    if health.self_test == "failed":
        yield ("self-test",)
    if health.warning:
        yield "warning", f"0x{health.warning:02x}"
    if at := [one.name for one in health.attributes if one.prefailure and one.failed == "now"]:
        yield "threshold", ", ".join(at)


def worn(health: DiskHealth) -> tuple[Sign, ...]:
    """What it counts that a sound drive has none of."""
    return tuple(_worn(health))


def _worn(health: DiskHealth) -> Iterator[Sign]:
    for sign, count in (
        ("reallocated", health.reallocated),
        ("pending", health.pending),
        ("uncorrectable", health.uncorrectable),
    ):
        if count:
            yield sign, str(count)
    if health.used is not None and health.used >= _WORN_OUT:
        yield "used", str(health.used)
    if health.spare is not None and health.least_spare is not None and health.spare < health.least_spare:
        yield "spare", str(health.spare)
    if at := [one.name for one in health.attributes if one.failed and not (one.prefailure and one.failed == "now")]:
        yield "aged", ", ".join(at)


def verdict(health: DiskHealth) -> Verdict:
    """What is known of this disk's health; what an agent says of the verdict does not count."""
    if failing(health):
        return "failing"
    if worn(health):
        return "worn"
    return "good" if health.passed and health.self_test in ("passed", "none") else "not-told"


def _believe(order: Smart, report: Report, _: Known) -> SmartResult | None:
    """One health for each disk that was ordered and for no other, each with its verdict."""
    if not isinstance(report.result, SmartResult):
        return None
    kept = []
    for disk in order.disks:
        told = [health for health in report.result.disks if health.disk.same_as(disk)]
        if len(told) == 1:
            kept.append(replace(told[0], disk=disk, verdict=verdict(told[0])))
    return SmartResult(disks=tuple(kept))


def _unproven(order: Smart, result: SmartResult) -> Problem | None:
    if len(result.disks) != len(order.disks):
        return Problem("agent-error", {"error": "smart: no evidence"})
    bad = [_name(health) for health in result.disks if health.verdict == "failing"]
    return Problem("disk-failing", {"disk": ", ".join(bad)[:400]}) if bad and order.failing == "stop" else None


def _shown(result: SmartResult, language: Language) -> tuple[Line, ...]:
    return tuple(
        Line(_text(health, language), technical=_technical(health), mark=_MARKS[health.verdict])
        for health in result.disks
    )


def _text(health: DiskHealth, language: Language) -> str:
    signs: tuple[Sign, ...] = (*failing(health), *worn(health))
    if health.verdict == "not-told":
        signs = (_TESTS[health.self_test],) if health.passed else (("no-status",), _TESTS[health.self_test])
    elif health.verdict == "good":
        signs = (_TESTS[health.self_test],)
    if health.hours is not None:
        signs = (*signs, ("hours", str(health.hours)))
    said = ", ".join(SIGNS[sign[0]][language].format(n=sign[-1]) for sign in signs)
    colon = " : " if language == "fr" else ": "
    return f"{sizes_in(language, _name(health))}{colon}{VERDICTS[health.verdict][language]} ({said})"


def _name(health: DiskHealth) -> str:
    return " ".join(part for part in (health.model[:80], health.disk.text[:120], gigabytes(health.disk.size)) if part)


def _technical(health: DiskHealth) -> str:
    """Every attribute, and why there is no more."""
    return "; ".join([*([health.said] if health.said else []), *map(_attribute, health.attributes)])


def _attribute(one: Attribute) -> str:
    words = [str(one.id)] if one.id else []
    words += [one.name, one.raw]
    marks = [str(mark) for mark in (one.value, one.worst, one.threshold) if mark is not None]
    words += [f"({'/'.join(marks)})"] if marks else []
    words += [one.failed] if one.failed else []
    return " ".join(words)


RULES: Final = StageRules(order=_order, unproven=_unproven, believe=_believe, shown=_shown)
