"""Keeps the profiles that nobody is shown (`jobs/shipped.py`), as store and record have it."""

from collections.abc import Collection, Sequence

from netboot.jobs.profile import Profile
from netboot.jobs.shipped import left_out
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.workshop.damaged_masters import FindMaster


class LeftOut:
    """The ids of those profiles; `shipped` are netboot's own as they came."""

    def __init__(
        self, profiles: Sequence[Profile], *, shipped: Collection[Profile], find_master: FindMaster, record: Record
    ) -> None:
        self._profiles = profiles
        self._shipped = shipped
        self._find_master = find_master
        self._record = record
        self.seen: frozenset[str] = frozenset()
        """As `look` found it last."""

    def look(self) -> frozenset[str]:
        """Look into store and record: call it in a thread. Raises NetbootError, SQLAlchemyError."""
        if self._shipped:
            had = {row.name for row in self._record.masters.all()}
            had.update(profile.master for profile in self._shipped if self._is_here(profile.master))
            self.seen = left_out(self._profiles, shipped=self._shipped, had=had)
        return self.seen

    def _is_here(self, name: str) -> bool:
        try:
            return bool(name) and self._find_master(name) is not None
        except NetbootError:
            return True  # damaged, but here
