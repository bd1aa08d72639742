"""Looks at a disk that erased itself: whether the marks are gone, and what reading it back shows.

SP 800-88r2 calls this the verification of a sanitization; what it comes to is decided by `shared/firmware_verdict.py`.
Not for: how marks are sought (`marking.py`), how a disk is read (`read_back.py`).
"""

from dataclasses import dataclass

from msgspec.structs import replace

from netboot.agent.disks.past_faults import Limits
from netboot.agent.erase.firmware.account import ERASE, MARKS, READ, Account
from netboot.agent.erase.firmware.contents import Contents
from netboot.agent.erase.firmware.held_drive import HeldDrive
from netboot.agent.erase.firmware.marking import Marking
from netboot.agent.erase.firmware.read_back import ReadBack
from netboot.agent.progress import Doing
from netboot.shared.firmware_verdict import fault_in
from netboot.shared.read_back import to_read


@dataclass(frozen=True, slots=True)
class Verification:
    """Of one disk, given up where it does not answer for `stall` seconds, or beyond `limits`."""

    drive: HeldDrive
    account: Account
    stall: float
    limits: Limits

    async def run(self, marking: Marking, percent: int) -> None:
        """Whether the marks are gone; if nothing speaks against it, then all of it, or this share, is read.

        Raises StallError, DiskError, and GaveUpError.
        """
        account = self.account
        account.does(Doing("reading"))
        await marking.look_again(lambda share, stuck: account.show(MARKS + ERASE, stuck))
        account.tell(marks_left=marking.left, marks_unread=marking.unread, unchanged=marking.unchanged)
        as_read = replace(account.said, to_read=1, read=1, unread=0, value=account.said.pattern or 0, even=1)
        if fault_in(as_read, self.drive.proof) is None:
            await self._read_back(percent, Contents(marking.sought()))

    async def _read_back(self, percent: int, contents: Contents) -> None:
        account, device = self.account, self.drive.device
        account.tell(sample=percent, to_read=to_read(device.size, percent))
        reading = ReadBack(self.drive.disk, device, percent, contents, limits=self.limits)
        whole = max(1, account.said.to_read)
        try:
            await reading.run(
                stall=self.stall,
                look=lambda done, stuck: account.show(MARKS + ERASE + min(1.0, done / whole) * READ, stuck),
            )
        finally:
            read = reading.read.total
            account.tell(
                read=read, unread=account.said.to_read - read,
                value=contents.value, even=contents.even, elsewhere=contents.elsewhere,
            )  # fmt: skip
