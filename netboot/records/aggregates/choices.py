"""What people chose for PCs, each choice for one visit."""

from collections.abc import Sequence

from netboot.jobs.profile import Profile
from netboot.records import (
    changed_profiles,
    choices,
    contested,
    overview,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    Choice,
    PendingChoice,
)
from netboot.shared.inventory import DiskId
from netboot.shared.stages.capture import CaptureOptions


class Choices:
    """What people chose for PCs, each choice for one visit."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def choose(
        self,
        machine_id: str,
        profile: str,
        who: str,
        target: DiskId | None = None,
        *,
        seen: str = "",
        shown: str = "",
        capture: CaptureOptions | None = None,
    ) -> Choice:
        """A signed-in person's choice for this machine's visit, or its next one; it takes the place of an earlier.

        It waits for CHOICE_LASTS (`choices.py`), then it is withdrawn. `seen` is the visit that the person saw, `shown`
        the digest of what it showed them (`jobs/seen.py`); `capture` what they called the master to be captured.

        Raises AtWork while the machine has a job that is not over, NotOnRecord when the machine is unknown; where a
        visit was seen, NotThatVisit when the PC has another since, or shows something else in it, Contested while
        nobody knows which line is the PC.
        """
        with self._open.writing() as session:
            if seen:
                contested.require_seen(session, machine_id, seen)
            visit = seen or contested.newest_of(session, machine_id)
            return choices.choose(
                session, machine_id, profile, who=who, target=target, visit_id=visit, shown=shown, capture=capture,
                now=self._open.now(),
            )  # fmt: skip

    def cancel(self, machine_id: str, who: str, *, choice: str = "") -> bool:
        """Withdraw what waits for this machine, if it is this `choice`, where one is named; False when nothing did."""
        with self._open.writing() as session:
            return choices.cancel(session, machine_id, who=who, only=choice, now=self._open.now())

    def waiting(self, *, mac: str, uuid: str) -> Choice | None:
        """The choice that waits for the PC in whose boot menu this address and UUID stand; not used up.

        A hint for the menu, no permission to write: a loader knows less of a PC than its agent, whose hello decides.
        """
        with self._open.reading() as session:
            return choices.waiting_at_boot(session, mac=mac, uuid=uuid, now=self._open.now())

    def pending(self) -> tuple[PendingChoice, ...]:
        """Every choice that still waits for its machine."""
        with self._open.reading() as session:
            return overview.pending_choices(session, now=self._open.now())

    def withdraw_changed(self, profiles: Sequence[Profile]) -> tuple[str, ...]:
        """At the server's start: withdraw what waits for a profile that is not what it was at the last start.

        Gives the ids of the profiles whose choices or batch were withdrawn.
        """
        with self._open.writing() as session:
            return changed_profiles.withdraw_changed(session, profiles, now=self._open.now())
