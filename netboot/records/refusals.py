"""The exceptions by which the record refuses something, with a sentence for people where one is needed."""

from typing import Literal

from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem


class RecordDamaged(NetbootError):  # noqa: N818 — an expected outcome
    """A part of the database cannot be read, or contradicts another."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"{what} is damaged: {why}",
            hint="stop netboot, keep a copy of its data folder, then put the newest backup back; "
            "see docs/operator.en.md, “Backup”",
        )


class RecordAway(NetbootError):  # noqa: N818 — an expected outcome
    """The database cannot be reached now: nothing was kept, and nothing was read."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the record cannot be reached: {why}",
            hint="look at the disk with netboot's data folder, or at its database's server, then try again",
        )
        self.why = why


class HelloRefused(NetbootError):  # noqa: N818 — an expected outcome
    """A hello that is refused; `problem` is what the PC's own screen says."""

    def __init__(self, problem: Problem, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or problem.sentence("en"), hint=hint)
        self.problem = problem


class WrongToken(HelloRefused):
    """A hello for a visit that another agent holds: the token is missing or not the visit's."""

    def __init__(self, message: str) -> None:
        super().__init__(Problem("visit-of-another"), message, hint="restart this PC on the network")


class NotOnRecord(NetbootError):  # noqa: N818 — an expected outcome
    """A machine, visit, job or stage that the record does not know, or that is in no state for what was asked."""


class AtWork(NetbootError):  # noqa: N818 — an expected outcome
    """A choice for a PC whose job is not over: one job at a time."""


class OtherOnLine(HelloRefused):
    """A hello without the visit's token for a machine whose agent is on the line: one of the two is not that PC."""

    def __init__(self) -> None:
        super().__init__(
            Problem("same-names"),
            "a PC with the same names is in the agent already",
            hint="if it was restarted just now, wait a minute: it is taken once its old line is given up",
        )


class NotThatVisit(NetbootError):  # noqa: N818 — an expected outcome
    """A person decides about a visit that the PC has no longer, or that is not this PC's."""

    def __init__(self) -> None:
        super().__init__("this PC is another since, or was started again", hint="look at it again, then choose")


class Contested(NetbootError):  # noqa: N818 — an expected outcome
    """A choice for a PC of which nobody knows yet which line is it."""

    def __init__(self) -> None:
        super().__init__("more than one line speaks for this PC", hint="say on the page which one is the PC")


class QuestionOver(NetbootError):  # noqa: N818 — an expected outcome
    """An answer to a question that is not asked any more, that was answered already, or that reads otherwise now."""

    def __init__(self) -> None:
        super().__init__("this question is not asked any more", hint="reload the page")


class CodeUnreadable(NetbootError):  # noqa: N818 — an expected outcome
    """An answer whose code cannot be the one on a disk's label."""

    def __init__(self) -> None:
        super().__init__("this is no code of a disk's label", hint="read the label again: 8 to 32 digits and letters")


class NotAllowed(NetbootError):  # noqa: N818 — an expected outcome
    """Who orders this may not."""


class Denied(NetbootError):  # noqa: N818 — an expected outcome
    """A choice for a PC that was denied."""


class BatchArmed(NetbootError):  # noqa: N818 — an expected outcome
    """A batch is armed that the person who arms another one did not see."""


class NoPlace(NetbootError):  # noqa: N818 — an expected outcome
    """A PC that booted for a batch gets no place in it: all are taken, it is over, or this PC had its turn already."""

    def __init__(self, code: Literal["batch-full", "batch-over", "batch-again"], *, places: int = 0) -> None:
        self.problem = Problem(code, {"places": str(places)} if places else {})
        super().__init__(self.problem.sentence("en"))


class CannotMerge(NetbootError):  # noqa: N818 — an expected outcome
    """Two machines that cannot be one: one was merged already, or the PC that is to go is on the line now."""

    def __init__(self, why: Literal["merged", "on-line"]) -> None:
        super().__init__("these two PCs cannot be merged", hint="reload the page; switch the PC off that is to go")
        self.why = why


class NotAsSeen(NetbootError):  # noqa: N818 — an expected outcome
    """A choice that was made for other disks, or another PC, than what its hello found. It was withdrawn."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence("en"))
        self.problem = problem


class UnknownProfile(NetbootError):  # noqa: N818 — an expected outcome
    """A choice of a profile that is not there, or no longer. It was withdrawn: nothing waits any more."""

    def __init__(self, profile: str) -> None:
        super().__init__(f"there is no profile {profile!r}", hint="choose another one for this PC")
        self.profile = profile
