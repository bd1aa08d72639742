"""What people said of a PC's disks."""

from collections.abc import Sequence

from netboot.jobs.disk_answers import Answer
from netboot.records import (
    disk_answers,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    AnswerRow,
)


class Answers:
    """What people said of a PC's disks."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def give(self, machine_id: str, visit_id: str, answers: Sequence[Answer], who: str) -> None:
        """A signed-in person's answers about what this visit showed: they count for the machine's next job.

        Raises AtWork while the machine has a job that is not over, NotOnRecord when the visit is not the machine's, or
        is over where a disk is named by its place.
        """
        with self._open.writing() as session:
            disk_answers.give(session, machine_id, visit_id, answers, who=who, now=self._open.now())

    def of_visit(self, machine_id: str, visit_id: str) -> tuple[AnswerRow, ...]:
        """What was said of this machine's disks that counts in this visit, in order. Raises NotOnRecord."""
        with self._open.reading() as session:
            return disk_answers.of_visit(session, machine_id, visit_id)
