"""What was answered to the questions of stages."""

from netboot.jobs.stage_questions import Counted
from netboot.records import stage_questions
from netboot.records.transactions import Transactions
from netboot.shared.protocol import QuestionClosed
from netboot.shared.stage_question import StageQuestion
from netboot.shared.stages import StageName


class Questions:
    """What was answered to the questions of stages."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def give(self, job_id: str, stage: StageName, question: StageQuestion, choice: str, who: str) -> None:
        """A person's answer on the page, before the agent hears of it. Raises QuestionOver when it comes too late."""
        with self._open.writing() as session:
            stage_questions.give(session, job_id, stage, question, choice, who=who, now=self._open.now())

    def given(self, job_id: str, key: str) -> str | None:
        """What a person answered on the page to the question of this key, "" for nothing; None once it is closed."""
        with self._open.reading() as session:
            if stage_questions.is_closed(session, job_id, key):
                return None
            answer = stage_questions.given(session, job_id, key)
            return "" if answer is None else answer.choice

    def close(self, visit_id: str, closed: QuestionClosed) -> Counted | None:
        """An agent's report of what counted, with who gave it; one that is on the record already changes nothing.

        Gives how the question ended; None when nothing new was kept.
        """
        with self._open.writing() as session:
            kept = stage_questions.close(session, visit_id, closed, now=self._open.now())
            if kept is None:
                return None
            how, added = kept
            self._open.arrivals.count(added)
        return how
