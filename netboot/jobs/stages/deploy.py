"""The deploy: a master onto the disk that was chosen for it, once all is erased, and read back to the last byte.

All is erased, or a person signed an exception (`jobs/erase_exception.py`) that holds for the disks as they stand now.
"""

from typing import Final

from netboot.jobs.disk_rules import answered, internal_disks, unerased
from netboot.jobs.erase_exception import holds, states_of
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
        if left and job.exception is None:
            return Problem("not-erased", {"disk": label(left[0])})
        if left and not _excepted(job):
            return Problem("exception-void", {"disk": ", ".join(label(disk) for disk in left)[:400]})
    master, disk = target
    used = master.covers(disk.logical_sector) or 0
    return Deploy(manifest=master.manifest, name=master.name, target=disk.id, used=used, answered=answered((disk,)))


def _excepted(job: Job) -> bool:
    """Whether what was signed for this job is how its disks stand."""
    now = states_of(internal_disks(job.inventory, job.answers), job.judged)
    return job.exception is not None and holds(job.exception, now)


def _unproven(order: Deploy, result: DeployResult) -> Problem | None:
    if result.manifest != order.manifest or not result.target.same_as(order.target):
        return Problem("agent-error", {"error": "deploy: no evidence"})
    # What was written is no proof, and a deploy that goes on after a break writes only the rest.
    if result.verified < max(order.used, result.written) or (order.used and result.verified > order.used):
        return Problem("read-back", {"disk": order.target.text, "offset": str(result.verified)})
    return None


RULES: Final = StageRules(order=_order, unproven=_unproven)
