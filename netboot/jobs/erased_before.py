"""That a job goes by the erase of an earlier one, whose deploy was cut short (`cut_deploys.py` says when)."""

from msgspec import Struct

from netboot.shared.fields import Digest
from netboot.shared.inventory import DiskId, Text


class ErasedBefore(Struct, frozen=True, kw_only=True):
    """Which job erased, by which profile (`Profile.digest`), and the disks that it proved erased."""

    job: Text
    profile: Digest
    disks: tuple[DiskId, ...]
