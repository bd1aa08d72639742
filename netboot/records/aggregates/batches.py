"""Profiles that are armed for the next PCs."""

from netboot.records import (
    batches,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    Batch,
)


class Batches:
    """Profiles that are armed for the next PCs."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def arm(self, profile: str, places: int, who: str, *, instead: str = "") -> Batch:
        """Arm a profile for the next `places` PCs; `instead` is the id of the armed batch that it replaces, if any.

        It lasts as long as a choice. Raises BatchArmed when another batch is armed than `instead`.
        """
        with self._open.writing() as session:
            return batches.arm(session, profile, places, who=who, instead=instead, now=self._open.now())

    def disarm(self, batch_id: str, who: str) -> bool:
        """Let no further PC into this batch; False when it was over already."""
        with self._open.writing() as session:
            return batches.disarm(session, batch_id, who=who, now=self._open.now())

    def newest(self) -> Batch | None:
        """The armed batch, or else the last one of this bench day."""
        with self._open.reading() as session:
            return batches.newest(session, now=self._open.now())

    def offered(self, *, mac: str, uuid: str) -> Batch | None:
        """The armed batch, if the PC in whose boot menu these names stand may take a place; no place is taken."""
        with self._open.reading() as session:
            began = self._open.day.began(session)
            return batches.offered(session, mac=mac, uuid=uuid, began=began, now=self._open.now())
