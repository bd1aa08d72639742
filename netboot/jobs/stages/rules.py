"""The interface of a stage on the server: each module of this folder has one `StageRules`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from netboot.jobs.job import Job
from netboot.shared.inventory import Disk
from netboot.shared.language import Language
from netboot.shared.problems import Code, Problem
from netboot.shared.stages import Result, Stage
from netboot.shared.stages.capture import CaptureResult

Outcome = Literal["done", "failed"]
Mark = Literal["", "good", "doubt", "bad"]
S = TypeVar("S", bound=Stage)
R = TypeVar("R", bound=Result)


class Known(Struct, frozen=True, kw_only=True):
    """What the server knows of a stage beside its agent's report.

    `disks` are the PC's as its check found them. `began` and `ended` are when the stage began and ended, in seconds of
    the agent's steady clock, None when that was not heard. `newest`: the PC has not been started again since.
    `captured` is the master that the server made of this job's capture. `proofs` are what must be found of files that
    hold a secret, by their path (`shared/private_files.py`).
    """

    disks: tuple[Disk, ...] = ()
    began: float | None = None
    ended: float | None = None
    newest: bool = True
    captured: CaptureResult | None = None
    proofs: dict[str, str] = {}


class Report(Struct, frozen=True):
    """What an agent says of a stage that it ended."""

    outcome: Outcome
    problem: Problem | None
    result: Result | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a stage found, for people; `technical` is a tool's own words, for the administrator."""

    text: str
    technical: str = ""
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class StageRules(Generic[S, R]):
    """One stage, as the server orders and judges it.

    `order` makes the order from the job, or says why it cannot be given; what forbids writing at all was asked before.
    `unproven` is what the evidence leaves open, None for nothing. `believe` is what is kept of the evidence, for stages
    of which not all that is said is believed. `no_evidence` is told of a report without any. `shown` is what the page
    says of the evidence with the stage, None where that is nothing.
    """

    order: Callable[[Job], S | Problem]
    unproven: Callable[[S, R], Problem | None] = lambda _order, _result: None
    believe: Callable[[S, Report, Known], R | None] | None = None
    no_evidence: Code = "agent-error"
    shown: Callable[[R, Language], Sequence[Line]] | None = None
