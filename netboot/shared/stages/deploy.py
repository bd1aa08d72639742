"""The deploy, as agent and server speak of it: which master to which disk, and what was read back."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, UnsetType

from netboot.shared.disk_abilities import SectorSize
from netboot.shared.drive_format import DriveFormat
from netboot.shared.fields import Answered, Digest
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.manifest import VolumeName
from netboot.shared.stages.kind import Evidence, Kind, Options, Order

Named = Annotated[int, Meta(ge=1, le=128)] | VolumeName
"""What a profile names of a master so that it grows (`survey/named_growth.py`): a partition by its number, a volume of
LVM by its group's name and its own."""


class DeployOptions(Options, frozen=True, kw_only=True):
    """`sectors`: what becomes of an NVMe drive that could have the sectors that the master is made for, and has others:
    it is refused, or formatted to them. `grow`: the partition or the volume that takes the rest of a larger disk when
    the system is customised; unset: the one that the master marks."""

    sectors: Literal["keep", "format"] = "keep"
    grow: Named | UnsetType = UNSET


class Deploy(Order, frozen=True, kw_only=True, tag="deploy"):
    """Write this master to this disk, then read every chunk back. `name` is for people.

    `used` is how many bytes the master's chunks cover: less written or read back is no deploy. `format`: give the drive
    sectors of so many bytes first, unless it has them; 0: it keeps its own. `goes_on`: what erased the disk was an
    earlier job, whose deploy a power cut ended: it must be as that left it, or nothing is written.
    """

    manifest: Digest
    name: Text
    target: DiskId
    used: Size = 0
    answered: Answered = ()
    format: SectorSize | Literal[0] = 0
    goes_on: bool = False


class DeployResult(Evidence, frozen=True, kw_only=True, tag="deploy"):
    """What was written and what was read back. `fetched` counts bytes on the wire, `found` those of the master that an
    earlier try had left on the disk and that were not written again. `formatted`: the drive was given
    other sectors first; of a deploy that failed there is evidence only where it was, and nothing was read back."""

    manifest: Digest
    target: DiskId
    chunks: Count
    written: Size
    verified: Size
    fetched: Size
    refetched: Count = 0
    formatted: DriveFormat | None = None
    found: Size = 0


KIND: Final = Kind(order=Deploy, result=DeployResult, writes=True, options=DeployOptions)
