"""What the evidence of an erase by the drive itself shows: nothing against it, or why the disk is not called erased.

One rule for both: the agent says it so at the bench, and the server judges by it, whatever the agent said. The drive
must have accepted the order, must have been at work on *this* order, must have said that it ended well; what was
written before must be gone; all that was to be read must have been read, and must be of one kind. Whatever is missing
is *undetermined*.
A tool's exit status counts nowhere but in `accepted`; a success that the drive's log held before proves nothing.
Sources: NVM Express base specification 2.0, §5.24 and §8.21 (Sanitize), the Sanitize Status log page: SSTAT bits 2:0,
bit 8 (Global Data Erased: nothing was written since), SCDW10; ACS-4, Sanitize Device feature set (SD0 to SD4).
Not for: which level that is (`jobs/erase_methods/levels.py`). Pure: no I/O.
"""

from dataclasses import dataclass
from typing import Final, Literal

from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.inventory import amount
from netboot.shared.sentences.erase import Code

Shortfall = Literal["not-erased", "undetermined"]

LEAST_MARKS: Final = 2
"""Its first sectors and its last; a disk of any size has more."""
LEAST_SHARE: Final = 0.9
"""Of the marks that a disk was to take: where more are missing, too much of it would be without any."""
_ACTION: Final = 0b111
"""SANACT in the first word of a Sanitize command, and so in SCDW10 of the log."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What one technique has to show. `goes_on`: the drive answers at once, works by itself, and says how far it is;
    else it answers when it is done, and its answer is its word. `action`: of a Sanitize, which its log must name.
    `even`: it leaves the same kind of content all over the disk. A change of key need not: what was never written may
    read as zeros beside what is noise now. `opens`: it takes away the lock that kept marks from a disk, which is then
    told by what all of it reads as. `rests`: the drive has no word for one that ended well, so it counts that it is at
    rest after it was at work. `filled`: the order names the byte that all of the disk then holds."""

    goes_on: bool
    action: int | None = None
    even: bool = True
    opens: bool = False
    rests: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Shows:
    """Why a disk is not called erased: the verdict, and its problem's code."""

    verdict: Shortfall
    code: Code


def fault_in(said: FirmwareErased, proof: Proof) -> Shows | None:
    """What keeps this evidence from showing an erased disk; None for nothing."""
    if said.marks_left or said.unchanged or said.elsewhere:
        return Shows("not-erased", "erase-marks-left")
    return _fault_of_drive(said, proof) or _fault_of_reading(said, proof)


def _fault_of_drive(said: FirmwareErased, proof: Proof) -> Shows | None:
    if said.accepted == "no":
        return Shows("not-erased", "erase-refused-by-drive")
    if said.state_after == "failed":
        return Shows("not-erased", "erase-failed-in-drive")
    if said.state_after == "running":
        return Shows("undetermined", "erase-stands-still")
    if said.accepted != "yes" or not has_ended(said, proof):
        return Shows("undetermined", "erase-not-told")
    return None if is_its_own(said, proof) else Shows("undetermined", "erase-unseen")


def has_ended(said: FirmwareErased, proof: Proof) -> bool:
    """Whether the drive says that its last erase is over, and tells no failure."""
    return said.state_after == "done" or (proof.rests and said.state_after == "idle")


def is_its_own(said: FirmwareErased, proof: Proof) -> bool:
    """Whether the end that the drive tells of is that of this very order."""
    if not proof.goes_on:
        return True
    if proof.action is not None and not _is_named(said, proof.action):
        return False
    if any(seen.state == "running" for seen in said.states):
        return True
    if proof.rests:
        return False
    if said.state_before in ("never", "idle", "failed"):
        return True
    if said.logged_before is not None and said.logged_before != said.logged:
        return True
    return said.untouched_before is False and said.untouched is True


def _is_named(said: FirmwareErased, action: int) -> bool:
    return said.ordered is not None and said.ordered == said.logged and said.ordered & _ACTION == action


def _fault_of_reading(said: FirmwareErased, proof: Proof) -> Shows | None:
    is_marked = said.marked >= max(LEAST_MARKS, LEAST_SHARE * said.to_mark)
    if not is_marked and not (proof.opens and said.shut):
        return Shows("undetermined", "erase-unmarked")
    if said.marks_unread or said.unread or not said.to_read or said.read != said.to_read:
        return Shows("undetermined", "erase-not-read-back")
    if (proof.filled or said.pattern is not None) and (said.pattern is None or said.value != said.pattern):
        return Shows("undetermined", "erase-other-pattern")
    if proof.even and 0 < said.even < said.read:
        return Shows("undetermined", "erase-uneven")
    if not is_marked and said.value is None:
        return Shows("undetermined", "erase-shut-before")
    # Nobody saw it at work in this boot: something may have been written since, unless one sector fills the disk.
    if said.resumed == "done" and said.even != said.read and said.untouched is not True:
        return Shows("undetermined", "erase-unseen")
    return None


def values_of(said: FirmwareErased, name: str) -> dict[str, str]:
    """What the sentences about such an erase name; `name` is the disk for people."""
    return {
        "disk": name,
        "seconds": f"{said.seconds:.0f}",
        "left": str(said.marks_left + said.unchanged + said.elsewhere),
        "marked": str(said.marked + said.compared),
        "other": amount(said.read - min(said.even, said.read)),
        "unread": amount(max(0, said.to_read - said.read)),
        "error": said.said,
    }
