"""An exception: a signed-in person lets a PC have its master although not all of its disks are proven erased. Pure.

It is for one visit of one PC, and for what the person saw: these disks, each with the newest erase of it in that visit
and its verdict. Another disk, another erase or another verdict makes it void. It makes no disk *erased*: what it lets
through is the deploy, and the PC's paper stays a report that prints it. Nothing else that forbids writing is let
through (`disk_rules.py`). Not for: a disk that was taken out (`disk_take_out.py`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec.structs import replace

from netboot.jobs.profile import Profile
from netboot.shared.fields import Digest
from netboot.shared.inventory import Disk, DiskId, Text, label
from netboot.shared.problems import Code, Problem
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import Verdict

SHORTEST: Final = 8
LONGEST: Final = 400
"""Characters of a reason: a word is none, and a paper has room for a few lines."""

Reason = Annotated[str, Meta(min_length=SHORTEST, max_length=LONGEST)]
State = Literal[Verdict, "untreated"]
"""How a disk stands in this visit: the verdict of its newest erase, or nothing was done to it."""

_FOR_WANT_OF_PROOF: Final[tuple[Code, ...]] = ("not-erased", "exception-void")


class Judged(Struct, frozen=True, kw_only=True):
    """One erase in this visit, by its number on the record."""

    number: int
    disk: DiskId
    verdict: Verdict


class DiskState(Struct, frozen=True, kw_only=True):
    """One disk of the PC's own as a person sees it who signs; `erasure` is the number of its newest erase, 0 for none.

    `label` is what people call it.
    """

    disk: DiskId
    label: Text
    state: State
    erasure: int = 0


class EraseException(Struct, frozen=True, kw_only=True):
    """What was signed: why, for which profile as it was then (`Profile.digest`), and how each disk stood."""

    reason: Reason
    profile: Digest
    disks: Annotated[tuple[DiskState, ...], Meta(min_length=1, max_length=128)]

    @property
    def unproven(self) -> tuple[DiskState, ...]:
        """The disks that it is for; the others are erased."""
        return unproven(self.disks)


class Offer(Struct, frozen=True, kw_only=True):
    """What may be signed of a PC now: after which job of its visit, for which profile, and how its disks stand.

    `target` is the disk that then gets the master, None where there is none for it.
    """

    job: str
    profile: Profile
    target: DiskId | None
    disks: tuple[DiskState, ...]

    @property
    def digest(self) -> str:
        """What stands for all of it in a form that a person signs: 32 hexadecimal digits of its SHA-256."""
        seen = (self.job, self.profile.digest, self.target, self.disks)
        return hashlib.sha256(msgspec.json.encode(seen)).hexdigest()[:32]

    @property
    def target_label(self) -> str:
        """What people call the disk that gets the master; "" where none of the disks does."""
        target = self.target
        return next((one.label for one in self.disks if target is not None and one.disk.same_as(target)), "")


def states_of(disks: Iterable[Disk], judged: Sequence[Judged]) -> tuple[DiskState, ...]:
    """How each of these disks stands after the erases of this visit, oldest first."""
    return tuple(_state_of(disk, judged) for disk in disks)


def _state_of(disk: Disk, judged: Sequence[Judged]) -> DiskState:
    newest = next((one for one in reversed(judged) if one.disk.same_as(disk.id)), None)
    if newest is None:
        return DiskState(disk=disk.id, label=label(disk), state="untreated")
    return DiskState(disk=disk.id, label=label(disk), state=newest.verdict, erasure=newest.number)


def unproven(states: Iterable[DiskState]) -> tuple[DiskState, ...]:
    """Those that are not proven erased."""
    return tuple(state for state in states if state.state != "erased")


def holds(exception: EraseException, now: Sequence[DiskState]) -> bool:
    """Whether these are the disks, the erases and the verdicts that were signed for."""
    left = list(exception.disks)
    for state in now:
        match = next((signed for signed in left if _same(signed, state)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _same(signed: DiskState, now: DiskState) -> bool:
    return signed.disk.same_as(now.disk) and (signed.state, signed.erasure) == (now.state, now.erasure)


def stopped_for_want_of_proof(profile: Profile, stages: Iterable[tuple[StageName, str, Problem | None]]) -> bool:
    """Whether a job of this profile that ended early did so for want of an erase that is proven, before a deploy.

    `stages` are its stages in order, each with its state and its problem. An erase that ended by itself is one that was
    not proven, whatever its problem; what forbids writing at all is asked for anew before an exception is taken.
    """
    if "deploy" not in profile.stages:
        return False
    for stage, state, problem in stages:
        if state != "done":
            proof = problem is not None and (
                stage == "erase" or (stage == "deploy" and problem.code in _FOR_WANT_OF_PROOF)
            )
            return state == "failed" and proof
    return False


def going_on(profile: Profile) -> Profile:
    """What a job does that goes on without an erase of its own: the PC is looked at again, and what follows is done."""
    stages: tuple[StageName, ...] = ("check", *profile.stages[profile.stages.index("deploy") :])
    options = profile.options
    if options is not UNSET:
        options = {name: given for name, given in options.items() if name in stages}
    return replace(profile, stages=stages, options=options)
