"""Operators, and what is set for the server as a whole."""

from netboot.records import (
    people,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    Operator,
)


class People:
    """Operators, and what is set for the server as a whole."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def set_operator(self, name: str, password_hash: str) -> None:
        """Add an operator, or give one a new password (argon2's text, made by the page)."""
        with self._open.writing() as session:
            people.set_operator(session, name, password_hash, now=self._open.now())

    def add_first_operator(self, name: str, password_hash: str, *, after: int) -> bool:
        """Add the first operator, if nobody is one now nor was since the event of number `after`; whether that was
        so."""
        with self._open.writing() as session:
            return people.add_first_operator(session, name, password_hash, after=after, now=self._open.now())

    def operator(self, name: str) -> Operator | None:
        """One operator, or None."""
        with self._open.reading() as session:
            return people.operator(session, name)

    def operators(self) -> tuple[Operator, ...]:
        """Every operator, by name."""
        with self._open.reading() as session:
            return people.operators(session)

    def forget(self, name: str) -> None:
        """Take a person off the record without touching an event."""
        with self._open.writing() as session:
            people.forget(session, name, now=self._open.now())

    def setting(self, key: str) -> str | None:
        """What was set under this key, or None."""
        with self._open.reading() as session:
            return people.setting(session, key)

    def set_setting(self, key: str, value: str) -> None:
        """Remember a value under a key."""
        with self._open.writing() as session:
            people.set_setting(session, key, value)
