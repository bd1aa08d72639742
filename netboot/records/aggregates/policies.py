"""What people set for single PCs."""

from collections.abc import Collection

from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.records import (
    policies,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    PolicyRow,
)


class Policies:
    """What people set for single PCs."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def set_for(self, keys: Collection[Key], policy: Policy, who: str, *, note: str = "") -> None:
        """What holds from now on for the PC with these names; `Policy()` and no note: nothing is set any more."""
        with self._open.writing() as session:
            policies.set_for(session, keys, policy, who=who, note=note, now=self._open.now())

    def all(self) -> tuple[PolicyRow, ...]:
        """Everything that people set for single PCs, the newest first."""
        with self._open.reading() as session:
            return policies.read(session)
