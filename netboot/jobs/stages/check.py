"""The check: the agent looks at the hardware again before anything is written."""

from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.stages.rules import StageRules
from netboot.shared.stages.check import Check, CheckResult


def _order(_: Job) -> Check:
    return Check()


RULES: Final[StageRules[Check, CheckResult]] = StageRules(order=_order)
