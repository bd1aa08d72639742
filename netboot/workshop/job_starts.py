"""What a job of each profile would need of its master, as the store has it at that moment.

Not for: beginning one (`records/jobs.py`), which masters cannot be used (`damaged_masters.py`).
"""

from collections.abc import Collection

from netboot.jobs.job import needed_by
from netboot.jobs.profile import Profile
from netboot.records.values import Start
from netboot.workshop.damaged_masters import FindMaster


def starts_of(profiles: Collection[Profile], number: int, find: FindMaster) -> dict[str, Start]:
    """By the profiles' ids, in the machine of this number. Blocks as `find` does, which is asked once for each name."""
    masters = {name: find(name) for name in {profile.master for profile in profiles}}
    return {
        profile.id: Start(
            profile, needed_by(profile, masters[profile.master]), profile.hostname.replace("{number}", str(number))
        )
        for profile in profiles
    }
