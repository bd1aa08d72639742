"""What masters of the store are in use for, asked before any is deleted.

Not for: which manifests and chunks are deleted then (`store/upkeep.py`).
"""

from netboot.files.data_folder import LOCK
from netboot.records.record import open_record
from netboot.records.values import HeldMaster
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError


def held_by_jobs(settings: Settings) -> tuple[HeldMaster, ...]:
    """What jobs that are not over hold, as the record of this data folder says; the server may be running.

    A data folder that no server used has no record and no jobs. Raises NetbootError when it cannot be told.
    """
    place = settings.data_folder / "record.sqlite"
    try:
        if not place.exists():
            if (settings.data_folder / LOCK).exists():
                raise NetbootError(
                    f"there is no record at {place}, though a server has run here",
                    hint="put the record back (docs/operator.en.md, “Backup”), or start `serve`, which makes a new one",
                )
            return ()
        with open_record(place) as record:
            return record.masters.held()
    except NetbootError as error:
        raise NetbootError(
            f"nothing was deleted, since nobody can tell which masters the PCs at work need: {error.message}",
            hint=error.hint,
        ) from error
