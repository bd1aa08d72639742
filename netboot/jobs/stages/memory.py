"""The memory test: how long it takes, what it has to show, and what the page says of it."""

from typing import Final

from netboot.jobs.job import Job
from netboot.jobs.stages.rules import Line, StageRules
from netboot.shared.inventory import gigabytes
from netboot.shared.language import Language
from netboot.shared.problems import Problem, sizes_in
from netboot.shared.sentences.memory import TESTED
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


def _shown(result: MemoryResult, language: Language) -> tuple[Line, ...]:
    tested = sizes_in(language, gigabytes(result.tested))
    return (Line(TESTED[language].format(tested=tested, wrong=result.wrong)),)


RULES: Final = StageRules(order=_order, unproven=_unproven, no_evidence="memory-untested", shown=_shown)
