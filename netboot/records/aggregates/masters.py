"""Every master that this server has had, and those that jobs still hold."""

from netboot.records import (
    events,
    held_masters,
    people,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    HeldMaster,
    MasterRow,
)


class Masters:
    """Every master that this server has had, and those that jobs still hold."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def remember(self, digest: str, *, name: str, version: str, licence: str) -> MasterRow:
        """A master came into the store; told twice, it is remembered once."""
        with self._open.writing() as session:
            return people.remember_master(
                session, digest, name=name, version=version, licence=licence, now=self._open.now()
            )

    def choose_version(self, digest: str, *, name: str, version: str, who: str) -> None:
        """An operator has made this version of a master the one that PCs get."""
        with self._open.writing() as session:
            body = {"digest": digest, "name": name, "version": version, "by": events.person(session, who)}
            events.append(session, "master-chosen", body, now=self._open.now())

    def all(self) -> tuple[MasterRow, ...]:
        """Every master this server has had, newest first."""
        with self._open.reading() as session:
            return people.masters(session)

    def held(self) -> tuple[HeldMaster, ...]:
        """What jobs that are not over were ordered: their agents may fetch it still, or anew after a restart."""
        with self._open.reading() as session:
            return held_masters.held(session)
