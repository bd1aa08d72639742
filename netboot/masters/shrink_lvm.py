"""Making a volume of LVM smaller, and its group behind it, in a copy of a disk that is ours.

How the file system in the volume is made smaller: `shrinking.py`; how a group is changed: `survey/lvm_group.py`.
Blocks; needs root. All values are bytes.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from netboot.shared.manifest import LogicalVolume, Partition
from netboot.survey.logical_volumes import read_group, volume_device
from netboot.survey.lvm_group import change_group, resize_group
from netboot.survey.lvm_room import with_length


def shrink_volume(
    device: Path, partition: Partition, volume: LogicalVolume, sector: int, shrink: Callable[[Path], int | None]
) -> int | None:
    """Have the file system in this volume made smaller by `shrink`, then the volume and its group; the length that the
    partition then needs, None when it is not worth it. Raises NetbootError; what is on the device is of no use then."""
    with volume_device(device, volume.name, sector=sector) as inside:
        length = shrink(inside)
    if length is None:
        return None

    def change(text: str, name: str, swaps: Collection[str]) -> str | None:
        return with_length(text, name, swaps, length)

    change_group(device, partition, volume, change, sector=sector)
    end = max(end for one in read_group(device).volumes for _, end in one.ranges)
    resize_group(device, end)
    return end
