"""What masters of the store are in use for, asked before any is deleted: profiles give them to PCs, jobs hold them.

Not for: which manifests and chunks are deleted then (`store/upkeep.py`).
"""

from collections.abc import Iterable

from netboot.files.data_folder import LOCK
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import load_profiles
from netboot.records.record import open_record
from netboot.records.values import HeldMaster
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError


def users(name: str, profiles: Iterable[Profile]) -> tuple[Profile, ...]:
    """The profiles that give this master to PCs. Pure."""
    return tuple(profile for profile in profiles if profile.master == name)


def require_unused(name: str, settings: Settings) -> None:
    """Raise NetbootError when a profile uses this master: one of netboot's own or of the settings' folders.

    One that another of the same id replaces uses nothing. Raises NetbootError too when a profile cannot be read.
    """
    profiles = load_profiles(settings.profile_folders)
    if used_by := users(name, profiles):
        named = ", ".join(f"{profile.id} (“{profile.name[settings.language]}”)" for profile in used_by)
        raise NetbootError(
            f"{name} was not deleted: it is the master of the profile{'s' if len(used_by) > 1 else ''} {named}",
            hint="name another master there, or take the profile's file away; one that comes with netboot is replaced "
            "by one of yours with the same `id`; restart `serve`, then remove the master",
        )


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
