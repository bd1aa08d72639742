"""Jobs that were done from a kit's stick, without a server."""

from netboot.records import kits
from netboot.records.kits import Brought, Entered
from netboot.records.transactions import Transactions


class Kits:
    """Jobs that were done from a kit's stick, without a server."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def take_in(self, brought: Brought) -> Entered:
        """Enter one job with its visit and evidence, whole or not at all; what is there already is not entered twice.

        Raises NotOnRecord when the record has a job of this id that no such kit brought.
        """
        with self._open.writing() as session:
            return kits.take_in(session, brought, now=self._open.now())
