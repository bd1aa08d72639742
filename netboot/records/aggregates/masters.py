"""Every master that this server has had."""

from netboot.records import (
    people,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    MasterRow,
)


class Masters:
    """Every master that this server has had."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def remember(self, digest: str, *, name: str, version: str, licence: str) -> MasterRow:
        """A master came into the store; told twice, it is remembered once."""
        with self._open.writing() as session:
            return people.remember_master(
                session, digest, name=name, version=version, licence=licence, now=self._open.now()
            )

    def all(self) -> tuple[MasterRow, ...]:
        """Every master this server has had, newest first."""
        with self._open.reading() as session:
            return people.masters(session)
