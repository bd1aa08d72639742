"""Judges an agent's report of a stage: evidence counts, the word "done" does not. Pure: no I/O, no clock.

Every report is judged here, against what was ordered, before it goes on the record or on a page. Of an erase only what
an honest agent can report is accepted (`honest_erasure.py`); a contradiction makes it *undetermined*, with the reason.
Not for: what comes next (`imaging.py`).
"""

from typing import Final

from netboot.jobs.job import Job, StageRecord
from netboot.jobs.stages import STAGES
from netboot.jobs.stages.rules import Known, Outcome, Report
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.problems import Problem
from netboot.shared.stages import KINDS, Result, Stage, StageName, stage_name
from netboot.shared.stages.erase import EraseResult

_NOTHING: Final = Known()


def judge(
    stage: Stage, outcome: Outcome, problem: Problem | None, result: Result | None, *, known: Known = _NOTHING
) -> StageRecord:
    """What the stage that was ordered goes down as, now that its agent says how it ended."""
    name = stage_name(stage)
    result = _believed(name, stage, Report(outcome, problem, result), known)
    if outcome == "failed" or problem is not None:
        fault = erase_problem(result.erasures) if isinstance(result, EraseResult) else None
        problem = fault or problem or Problem("agent-error", {"error": name})
    else:
        problem = _unproven(name, stage, result)
    return StageRecord(stage=name, state="done" if problem is None else "failed", problem=problem, result=result)


def judge_late(
    job: Job,
    name: StageName,
    outcome: Outcome,
    problem: Problem | None,
    result: Result | None,
    *,
    known: Known = _NOTHING,
) -> StageRecord | None:
    """What is kept of evidence that comes after its job is over, or None: a stage that was not begun proves nothing.

    Only once: a disk that was erased is erased, whatever became of its job; to say so again changes nothing. Of a boot
    that is not the PC's newest nothing counts as erased: that agent is gone.
    """
    stage = next((record for record in job.stages if record.stage == name), None)
    if stage is None or stage.result is not None:
        return None
    if stage.state != "running" and (stage.problem is None or stage.problem.code != "power-cut"):
        return None
    result = _believed(name, STAGES[name].order(job), Report(outcome, problem, result), known)
    return None if result is None else StageRecord(stage=name, state="failed", problem=problem, result=result)


def _believed(name: StageName, order: Stage | Problem, report: Report, known: Known) -> Result | None:
    """What is kept of a report's evidence; `order` is a Problem where it could not be given today."""
    of_this_stage, believe = KINDS[name].result, STAGES[name].believe
    if of_this_stage is None or not isinstance(report.result, of_this_stage):
        return None
    kept: Result | None = report.result
    if believe is not None:
        kept = None if isinstance(order, Problem) else believe(order, report, known)
    return kept


def _unproven(name: StageName, order: Stage, result: Result | None) -> Problem | None:
    rules = STAGES[name]
    if KINDS[name].result is None:
        return None
    if result is None:
        return Problem(rules.no_evidence, {"error": f"{name}: no evidence"})
    problem: Problem | None = rules.unproven(order, result)
    return problem
