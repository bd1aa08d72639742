"""What a target of the host has to be, and how a SCSI command ends (SAM-6 §5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.virtio_scsi.sense import GOOD


@dataclass(frozen=True, slots=True)
class Answer:
    """A SCSI command's end."""

    status: int = GOOD
    data: bytes = b""
    sense: bytes = b""


class ScsiTarget(Protocol):
    """One target with one logical unit; it takes one command after the other. Times are seconds of one clock.

    One that is not busy while a command is open answers all others at once.
    """

    @property
    def busy(self) -> bool:
        """Whether the next command has to wait."""

    def execute(self, cdb: bytes, data: bytes, now: float) -> Answer | None:
        """Carry out a command of at least 16 bytes; None: it takes its time, and `work` will return its end."""

    def work(self, now: float) -> Answer | None:
        """Go on with what is going on; returns the end of a command that `execute` left open."""

    def due(self, now: float) -> float | None:
        """In how many seconds `work` has something to do; None: not before the next command."""

    def forget(self) -> None:
        """Nobody waits for the end of a command any more; what it began goes on."""

    def status(self, now: float) -> Mapping[str, object]:
        """What it is at, for a test that asks."""

    def behave(self, behaviour: Behaviour) -> None:
        """Behave otherwise from now on."""

    def power_on(self, now: float) -> None:
        """The PC was switched on."""

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""

    def bus_reset(self, now: float) -> None:
        """The bus was reset."""
