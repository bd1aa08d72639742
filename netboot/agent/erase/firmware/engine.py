"""An erase that the drive does by itself, whichever technique: its steps, and the verdict of what they showed.

What was seen is the evidence; what it comes to is decided by `shared/firmware_verdict.py`, here for the screen and on
the server for the record. The steps are `operation.py`'s; the drive that is held is `held_drive.py`'s.
Not for: choosing a method or claiming the disk (`agent/erase/stage.py`).
"""

import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from netboot.agent.disks.direct_io import DirectDisk, DiskError
from netboot.agent.disks.disk_faults import problem_of
from netboot.agent.disks.disk_threads import StallError
from netboot.agent.disks.past_faults import LIMITS, GaveUpError, Limits
from netboot.agent.erase.firmware.account import Account
from netboot.agent.erase.firmware.at_work import AtWork
from netboot.agent.erase.firmware.held_drive import HeldDrive, NotOrderedError
from netboot.agent.erase.firmware.operation import Operation
from netboot.agent.erase.firmware.ordering import Ordering
from netboot.agent.erase.firmware.technique import Technique
from netboot.agent.erase.firmware.verification import Verification
from netboot.agent.erase.overwrite import STALL, Overwrite
from netboot.agent.hardware.pc_clock import pc_clock
from netboot.agent.progress import NO_BEGINS, Begins, Does, HeldUp, Progress, nobody
from netboot.shared.erase_begun import Cut, Found
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.firmware_verdict import fault_in, values_of
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erasure


class FirmwareErase:
    """One method. `suits` is what a disk must be for it, beside what its drive tells when it is asked."""

    def __init__(
        self,
        name: Method,
        technique: Technique,
        suits: Callable[[Disk], bool],
        *,
        stall: float = STALL,
        limits: Limits = LIMITS,
    ) -> None:
        self.name = name
        self._technique = technique
        self._suits = suits
        self._stall, self._limits = stall, limits

    def suits(self, disk: Disk) -> bool:
        """Whether this kind of disk can be ordered so at all."""
        return not disk.read_only and self._suits(disk)

    def work(self, size: int) -> int:
        """Its progress is told as an overwrite's is: as if all were written and read."""
        return 2 * size

    async def run(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, begins: Begins = NO_BEGINS,
    ) -> Erasure:  # fmt: skip
        """Have the disk erase itself, and look what became of it. Never raises for what the disk does."""
        operation = self._operation(order, disk, device, progress, held_up, does, begins)
        return await self._to_its_end(operation, operation.run)

    async def seen_at_work(
        self, order: DiskErase, disk: Disk, progress: Progress, held_up: HeldUp = nobody, does: Does = nobody
    ) -> AtWork | None:
        """Ask the drive, not claimed yet, whether it is at work on `DiskErase.begun`; None where that cannot matter."""
        begun = order.begun
        assert begun is not None
        account = Account(disk, disk.id.size, progress, held_up, does, self._nothing())
        return await AtWork.seen(self._technique, begun, account)

    async def follow_up(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp = nobody,
        does: Does = nobody, at_work: AtWork | None = None,
    ) -> Erasure:  # fmt: skip
        """Follow up what an earlier boot ordered (`DiskErase.begun`, of this method); nothing is ordered.

        `at_work`: what was seen of it before the disk was claimed. Where what is found proves nothing the verdict does
        not count, and `Erasure.cut` says what it was.
        """
        begun = order.begun
        assert begun is not None
        operation = self._operation(order, disk, device, progress, held_up, does, NO_BEGINS)
        found: list[Found] = []

        async def look() -> None:
            found.append(await operation.follow_up(begun, at_work))

        erasure = await self._to_its_end(operation, look)
        if at_work is not None:  # what it says of the time counts from there
            erasure = replace(erasure, began=at_work.began, pc_clock=at_work.pc_clock)
        cut = Cut(method=begun.method, at=begun.at, found=found[0] if found else "unclear")
        return replace(erasure, cut=cut)

    def _operation(
        self, order: DiskErase, disk: Disk, device: DirectDisk, progress: Progress, held_up: HeldUp, does: Does,
        begins: Begins,
    ) -> Operation:  # fmt: skip
        drive = HeldDrive(self._technique, disk, device)
        account = Account(disk, device.size, progress, held_up, does, self._nothing())
        ordering = Ordering(drive, order, begins, account)
        verification = Verification(drive, account, self._stall, self._limits)
        return Operation(self.name, order, drive, account, ordering, verification, self._stall)

    def _nothing(self) -> FirmwareErased:
        evidence = KINDS[self.name].evidence()
        assert isinstance(evidence, FirmwareErased)
        return evidence

    async def _to_its_end(self, operation: Operation, do: Callable[[], Awaitable[None]]) -> Erasure:
        began, at_first = time.monotonic(), pc_clock()
        disk, account = operation.drive.disk, operation.account
        fault: Problem | None = None
        try:
            await do()
        except StallError as error:
            fault = Problem("erase-too-slow", {"disk": label(disk), "seconds": f"{error.seconds:.0f}"})
        except DiskError as error:
            fault = problem_of(error, label(disk))
        except GaveUpError:
            fault = None  # what was not read says it
        except NotOrderedError as error:
            fault = error.problem
            account.tell(accepted="no", said=error.said)
        said = account.said
        erasure = Erasure(
            disk=disk.id, model=disk.model, evidence=said, verdict="erased", began=began,
            ended=time.monotonic(), pc_clock=at_first,
        )  # fmt: skip
        erasure = self._judged(erasure, said, label(disk), fault)
        if erasure.verdict != "erased" or not operation.order.then_overwrite:
            return erasure
        return await self._overwritten(erasure, said, operation)

    def _judged(self, erasure: Erasure, said: FirmwareErased, name: str, fault: Problem | None) -> Erasure:
        shows = fault_in(said, self._technique.proof)
        if fault is None and shows is None:
            return erasure
        if not said.command:  # nothing was ordered: what was on it is on it still
            return replace(erasure, verdict="not-erased", problem=fault or _refused(said, name))
        if shows is None:
            return replace(erasure, verdict="undetermined", problem=fault)
        return replace(erasure, verdict=shows.verdict, problem=fault or Problem(shows.code, values_of(said, name)))

    async def _overwritten(self, erasure: Erasure, said: FirmwareErased, operation: Operation) -> Erasure:
        disk, device, account = operation.drive.disk, operation.drive.device, operation.account

        def behind(done: int, total: int, part: str = "") -> None:
            account.progress(self.work(device.size) + done, self.work(device.size) + total, part)

        anew = replace(operation.order, begun=None)
        overwrite = Overwrite(stall=self._stall, limits=self._limits)
        then = await overwrite.run(anew, disk, device, behind, account.held_up, account.does)
        assert isinstance(then.evidence, Overwritten)
        return replace(
            erasure,
            evidence=replace(said, overwritten=then.evidence),
            verdict=then.verdict,
            problem=then.problem,
            ended=then.ended,
        )


def _refused(said: FirmwareErased, name: str) -> Problem:
    return Problem("erase-refused-by-drive", values_of(said, name))
