"""One erase by one drive, step by step: marks, status, order, follow-up, marks again, reading.

One whose order is on the record from before a power cut is followed up instead: then the marks of that order are what
is looked for, and nothing is ordered.
Not for: what the evidence comes to (`engine.py`, `shared/firmware_verdict.py`).
"""

import secrets
import time
from dataclasses import dataclass

from netboot.agent.erase.firmware.account import MARKS, Account
from netboot.agent.erase.firmware.at_work import AtWork, can_be_followed, look_before
from netboot.agent.erase.firmware.follow_up import FollowUp
from netboot.agent.erase.firmware.held_drive import HeldDrive
from netboot.agent.erase.firmware.marking import Marking
from netboot.agent.erase.firmware.ordering import Ordering
from netboot.agent.erase.firmware.technique import Look
from netboot.agent.erase.firmware.verification import Verification
from netboot.agent.progress import Doing
from netboot.shared.erase_begun import Begun, Found
from netboot.shared.erase_methods import Method
from netboot.shared.firmware_verdict import fault_in, has_ended
from netboot.shared.read_back import ALL
from netboot.shared.stages.erase import DiskErase


@dataclass(frozen=True, slots=True)
class Operation:
    """One disk under way; what was seen of it is in `account`."""

    method: Method
    order: DiskErase
    drive: HeldDrive
    account: Account
    ordering: Ordering
    verification: Verification
    stall: float

    async def run(self) -> None:
        """From the first question to the last byte read. Raises NotOrderedError, and what reading and writing do."""
        account = self.account
        await self._meet()
        await self.ordering.get_ready()
        account.does(Doing("marking"))
        marking = Marking(self.drive.device, secrets.token_bytes(32), self.stall)
        await marking.put(lambda share, stuck: account.show(share * MARKS, stuck))
        account.tell(to_mark=marking.to_mark, marked=marking.marked, compared=marking.compared)
        before = await self.drive.look()
        account.tell(
            state_before=before.state, logged_before=before.logged, untouched_before=before.untouched,
            announced=before.announced, media_errors_before=before.errors,
            shut=before.shut and not marking.marked and not marking.compared,
        )  # fmt: skip
        begun = Begun(
            disk=self.order.disk, size=self.drive.device.size, method=self.method, tool=account.said.tool,
            state_before=before.state, logged_before=before.logged, untouched_before=before.untouched,
            announced=before.announced, media_errors_before=before.errors,
            password="" if self.drive.proof.goes_on else self.order.password,
        )  # fmt: skip
        await self.ordering.give(before, marking.told_in(begun))
        if account.said.accepted == "no" or account.said.state_after in ("running", "failed"):
            return
        await self.verification.run(marking, self.order.sample)

    async def follow_up(self, begun: Begun, at_work: AtWork | None = None) -> Found:
        """Follow what an earlier boot ordered, and look what became of it; the evidence is of that order then.

        `at_work`: what was seen of it before the disk could be opened.
        """
        account, proof = self.account, self.drive.proof
        if not can_be_followed(begun, self.drive.technique):
            return "undone"
        look, follow, began = await self.drive.look(), FollowUp(look_before(begun), begun.announced), time.monotonic()
        if look.state in ("idle", "running") and at_work is not None and at_work.counts_for(self.drive.disk):
            # It was seen at work, so at rest it has ended, as one has that is followed from the first.
            look, follow, began = Look("running"), at_work.follow, at_work.began
            account.shown = at_work.account.shown
        if look.state != "running" and look.state != "done":
            return "undone" if look.state in ("never", "idle") else "failed" if look.state == "failed" else "unclear"
        if look.logged != begun.ordered and (look.logged is not None or proof.action is not None):
            return "unclear"  # something else was ordered since
        if begun.size != self.drive.device.size or not await self.drive.is_held():
            return "unclear"  # of another size: its marks stood elsewhere, and where they are sought none was written
        await self._meet()
        marking = Marking.of(begun, self.drive.device, self.stall)
        account.tell(
            command=begun.command, accepted="yes", ordered=begun.ordered, pattern=begun.pattern, resumed=look.state,
            to_mark=marking.to_mark, marked=marking.marked, state_before=begun.state_before,
            logged_before=begun.logged_before, untouched_before=begun.untouched_before, announced=begun.announced,
            media_errors_before=begun.media_errors_before,
        )  # fmt: skip
        await self.ordering.follow(follow, began)
        if account.said.state_after == "running":
            return "followed"  # it stands still: nothing else could be ordered of it
        if not has_ended(account.said, proof):
            return "failed" if account.said.state_after == "failed" else "unclear"
        # Nobody saw one at work that was found done: then a sample is not enough.
        await self.verification.run(marking, self.order.sample if look.state == "running" else ALL)
        return "followed" if fault_in(account.said, proof) is None else "unclear"

    async def _meet(self) -> None:
        self.account.tell(tool=await self.drive.version(), sample=self.order.sample)
