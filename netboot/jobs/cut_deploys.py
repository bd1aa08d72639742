"""A deploy that a power cut ended, and the next job of its profile: what was erased is not erased again. Pure.

Nothing is taken for granted but what the record proves of the earlier job: it erased this disk, the PC's only one, and
was writing the same master to it, or reading it back, when it ended. That nobody has used the disk since, the agent
looks before it writes (`Deploy.goes_on`), and the next choice erases anew where somebody may have. Everything else is
erased again: what ended while customising may have started since, of two disks the other may have been used.
Not for: which chunks are on the disk already (`agent/deploy/earlier.py`), erases that were cut short (`erase_cuts.py`).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from netboot.jobs.erased_before import ErasedBefore
from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.profile import Profile
from netboot.jobs.sectors import formats_sectors
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Code

LASTS: Final = timedelta(days=3)
"""How long after its end an erase is enough for this: from a Friday evening to Monday."""

_CUT: Final[tuple[Code, ...]] = ("power-cut", "server-silent", "chunk-missing", "chunk-damaged")
"""How a deploy ended that says nothing against its disk."""


def is_cut_deploy(job: Job) -> bool:
    """Whether this job ended in its deploy, for no fault of the disk, and goes by erases alone."""
    stopped = next((record for record in job.stages if record.state != "done"), None)
    if stopped is None or stopped.stage != "deploy" or stopped.state != "failed" or stopped.problem is None:
        return False
    return stopped.problem.code in _CUT and job.exception is None


def goes_by(
    earlier: Job,
    before: ErasedBefore,
    profile: Profile,
    master: MasterNeeds | None,
    own: Sequence[Disk],
    target: DiskId | None,
) -> bool:
    """Whether a new job of this profile and master goes on where the earlier one was cut short, by its erase `before`.

    `earlier` is the machine's newest job that writes, `own` are the PC's own disks as they are now, `target` is the one
    that a person named.
    """
    if not is_cut_deploy(earlier) or earlier.master is None or master is None:
        return False
    if "erase" not in profile.stages or profile.unerased != "forbid" or formats_sectors(profile):
        return False
    if before.profile != profile.digest or earlier.master.manifest != master.manifest:
        return False
    if len(own) != 1 or len(before.disks) != 1:
        return False
    disk = own[0].id
    known = disk.named and not disk.by_place and disk.same_as(before.disks[0])
    return known and (target is None or target.same_as(disk))
