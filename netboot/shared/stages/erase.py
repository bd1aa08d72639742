"""The erase, as agent and server speak of it: which disks, and the evidence of each."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.fields import Answered, At, Moment
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.problems import Problem
from netboot.shared.stages.kind import Evidence, Kind, Order

Verdict = Literal["erased", "not-erased", "undetermined"]


Level = Literal["none", "clear", "purge"]


Method = Literal["overwrite"]


class Erase(Order, frozen=True, kw_only=True, tag="erase"):
    """Erase these disks, each by its method."""

    disks: Annotated[tuple[DiskId, ...], Meta(min_length=1, max_length=128)]
    answered: Answered = ()
    method: Method = "overwrite"


BAD_RANGES: Final = 256
"""Ranges of a disk that its evidence lists one by one, at most."""


MORE_BAD: Final = 1_000_000
"""And those beyond, which are counted up to this number."""


BadPart = Literal["unwritten", "unread", "different"]


class BadRange(Struct, frozen=True, kw_only=True):
    """A part of a disk that refused to be written, refused to be read back, or gave back something else."""

    start: Size
    length: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    what: BadPart


class Erasure(Struct, frozen=True, kw_only=True):
    """One disk, one erase: what was done, what the device said, what reading back showed.

    `began` and `ended` are by the agent's steady clock, `pc_clock` is what the PC's own showed at the beginning, in
    whatever year it believed to be. `started` and `finished` are by the server's clock, when it heard of the stage's
    beginning and end: it sets them, what an agent says there does not count. `unwritten`, `unread` and `different`
    count the bytes of the `bad` ranges, and of `more_bad` further ones that are not listed.
    """

    disk: DiskId
    model: Text = ""
    method: Method
    level: Level
    verdict: Verdict
    problem: Problem | None = None
    written: Size = 0
    verified: Size = 0
    unwritten: Size = 0
    unread: Size = 0
    different: Size = 0
    bad: Annotated[tuple[BadRange, ...], Meta(max_length=BAD_RANGES)] = ()
    more_bad: Count = 0
    began: At = 0.0
    ended: At = 0.0
    pc_clock: Moment = 0.0
    started: Moment = 0.0
    finished: Moment = 0.0
    pattern: Text = ""
    before: Annotated[dict[str, Text], Meta(max_length=32)] = {}
    after: Annotated[dict[str, Text], Meta(max_length=32)] = {}

    @property
    def seconds(self) -> float:
        """How long it took; of evidence from before version 3, by the PC's clock."""
        return max(0.0, self.ended - self.began or self.finished - self.started)


class EraseResult(Evidence, frozen=True, kw_only=True, tag="erase"):
    """One erasure for each disk that was ordered, in that order."""

    erasures: Annotated[tuple[Erasure, ...], Meta(max_length=128)]


KIND: Final = Kind(order=Erase, result=EraseResult, writes=True)
