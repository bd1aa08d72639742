"""A disk that was taken out of its PC: who took it, and what became of it. Pure.

A profile may say that a disk which cannot be erased as it wants is to be taken out and destroyed (`erase_policy.py`);
a disk whose erase failed may be, too. What a person says of it then stands on the PC's papers; it is their word, and
proves nothing of the disk. Nothing is allowed by it: while the disk is in the PC all rules hold for it, and a visit
without it goes on because it is not there.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from netboot.jobs.disk_rules import internal_disks
from netboot.jobs.erase_exception import Judged, State, states_of
from netboot.jobs.erase_policy import orders_for
from netboot.jobs.job import Job
from netboot.shared.inventory import Disk, DiskId, Text
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import EraseOptions

LONGEST_NAME: Final = 120

Became = Literal["not-told", "kept", "destroyed"]
"""What became of the disk since: nobody said, it is kept aside, or it was destroyed."""


class TakeOut(Struct, frozen=True, kw_only=True):
    """One disk, who took it out of the PC, and what became of it; of several about one disk the last counts."""

    disk: DiskId
    label: Text
    taken_by: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    became: Became = "not-told"


class ToTakeOut(Struct, frozen=True, kw_only=True):
    """A disk of which may be said that it was taken out; `asked` where the PC's profile says that it must be.

    `visit` is the one in which it was seen, `state` how it stood there, `said` what was said of it last.
    """

    visit: str
    disk: DiskId
    label: Text
    state: State
    asked: bool
    said: TakeOut | None = None

    @property
    def key(self) -> str:
        """The same for the same disk of the same visit, for a form."""
        return hashlib.sha256(msgspec.json.encode((self.visit, self.disk))).hexdigest()[:32]


def to_take_out(visit: str, job: Job, judged: Sequence[Judged]) -> tuple[ToTakeOut, ...]:
    """The PC's own disks that are not proven erased in this visit, whose newest job this is."""
    own = internal_disks(job.inventory, job.answers)
    options = job.profile.options_for(EraseOptions)
    out = options.otherwise == "take-out" and job.profile.erases
    asked = [disk for disk in own if out and _cannot_have(disk, options, job.inventory.disks)]
    return tuple(
        ToTakeOut(
            visit=visit,
            disk=state.disk,
            label=state.label,
            state=state.state,
            asked=any(state.disk.same_as(disk.id) for disk in asked),
        )
        for state in states_of(own, judged)
        if state.state != "erased"
    )


def _cannot_have(disk: Disk, options: EraseOptions, beside: Sequence[Disk]) -> bool:
    """Whether the profile wants more of this disk than it can have."""
    return isinstance(orders_for((disk,), options, beside=beside), Problem)
