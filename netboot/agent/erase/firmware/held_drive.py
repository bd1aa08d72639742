"""The drive that is held open, as it is asked: an answer that never comes is none, and the order reaches it alone.

Every question runs in a thread of its own, which is left behind where the drive does not answer. Right before an order
the name must still lead to the device that is held, the device must say that it is that disk, and that nothing else
would be erased with it.
Not for: which questions a kind of drive understands (`technique.py`), claiming the disk (`agent/disks/claim.py`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered, Technique
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase

T = TypeVar("T")

_UNKNOWN: Final[Beside | None] = Beside("?")
_ANSWER: Final = 150.0
"""Seconds after which a question to the drive is left to itself: longer than the tool's own time."""


class NotOrderedError(Exception):
    """The order was not given; nothing but marks was written. `said`: why, as the evidence has it."""

    def __init__(self, problem: Problem, said: str) -> None:
        super().__init__(problem.code)
        self.problem, self.said = problem, said


@dataclass(frozen=True, slots=True)
class HeldDrive:
    """One claimed disk, and how its drive is spoken to."""

    technique: Technique
    disk: Disk
    device: DirectDisk

    @property
    def proof(self) -> Proof:
        """What it has to show."""
        return self.technique.proof

    async def version(self) -> str:
        """The tool's; "" where it does not say."""
        return await asked(self.technique.version, "")

    async def look(self) -> Look:
        """What it says of its erase now."""
        return await asked(lambda: self.technique.look(self.disk), Look())

    async def is_held(self) -> bool:
        """Whether the name leads to the very device that is held, and that says that it is this disk."""
        return await asked(lambda: leads_to(self.device) and self.technique.is_this(self.disk), False)

    async def may_be_ordered(self) -> None:
        """Raises NotOrderedError unless the order would reach this disk, and it alone."""
        name = label(self.disk)
        if not await self.is_held():
            said = "the device was not the one that is held"
            raise NotOrderedError(Problem("disk-gone", {"disk": name, "error": said}), said)
        beside = await asked(lambda: self.technique.beside(self.disk), _UNKNOWN)
        if beside is not None:
            problem = Problem("erase-beside", {"disk": name, "others": beside.others[:200]})
            raise NotOrderedError(problem, f"it would erase as well: {beside.others}"[:256])

    def order(self, order: DiskErase) -> Ordered:
        """Order it to erase itself. Blocks until it answers."""
        return self.technique.order(self.disk, order)


async def asked(question: Callable[[], T], silent: T) -> T:
    """One question to a drive; `silent` is what a drive that never answers has said."""
    future = start(question)
    ended, _ = await asyncio.wait({future}, timeout=_ANSWER)
    return future.result() if ended else silent


def leads_to(device: DirectDisk) -> bool:
    """Whether the name by which the disk was opened still leads to it, and it is there."""
    try:
        return device.path.stat().st_rdev == device.device and device.state() == "refused"
    except OSError:
        return False
