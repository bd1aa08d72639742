"""The deploy: a master onto the disk that was chosen for it, once all is erased, and read back to the last byte."""

from typing import Final

from netboot.jobs.disk_rules import answered, unerased
from netboot.jobs.job import Job
from netboot.jobs.stages.rules import StageRules
from netboot.jobs.target import target_of
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy, DeployResult


def _order(job: Job) -> Deploy | Problem:
    target = target_of(job)
    if isinstance(target, Problem):
        return target
    if job.profile.unerased == "forbid":
        left = unerased(job)
        if left:
            return Problem("not-erased", {"disk": label(left[0])})
    master, disk = target
    return Deploy(
        manifest=master.manifest, name=master.name, target=disk.id, used=master.used, answered=answered((disk,))
    )


def _unproven(order: Deploy, result: DeployResult) -> Problem | None:
    if result.manifest != order.manifest or not result.target.same_as(order.target):
        return Problem("agent-error", {"error": "deploy: no evidence"})
    # What was written is no proof, and a deploy that goes on after a break writes only the rest.
    if result.verified < max(order.used, result.written) or (order.used and result.verified > order.used):
        return Problem("read-back", {"disk": order.target.text, "offset": str(result.verified)})
    return None


RULES: Final = StageRules(order=_order, unproven=_unproven)
