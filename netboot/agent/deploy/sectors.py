"""Gives an NVMe drive the sectors that the master is made for, where the profile allows it, by a Format.

It empties the whole drive, so it is ordered of the disk alone that is to be deployed to: claimed as for any write, its
serial number asked for once more, and only when the drive has told that it holds nothing else. The server has it on its
record first. Until it answers it is asked nothing: a drive that answers no other command meanwhile would be reset by
the kernel in the midst of its Format; the tool's own time is the bound. One that gave no answer, or is at a Format of
before a power cut, is followed to its end where it tells how far it is. That it took the order proves nothing: the disk
is claimed anew, and must have these sectors then.
Not for: erasing, which has been done and judged by then (`agent/erase/`).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from netboot.agent.deploy.awaited import Awaited
from netboot.agent.disks.claim import ReadDisks, RefusedError, claim_as_ordered
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.firmware.follow_up import SILENCE, FollowUp
from netboot.agent.erase.firmware.held_drive import HeldDrive, NotOrderedError, asked
from netboot.agent.erase.firmware.nvme import FORMAT_SECONDS, NvmeFormat
from netboot.agent.erase.firmware.technique import Look, Ordered
from netboot.agent.progress import NO_BEGINS, Begins
from netboot.agent.this_boot import ThisBoot
from netboot.shared.disk_abilities import SectorSize
from netboot.shared.drive_format import DriveFormat
from netboot.shared.inventory import Disk, label
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Code, Problem
from netboot.shared.stages.deploy import Deploy

_BEFORE: Final = Look("idle")


@dataclass(frozen=True, slots=True)
class Hands:
    """What it is done with: a test gives its own. Seconds: `patience` for the kernel and udev to see the drive as it is
    after a Format, `limit` for its answer, which the tool breaks off before, `every` between two looks."""

    drive: NvmeFormat = field(default_factory=lambda: NvmeFormat(1))
    patience: float = 30.0
    limit: float = FORMAT_SECONDS + 120
    every: float = 2.0
    follow: Callable[[], FollowUp] = lambda: FollowUp(_BEFORE, None)


@dataclass(frozen=True, slots=True)
class Given:
    """What was done: nothing, or a Format, and why the deploy cannot go on."""

    formatted: DriveFormat | None = None
    problem: Problem | None = None


async def give_sectors(
    stage: Deploy,
    manifest: Manifest,
    read_disks: ReadDisks,
    this_boot: ThisBoot,
    *,
    begins: Begins = NO_BEGINS,
    awaited: Awaited | None = None,
    hands: Hands | None = None,
) -> Given:
    """Format the ordered disk unless it has these sectors. Raises RefusedError when it may not be written.

    Nothing is done either when the order does not go with the master, or the disk is too small for it: the deploy says
    why. `awaited` is told while the drive is waited for, and how long it still is.
    """
    hands = hands or Hands()
    work = _Sectors(stage, read_disks, this_boot, begins, awaited or Awaited(), hands)
    if (problem := await work.waited()) is not None:
        return Given(problem=problem)
    disk, device = await asyncio.to_thread(claim_as_ordered, stage.target, read_disks, this_boot)
    try:
        if device.sector == stage.format or not _goes_with(stage, manifest, device):
            return Given()
        told = await work.ordered(HeldDrive(hands.drive, disk, device))
    finally:
        device.close()
    return told if isinstance(told, Given) else await work.looked_at(disk, told)


def _goes_with(stage: Deploy, manifest: Manifest, device: DirectDisk) -> bool:
    fitted = manifest.on_sectors(stage.format)
    # How many sectors it will have it does not tell; never more than fit into what it has.
    room = device.size // stage.format * stage.format
    return fitted is not None and fitted.used == stage.used and room >= manifest.disk


@dataclass(frozen=True, slots=True)
class _Sectors:
    stage: Deploy
    read_disks: ReadDisks
    this_boot: ThisBoot
    begins: Begins
    awaited: Awaited
    hands: Hands

    async def waited(self) -> Problem | None:
        """Once no Format of before is at work in the drive; why it cannot be ordered where one stands still."""
        disk, device = await asyncio.to_thread(claim_as_ordered, self.stage.target, self.read_disks, self.this_boot)
        try:
            held = HeldDrive(self.hands.drive, disk, device)
            if (await self._look(held)).state != "running":
                return None
            if await self._followed(held, time.monotonic()) != "idle":
                return self._unclear(disk, "a Format of before did not come to its end")
            await asked(lambda: self.hands.drive.rescan(disk), None)
        finally:
            device.close()
        await asyncio.to_thread(self._found, disk)
        return None

    async def ordered(self, held: HeldDrive) -> DriveFormat | Given:
        """What was ordered, and what the drive said of it; or why nothing was."""
        disk, drive = held.disk, self.hands.drive
        told = DriveFormat(
            disk=self.stage.target, before=held.device.sector, wanted=self._wanted, tool=await held.version()
        )
        on_record: DriveFormat | None = None
        try:
            await held.may_be_ordered()
            await self.begins.formatting(told)
            on_record = told
            await held.may_be_ordered()  # the line may have been broken for long
        except NotOrderedError as error:
            if on_record is not None:
                on_record = replace(told, ended=True, accepted="no", said=error.said[:256])
                await self.begins.formatting(on_record)
            return Given(on_record, self._not_ordered(error.problem))
        began = time.monotonic()
        given = await self._answered(held, began)
        state = await self._followed(held, began) if given.accepted == "not-told" else "idle"  # it may be at work still
        if given.accepted != "no":
            await asked(lambda: drive.rescan(disk), None)
        told = replace(
            told, command=given.command[:256], accepted=given.accepted, said=given.said[:256],
            seconds=time.monotonic() - began,
        )  # fmt: skip
        if state == "idle":
            return told
        told = replace(told, ended=True)
        await self.begins.formatting(told)
        return Given(told, self._unclear(disk, told.said or "it did not come to its end"))

    async def looked_at(self, disk: Disk, told: DriveFormat) -> Given:
        """What became of it, by the disk as it is found now."""
        until = time.monotonic() + self.hands.patience
        found = await asyncio.to_thread(self._found, disk)
        while (found is None or found[0] != told.wanted) and time.monotonic() < until:
            await asyncio.sleep(min(0.5, self.hands.every))
            found = await asyncio.to_thread(self._found, disk)
        after, size = found or (0, 0)
        told = replace(told, ended=True, after=after, size=size)
        await self.begins.formatting(told)
        if told.done:
            return Given(told)
        said = told.said or "-"
        return Given(told, self._kept(disk, said) if told.how == "kept" else self._unclear(disk, said))

    async def _answered(self, held: HeldDrive, began: float) -> Ordered:
        """What the drive answers at its end; it is asked nothing meanwhile."""
        future = start(lambda: self.hands.drive.to_sectors(held.disk, self._wanted))
        with self.awaited.wait():
            while not future.done():
                gone = time.monotonic() - began
                self.awaited.left = max(0.0, self.hands.limit - gone)
                if gone > self.hands.limit:
                    held.device.abandon()
                    return Ordered("", "not-told", f"the drive did not answer within {gone:.0f} s")
                await asyncio.wait({future}, timeout=self.hands.every)
        return future.result()

    async def _followed(self, held: HeldDrive, began: float) -> str:
        """What the drive is at once it has ended, or stood still or been silent for as long as it is given."""
        follow, seen = self.hands.follow(), -1
        follow.told = time.monotonic() - began
        with self.awaited.wait():
            while True:
                look = await self._look(held)
                at = time.monotonic() - began
                if look.permille is not None and look.permille > seen:
                    seen = look.permille
                    self.awaited.moved()
                ended = follow.take(at, look) == "ended"
                self.awaited.left = max(0.0, follow.left(at) if look.state == "running" else follow.told + SILENCE - at)
                if ended:
                    return follow.state
                await asyncio.sleep(min(self.hands.every, follow.pause(at)))

    async def _look(self, held: HeldDrive) -> Look:
        return await asked(lambda: self.hands.drive.at_format(held.disk), Look())

    def _found(self, disk: Disk) -> tuple[int, int] | None:
        """The bytes of the disk's sectors and its own, claimed anew; None while it cannot be.

        With other sectors it may be of another size, and is known by that from then on.
        """
        same = [one for one in self.read_disks() if _is(one, disk)]
        if len(same) != 1:
            return None
        now = replace(same[0].id, by_place=self.stage.target.by_place)
        before = self.this_boot.now(self.stage.target)
        if not now.same_as(before):
            self.this_boot.grew(self.stage.target, now, self.this_boot.given_back(self.stage.target))
        try:
            _, device = claim_as_ordered(self.stage.target, self.read_disks, self.this_boot)
        except RefusedError:
            return None
        try:
            return device.sector, device.size
        finally:
            device.close()

    @property
    def _wanted(self) -> SectorSize:
        assert self.stage.format
        return self.stage.format

    def _kept(self, disk: Disk, said: str) -> Problem:
        return self._problem("sectors-kept", disk, said)

    def _unclear(self, disk: Disk, said: str) -> Problem:
        return self._problem("sectors-unclear", disk, said)

    def _not_ordered(self, problem: Problem) -> Problem:
        return replace(problem, code="sectors-beside") if problem.code == "erase-beside" else problem

    def _problem(self, code: Code, disk: Disk, said: str) -> Problem:
        return Problem(code, {"disk": label(disk), "wanted": str(self.stage.format), "error": said[:256]})


def _is(found: Disk, disk: Disk) -> bool:
    """Whether it is the same drive in the same place, of whatever size it is now."""
    same = (found.name, found.id.serial, found.id.wwn, found.id.path) == (
        disk.name, disk.id.serial, disk.id.wwn, disk.id.path,
    )  # fmt: skip
    # What no name tells from another has stayed, or it is not known which one it is.
    known = (disk.id.named and not disk.id.by_place) or found.id.sequence == disk.id.sequence
    return same and known and found.id.size > 0
