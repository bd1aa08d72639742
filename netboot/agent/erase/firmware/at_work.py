"""A drive that is seen at work on an earlier boot's order while nobody can open it: asked meanwhile, so its end counts.

So is a SCSI disk at a sanitize: the kernel's search for partitions lets nobody open its block device, mostly to the end
of it (`agent/disks/scsi_node.py`), and at rest the disk says nothing of how it came there (REQUEST SENSE, SPC-5; SBC-4
4.11). What is seen here is one half of what was seen of that order; the other is seen once the disk is claimed. It
counts for the very device that was asked, and for no other of that name.
Not for: drives that can be opened while they are at work, and whose log tells how it ended.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Self

from netboot.agent.erase.firmware.account import Account
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.held_drive import asked
from netboot.agent.erase.firmware.technique import Look, Technique
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import Disk


@dataclass(frozen=True, slots=True)
class AtWork:
    """One drive since `began`, when it was found at work; `pc_clock`: by the PC's own clock. `follow`: what it said."""

    technique: Technique
    account: Account
    follow: FollowUp
    began: float
    pc_clock: float

    @classmethod
    async def seen(cls, technique: Technique, begun: Begun, account: Account) -> Self | None:
        """Ask the drive; None where it is not at work, or has a word of its own for an end."""
        if not technique.proof.rests or not can_be_followed(begun, technique):
            return None
        found = cls(technique, account, FollowUp(look_before(begun), begun.announced), time.monotonic(), pc_clock())
        await found._look()
        return found if found.follow.ran else None

    async def until(self, claimed: asyncio.Future[Any]) -> None:
        """Ask it again and again until this is over, however it ends."""
        while not claimed.done():
            await asyncio.wait({claimed}, timeout=self.follow.pause(time.monotonic() - self.began))
            if not claimed.done():
                await self._look()

    def counts_for(self, disk: Disk) -> bool:
        """Whether this is the very device that was asked, never away in between, and it told no failure."""
        known = self.account.disk
        is_it = known.name == disk.name and 0 < known.id.sequence == disk.id.sequence
        return is_it and all(seen.state != "failed" for seen in self.follow.states)

    async def _look(self) -> None:
        look = await asked(lambda: self.technique.look(self.account.disk), Look())
        at = time.monotonic() - self.began
        self.follow.take(at, look)
        self.account.show_follow_up(self.follow, at, look)


def can_be_followed(begun: Begun, technique: Technique) -> bool:
    """Whether a drive goes on by itself with this order, which it took, and whose marks are known."""
    return begun.taken and bool(begun.key) and technique.proof.goes_on


def look_before(begun: Begun) -> Look:
    """What the drive said before it was ordered."""
    return Look(begun.state_before, logged=begun.logged_before, untouched=begun.untouched_before)
