"""Orders a drive to erase itself, once that is on the record, and follows it to its end.

A drive that is still at work on an earlier erase is waited for, and one whose last erase failed is told to begin again,
since neither lets anybody read or write: only then can it be marked, and ordered anew.
Not for: when a drive that stands still is given up (`follow_up.py`).
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.firmware.account import ERASE, MARKS, Account
from netboot.agent.erase.firmware.drive_time import doing
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.held_drive import HeldDrive, asked
from netboot.agent.erase.firmware.technique import Look, Ordered
from netboot.agent.progress import Begins
from netboot.shared.erase_begun import Begun
from netboot.shared.stages.erase import DiskErase

_TICK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ordering:
    """One order to one drive."""

    drive: HeldDrive
    order: DiskErase
    begins: Begins
    account: Account

    async def get_ready(self) -> None:
        """Bring to its end what an earlier order left, or nothing could be written. Raises NotOrderedError."""
        look = await self.drive.look()
        if look.state == "running":
            self.account.tell(waited=True)
            follow = FollowUp(Look(), look.announced)
            await self._follow(follow, time.monotonic())
            look = follow.last
        if look.state == "failed" and self.drive.proof.goes_on:
            self.account.tell(waited=True)
            await self.drive.may_be_ordered()
            began = time.monotonic()
            given = await asked(lambda: self.drive.order(self.order), Ordered("", "not-told"))
            if given.accepted == "yes":
                await self._follow(FollowUp(look, look.announced), began)

    async def give(self, before: Look, begun: Begun) -> None:
        """Order it, once that is on the record, and follow it to its end. Raises NotOrderedError."""
        await self.drive.may_be_ordered()
        await self.begins.begun(begun)
        await self.drive.may_be_ordered()  # the line may have been broken for long
        began = time.monotonic()
        given = await self._waited_for(began, before)
        self.account.tell(
            command=given.command, accepted=given.accepted, said=given.said, ordered=given.dword,
            pattern=given.pattern, seconds=time.monotonic() - began,
        )  # fmt: skip
        if given.accepted == "no":
            return
        if not self.drive.proof.goes_on:
            after = await self.drive.look()
            ended = "done" if given.accepted == "yes" and after.state != "running" else after.state
            self.account.tell(state_after="not-told" if ended == "idle" else ended, media_errors=after.errors)
            return
        if given.accepted == "yes":
            taken = replace(begun, taken=True, command=given.command, ordered=given.dword, pattern=given.pattern)
            await self.begins.begun(taken)
        await self.follow(FollowUp(before, before.announced), began)

    async def follow(self, follow: FollowUp, began: float) -> None:
        """Follow what was ordered, or found at work, at `began` to its end, and tell what was seen."""
        await self._follow(follow, began)
        after = follow.last
        self.account.tell(
            states=tuple(follow.states), state_after=follow.state, logged=after.logged, untouched=after.untouched,
            purged=after.purged, media_errors=after.errors, seconds=time.monotonic() - began,
        )  # fmt: skip

    async def _waited_for(self, began: float, before: Look) -> Ordered:
        """The order given, and answered; one that answers at its end is shown meanwhile by the time that is gone."""
        future = start(lambda: self.drive.order(self.order))
        while not future.done():
            await asyncio.wait({future}, timeout=_TICK)
            gone = time.monotonic() - began
            self.account.does(doing(gone, before.announced, None))
            share = min(0.95, gone / before.announced) if before.announced else 0.0
            self.account.show(MARKS + share * ERASE, 0.0)
        return future.result()

    async def _follow(self, follow: FollowUp, began: float) -> None:
        while True:
            look = await self.drive.look()
            at = time.monotonic() - began
            step = follow.take(at, look)
            self.account.show_follow_up(follow, at, look)
            if step == "ended":
                return
            await asyncio.sleep(follow.pause(at))
