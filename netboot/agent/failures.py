"""The exception by which a stage fails: with the problem for people, and the evidence there is."""

from netboot.shared.problems import Problem
from netboot.shared.stages import Result


class StageFailed(Exception):  # noqa: N818 - it says what happened to the stage
    """A stage cannot go on. `result` is what was proven before, None when nothing was."""

    def __init__(self, problem: Problem, result: Result | None = None) -> None:
        super().__init__(problem.sentence("en"))
        self.problem = problem
        self.result = result
