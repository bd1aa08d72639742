"""The interface of a technique by which a drive erases itself: how it is ordered, and how the drive is asked of it.

Everything here blocks, and is called in a thread that may be left behind. Nothing raises for what a drive answers: what
is not told is None, or "not-told".
"""

from dataclasses import dataclass
from typing import Protocol

from netboot.shared.erase_methods.firmware import Accepted, FirmwareState
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase


@dataclass(frozen=True, slots=True)
class Look:
    """What a drive said of its erase at one moment, as `FirmwareErased` has it; `errors` is its count of media errors,
    `announced` how long it says that this technique takes, in seconds; `shut`: a lock of its own is closed."""

    state: FirmwareState = "not-told"
    permille: int | None = None
    logged: int | None = None
    untouched: bool | None = None
    announced: int | None = None
    errors: int | None = None
    purged: bool | None = None
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """What became of an order: the command as it was given, and whether the drive took it; `said` where it did not.
    `pattern`: the byte that all of the disk is to hold afterwards, where the order named one."""

    command: str
    accepted: Accepted
    said: str = ""
    dword: int | None = None
    pattern: int | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What else the order would erase, in words for people; or that this cannot be known."""

    others: str


class Technique(Protocol):
    """One command family of one kind of drive. `tool` is the program that speaks it, `proof` what it has to show."""

    tool: str
    proof: Proof

    def version(self) -> str:
        """The tool's name and version; "" when it is not there."""

    def is_this(self, disk: Disk) -> bool:
        """Whether the device of this name says now that it is this disk."""

    def beside(self, disk: Disk) -> Beside | None:
        """What else the order would erase; None when it is this disk alone, and the drive told so."""

    def look(self, disk: Disk) -> Look:
        """Ask the drive."""

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Give the order. One that `goes_on` comes back at once, else when the drive is done."""
