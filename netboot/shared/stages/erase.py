"""The erase, as agent and server speak of it: which disks by which method, and the evidence of each."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from netboot.shared.disk_counts import DiskCounts
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_begun import Begun, Cut
from netboot.shared.erase_methods import AnyEvidence, Method, method_of
from netboot.shared.fields import Answered, At, Moment
from netboot.shared.given_back import GivenBack
from netboot.shared.inventory import DiskId, Text
from netboot.shared.problems import Problem
from netboot.shared.read_back import ALL
from netboot.shared.stages.kind import Evidence, Kind, Options, Order
from netboot.shared.thawing import Thawing

Verdict = Literal["erased", "not-erased", "undetermined"]
Level = Literal["none", "clear", "purge"]
"""What an erase withstands, as NIST SP 800-88 names it."""
LEVELS: Final[Sequence[Level]] = get_args(Level)
"""From the least to the most."""
Medium = Literal["magnetic", "flash", "not-told"]
Percent = Annotated[int, Meta(ge=1, le=100)]


class EraseOptions(Options, frozen=True, kw_only=True):
    """What every disk is to reach, and how.

    `level` is the least that counts. `by`: the best method that a disk can have, or this one and no other.
    `otherwise` is what happens where a disk cannot reach it: the job stops before
    anything is written; the next method is taken that can be had, for less, which the evidence says; or the disk is to
    be taken out and destroyed, and the job stops until it is. `then_overwrite`: what a drive erased by itself is
    overwritten as well. `sample`: how many per cent of such a disk are read back. `frozen`: whether a disk that is
    frozen is thawed where its method needs it, by suspending the PC, or left so. `hidden`: whether what a disk hides
    behind its end is given back to it and erased as well, or reported. `psid`: whether a person is asked for the PSID
    of a disk that TCG's locks are switched on for.
    """

    level: Literal["any", "clear", "purge"] = "clear"
    by: Literal["best"] | Method = "best"
    otherwise: Literal["stop", "next", "take-out"] = "stop"
    then_overwrite: bool = False
    sample: Percent = ALL
    frozen: Literal["thaw", "leave"] = "thaw"
    hidden: Literal["remove", "report"] = "remove"
    psid: Literal["ask", "never"] = "ask"


class DiskErase(Struct, frozen=True, kw_only=True):
    """Erase this disk by this method; where the drive refuses it before anything happens, by those of `instead`, in
    this order.

    `level` is what it counts as once it is proven, for the screen; `wanted` is what the profile asks for, none for any.
    `then_overwrite`, `sample` and `hidden` are the profile's. `password` is netboot's own for an ATA disk: what it is
    locked by while it erases itself, and what is taken off it where an earlier visit left it. `psid`: a person may be
    asked for the PSID on its label, which opens it and changes its keys, before anything else is done to it. `begun`:
    an erase of it that was begun before, and of which no end is on the record.
    """

    disk: DiskId
    method: Method
    instead: Annotated[tuple[Method, ...], Meta(max_length=32)] = ()
    level: Level = "none"
    wanted: Level = "none"
    then_overwrite: bool = False
    sample: Percent = ALL
    password: Annotated[str, Meta(max_length=32, pattern=r"^[!-~]*\Z")] = ""
    hidden: Literal["remove", "report"] = "report"
    psid: bool = False
    begun: Begun | None = None

    @property
    def methods(self) -> tuple[Method, ...]:
        """All by which it may be erased."""
        return (self.method, *self.instead)


class Erase(Order, frozen=True, kw_only=True, tag="erase"):
    """Erase these disks, each by its method. `thaw`: the PC may be suspended for those that are frozen."""

    disks: Annotated[tuple[DiskErase, ...], Meta(min_length=1, max_length=128)]
    answered: Answered = ()
    thaw: bool = False


class Erasure(Struct, frozen=True, kw_only=True):
    """One disk, one erase: what was done, what the device said, and what that comes to.

    `evidence` is its method's. `before` and `after` are None where the disk was not asked; `partitions` is why the
    kernel's old view of them could not be dropped, "" for nothing. `thawing`: it was frozen, and what was done about
    it. `given_back`: it hid something behind its end; `disk` is then still what the visit's inventory calls it.
    `unlocked`: a password of netboot's that an earlier visit had left on the disk was taken off first. `reverted`:
    TCG's locks were switched on, and went off first by the PSID that a person gave. `cut`: an erase of before was cut
    short. `counts_before`, `counts_after`: what the disk counts of its damage, None where it was not asked. `support`:
    what openSeaChest_Erase lists for it, in its own words, None where no list came. `began` and `ended` are by the
    agent's steady clock, `pc_clock` is what the PC's own showed at the beginning, in whatever year it believed to be.
    The server's own are `model` (as its PC's check found the disk), `level`, `wanted` ("none" in evidence from before
    version 4) and `medium`, and `started` and `finished`, by its clock, when it heard of the stage's beginning and end:
    what an agent says there does not count.
    """

    disk: DiskId
    model: Text = ""
    evidence: AnyEvidence
    verdict: Verdict
    problem: Problem | None = None
    level: Level = "none"
    wanted: Level = "none"
    medium: Medium = "not-told"
    began: At = 0.0
    ended: At = 0.0
    pc_clock: Moment = 0.0
    started: Moment = 0.0
    finished: Moment = 0.0
    before: DiskStatus | None = None
    after: DiskStatus | None = None
    partitions: Text = ""
    unlocked: bool = False
    reverted: bool = False
    cut: Cut | None = None
    thawing: Thawing | None = None
    given_back: GivenBack | None = None
    counts_before: DiskCounts | None = None
    counts_after: DiskCounts | None = None
    support: Annotated[tuple[Text, ...], Meta(max_length=16)] | None = None

    @property
    def size(self) -> int:
        """How many bytes the disk has for everybody: more than before where it gave something back."""
        return self.given_back.size if self.given_back is not None and self.given_back.size else self.disk.size

    @property
    def method(self) -> Method:
        """By which it was done."""
        return method_of(self.evidence)

    @property
    def lowered(self) -> bool:
        """Whether it is erased, but to a lower level than was wanted."""
        return self.verdict == "erased" and LEVELS.index(self.level) < LEVELS.index(self.wanted)

    @property
    def seconds(self) -> float:
        """How long it took; of evidence from before version 3, by the PC's clock."""
        return max(0.0, self.ended - self.began or self.finished - self.started)


class EraseResult(Evidence, frozen=True, kw_only=True, tag="erase"):
    """One erasure for each disk that was ordered, in that order."""

    erasures: Annotated[tuple[Erasure, ...], Meta(max_length=128)]


KIND: Final = Kind(order=Erase, result=EraseResult, writes=True, options=EraseOptions)
