"""The end: what the PC does when all is done."""

from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.stages.rules import StageRules
from netboot.shared.stages import Result
from netboot.shared.stages.finish import Finish


def _order(job: Job) -> Finish:
    return Finish(action=job.profile.end)


RULES: Final[StageRules[Finish, Result]] = StageRules(order=_order)
