"""Masters that cannot be used, such as one whose manifest is damaged: for a job they are not there.

Not for: looking one up (`serve/masters.py`).
"""

import logging
from collections.abc import Callable

from netboot.jobs.job import MasterNeeds
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)

FindMaster = Callable[[str], MasterNeeds | None]
"""The newest master of this name, read from the store; None when there is none. Raises NetbootError."""


class DamagedMasters:
    """Those that were met since the server started: each is logged once for each reason."""

    def __init__(self) -> None:
        self._why: dict[str, str] = {}

    def left_out(self, find: FindMaster, name: str) -> MasterNeeds | None:
        """What `find` finds; None also for one that cannot be used, and for no name. Blocks as `find` does."""
        if not name:
            return None
        try:
            master = find(name)
        except NetbootError as error:
            if self._why.get(name) != error.message:
                log.error("the master %s cannot be used: %s", name, error)
            self._why[name] = error.message
            return None
        self._why.pop(name, None)
        return master
