"""The end: what the PC does when all is done."""

from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.stages.rules import StageRules
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.finish import Finish


def _order(job: Job) -> Finish:
    return Finish(action=job.profile.end)


RULES: Final[StageRules[Finish, CheckResult]] = StageRules(result=None, order=_order)
