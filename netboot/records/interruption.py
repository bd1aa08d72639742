"""How a job ends whose PC came back after a reboot. Pure: stages in, what to put on the record out."""

from collections.abc import Sequence

from netboot.jobs.job import StageRecord
from netboot.shared.problems import Problem


def after_another_boot(stages: Sequence[StageRecord]) -> tuple[StageRecord | None, Problem | None]:
    """The stage that ends now, if one does, and the problem the job ends with, None when it is done.

    What was at work is not known to be done: it failed. Only `finish` is different: to go away is all that it asks.
    """
    for record in stages:
        if record.state == "done":
            continue
        if record.state == "failed":
            return None, record.problem
        if record.stage == "finish":
            return StageRecord(stage="finish", state="done"), None
        if record.state == "running":
            problem = Problem("power-cut", {"stage": record.stage})
            return StageRecord(stage=record.stage, state="failed", problem=problem), problem
        return None, Problem("interrupted", {"stage": record.stage})
    return None, None
