"""Growing a physical volume of LVM to its partition, and one of its volumes to all that is free then.

Behind the one that a profile names others may lie: they are copied to the end and compared, and then alone one change
of the group's metadata says so; no copy lies where any is copied from. Done again after a power cut, it does what is
left to do. How a group is changed: `survey/lvm_group.py`.
Blocks; needs root. Not for: the file system in the volume (`grow.py`).
"""

from collections.abc import Collection
from pathlib import Path

from netboot.agent.customise.copy_partition import copy_partition
from netboot.agent.customise.measure import length_of
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import LogicalVolume, Manifest, Partition
from netboot.survey.lvm_group import change_group, resize_group
from netboot.survey.lvm_room import moves, overlap, with_the_rest
from netboot.survey.named_growth import copied_behind, copied_ranges


def grow_volume(device: Path, manifest: Manifest, partition: Partition, volume: LogicalVolume) -> int:
    """Give `volume` the rest of the partition, which has its new size; what stays free of it since what is behind the
    volume has no place to go, in bytes. Raises NetbootError."""
    copied = {one.name.partition("/")[2]: one for one in copied_behind(partition, volume)}
    free = [0]

    def change(text: str, name: str, swaps: Collection[str]) -> str | None:
        new = with_the_rest(text, name, {*swaps, *copied})
        if new is None:
            return None
        found = moves(text, new, copied)
        if overlap(found):
            free.append(length_of(device) - partition.length)
            return None
        for one in found:
            if (one.start, one.length) != (copied[one.name].start, copied[one.name].length):
                raise NetbootError(f"the volume {one.name} is not where it was", hint="deploy the master again")
            start, end = partition.start + one.start, partition.start + one.start + one.length
            used = [(a - partition.start, b - partition.start) for a, b in copied_ranges(manifest, start, end)]
            copy_partition(device, one.start, one.target, one.length, used=used, sector=manifest.sector)
        return new

    resize_group(device)
    change_group(device, partition, volume, change, sector=manifest.sector)
    return free[-1]
