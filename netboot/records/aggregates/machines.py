"""The PCs that the workshop knows, and their disks."""

from collections.abc import Collection
from typing import Final

from netboot.jobs.identity import Key
from netboot.records import (
    machines,
    merging,
    overview,
)
from netboot.records.transactions import Transactions
from netboot.records.values import (
    ErasureRow,
    MachineDetail,
    MachineRow,
    MachinesFound,
)
from netboot.shared.inventory import DiskId

VISITS_READ: Final = 50
"""Visits of one machine that its page shows."""


class Machines:
    """The PCs that the workshop knows, and their disks."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def names_of_others(self, machine_id: str, keys: Collection[Key]) -> frozenset[Key]:
        """Those of these names that another machine is known by as well."""
        with self._open.reading() as session:
            return machines.names_of_others(session, machine_id, keys)

    def id_of_adapter(self, mac: str) -> str:
        """The id of the machine with this network adapter, "" when there is none, or more than one."""
        with self._open.reading() as session:
            machine = machines.at_boot(session, mac=mac, uuid="")
            return "" if machine is None else machine.id

    def look_alikes(self, machine_id: str) -> tuple[MachineRow, ...]:
        """The machines that have something in common with this one, and might be the same PC; by number."""
        with self._open.reading() as session:
            return overview.of_ids(session, merging.look_alikes(session, machine_id), now=self._open.now())

    def merge(self, machine_id: str, into: str, who: str, *, on_line: frozenset[str] = frozenset()) -> None:
        """An operator says that this machine is the PC `into`: what waits for either is withdrawn.

        `on_line` as in `visits.greet`. Raises CannotMerge when one was merged before, or this one is on the line;
        NotOnRecord when one is unknown.
        """
        with self._open.writing() as session:
            merging.merge(session, machine_id, into, who=who, on_line=on_line, now=self._open.now())

    def separate(self, machine_id: str, who: str) -> bool:
        """Undo a merge from now on; False when this machine is merged into none. Raises NotOnRecord."""
        with self._open.writing() as session:
            return merging.separate(session, machine_id, who=who, now=self._open.now())

    def overview(self, limit: int = 500) -> tuple[MachineRow, ...]:
        """The `limit` machines whose newest visits are the newest of all, each with that visit; by number."""
        with self._open.reading() as session:
            return overview.machines(session, limit=limit, now=self._open.now())

    def search(self, text: str, *, after: int = 0, limit: int = 100) -> MachinesFound:
        """The first `limit` machines with a greater number than `after` that this text stands in; "" is in all.

        It is looked for in labels, addresses, UUIDs, serial numbers and disks, whatever the case of a-z.
        """
        with self._open.reading() as session:
            return overview.search(session, text, after=after, limit=limit, now=self._open.now())

    def detail(self, machine_id: str) -> MachineDetail:
        """One machine with its newest visits, VISITS_READ of them, and those that erased. Raises NotOnRecord."""
        with self._open.reading() as session:
            return overview.machine(session, machine_id, newest=VISITS_READ, proven=VISITS_READ, now=self._open.now())

    def summary(self, machine_id: str) -> MachineDetail:
        """One machine with its newest visit only: enough to decide about it. Raises NotOnRecord."""
        with self._open.reading() as session:
            return overview.machine(session, machine_id, newest=1, proven=0, now=self._open.now())

    def erasures(self, machine_id: str) -> tuple[ErasureRow, ...]:
        """Every erasure done in this machine, oldest first."""
        with self._open.reading() as session:
            return overview.erasures(session, machine_id)

    def history_of_disk(self, disk: DiskId) -> tuple[ErasureRow, ...]:
        """Every erasure of this disk in whichever machine, oldest first."""
        with self._open.reading() as session:
            return overview.history_of_disk(session, disk)
