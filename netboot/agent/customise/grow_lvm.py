"""Growing a physical volume of LVM to its partition, and one of its volumes to all that is free then.

Done again after a power cut, it does what is left to do. How a group is changed: `survey/lvm_group.py`.
Blocks; needs root. Not for: the file system in the volume (`grow.py`).
"""

from pathlib import Path

from netboot.shared.manifest import LogicalVolume, Partition
from netboot.survey.lvm_group import change_group, resize_group
from netboot.survey.lvm_room import with_the_rest


def grow_volume(device: Path, partition: Partition, volume: LogicalVolume, *, sector: int) -> None:
    """Give `volume` the rest of the partition, which has its new size. Raises NetbootError."""
    resize_group(device)
    change_group(device, partition, volume, with_the_rest, sector=sector)
