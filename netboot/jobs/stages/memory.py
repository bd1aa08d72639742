"""The memory test: how long it takes, and what it has to show."""

from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.stages.rules import StageRules
from netboot.shared.problems import Problem
from netboot.shared.stages.memory import Memory, MemoryResult


def memory_seconds(memory: int) -> int:
    """How long a memory of so many bytes is tested, in seconds: 20 for each GiB, at least 40, at most half an hour."""
    return min(1800, max(40, 20 * (memory >> 30)))


def _order(job: Job) -> Memory:
    return Memory(seconds=memory_seconds(job.inventory.memory))


def _unproven(_: Memory, result: MemoryResult) -> Problem | None:
    # Less copied than there is to test: some of it was never compared.
    if not 0 < result.tested <= result.copied:
        return Problem("memory-untested", {"error": "memory: no evidence"})
    return Problem("memory-faulty", {"wrong": str(result.wrong)}) if result.wrong else None


RULES: Final = StageRules(result=MemoryResult, order=_order, unproven=_unproven, no_evidence="memory-untested")
