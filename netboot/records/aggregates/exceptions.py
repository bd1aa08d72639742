"""Exceptions that people sign, and what they say of disks that were taken out."""

from netboot.jobs.disk_take_out import TakeOut, ToTakeOut
from netboot.jobs.erase_exception import Offer
from netboot.records import signing, take_outs
from netboot.records.paper_values import TakeOutRow
from netboot.records.transactions import Transactions


class Exceptions:
    """Exceptions that people sign, and what they say of disks that were taken out."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def offer(self, visit_id: str) -> Offer | None:
        """What may be signed of this visit's PC now, None for nothing."""
        with self._open.reading() as session:
            return signing.offer(session, visit_id)

    def sign(self, machine_id: str, visit_id: str, *, shown: str, reason: str, who: str) -> str:
        """A signed-in person signs what this visit showed: it is on disk, with the choice whose id this gives.

        `shown` is the digest of the offer that the person read. Raises NotThatVisit when it is another by now, or there
        is none, AtWork while the machine has a job that is not over, Contested while nobody knows which line is the PC.
        """
        with self._open.writing() as session:
            return signing.sign(
                session, machine_id, visit_id, shown=shown, reason=reason, who=who, now=self._open.now()
            )

    def to_take_out(self, machine_id: str, newest: str) -> tuple[ToTakeOut, ...]:
        """The disks of which may be said that they were taken out of this machine. Raises NotOnRecord."""
        with self._open.reading() as session:
            return take_outs.to_be_told(session, machine_id, newest)

    def take_out(self, machine_id: str, newest: str, key: str, told: TakeOut, who: str) -> None:
        """A signed-in person's word about one of them. Raises NotThatVisit when it is none of them any more, AtWork."""
        with self._open.writing() as session:
            take_outs.tell(session, machine_id, newest, key, told, who=who, now=self._open.now())

    def taken_out(self, machine_id: str) -> tuple[TakeOutRow, ...]:
        """All that was said of disks that were taken out of this machine, in order."""
        with self._open.reading() as session:
            return take_outs.of_machine(session, machine_id)
