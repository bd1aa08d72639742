"""The agent's reports until they are on the server's record: numbered, kept, sent again after a broken connection.

Pure: no socket here. Progress is not kept: only the newest matters.
"""

from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import Count
from netboot.shared.problems import Problem
from netboot.shared.protocol import EraseBegun, FormatTold, QuestionClosed, StageFinished, StageStarted
from netboot.shared.stage_question import How, StageQuestion
from netboot.shared.stages import Result, StageName

Report = StageStarted | EraseBegun | FormatTold | StageFinished | QuestionClosed


class Reports:
    """What has been reported and not yet received, in order."""

    def __init__(self) -> None:
        self._last: Count = 0
        self._kept: list[Report] = []

    def started(self, job: str, stage: StageName, at: float) -> Report:
        """Number and keep: a stage began, `at` seconds after the PC's start."""
        self._last += 1
        report = StageStarted(number=self._last, job=job, stage=stage, at=at)
        self._kept.append(report)
        return report

    def finished(
        self, job: str, stage: StageName, at: float, *, problem: Problem | None = None, result: Result | None = None
    ) -> Report:
        """Number and keep: a stage ended, failed when there is a problem."""
        self._last += 1
        report = StageFinished(
            number=self._last,
            job=job,
            stage=stage,
            at=at,
            outcome="failed" if problem else "done",
            problem=problem,
            result=result,
        )
        self._kept.append(report)
        return report

    def begun(self, job: str, begun: Begun) -> Report:
        """Number and keep: a disk is about to be erased."""
        self._last += 1
        report = EraseBegun(number=self._last, job=job, begun=begun)
        self._kept.append(report)
        return report

    def formatting(self, job: str, told: DriveFormat) -> Report:
        """Number and keep: a drive is about to be formatted for its master, or was."""
        self._last += 1
        report = FormatTold(number=self._last, job=job, format=told)
        self._kept.append(report)
        return report

    def question_closed(self, job: str, stage: StageName, question: StageQuestion, how: How, choice: str) -> Report:
        """Number and keep: how a question ended."""
        self._last += 1
        report = QuestionClosed(number=self._last, job=job, stage=stage, question=question, how=how, choice=choice)
        self._kept.append(report)
        return report

    def received(self, number: int) -> None:
        """The server has everything up to `number` on its record.

        An agent that was restarted in the same boot goes on counting where its predecessor stopped.
        """
        self._kept = [report for report in self._kept if report.number > number]
        self._last = max(self._last, number)

    def unreceived(self) -> tuple[Report, ...]:
        """What must be sent again, in order."""
        return tuple(self._kept)

    @property
    def settled(self) -> bool:
        """Whether everything is on the record."""
        return not self._kept
