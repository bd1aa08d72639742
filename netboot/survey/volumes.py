"""The file systems in the volumes of LVM, as far as a volume lies in one piece: it is looked into like a partition.

Not for: where the volumes lie (`lvm.py`), what of them is in use (`used_ranges.py`). All values are bytes of the disk.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from netboot.shared.growth import GROWABLE
from netboot.shared.manifest import Partition
from netboot.survey.disk_file import DiskFile
from netboot.survey.file_systems import probe
from netboot.survey.installed_system import find_system
from netboot.survey.loop import loop_device
from netboot.survey.lvm import LvmError, Range, read_physical_volume

LVM: Final = "LVM2_member"
_MOST: Final = 128


@dataclass(frozen=True, slots=True)
class Place:
    """A volume. `partition` is what it would be as a partition, its number that of the physical volume; None when it
    lies in several pieces."""

    name: str
    ranges: tuple[Range, ...]
    partition: Partition | None


@dataclass(frozen=True, slots=True)
class Lvm:
    """A physical volume: what of it is outside of all extents, and its volumes."""

    outside: tuple[Range, ...]
    places: tuple[Place, ...]


def read_lvm(disk: DiskFile, partition: Partition, progress: Callable[[str], None]) -> Lvm:
    """What is in this physical volume. Raises LvmError when that cannot be told, and NetbootError. Needs root."""
    physical = read_physical_volume(
        lambda start, end: disk.read(partition.start + start, min(partition.start + end, partition.end)),
        partition.length,
    )
    if len(physical.volumes) > _MOST:
        raise LvmError(f"its LVM group has {len(physical.volumes)} volumes")

    def on_disk(ranges: Iterable[Range]) -> tuple[Range, ...]:
        return tuple((partition.start + start, partition.start + end) for start, end in ranges if start < end)

    places = []
    for volume in physical.volumes:
        ranges = on_disk(volume.ranges)
        place = None
        if len(ranges) == 1:
            start, end = ranges[0]
            place = replace(partition, start=start, length=end - start, role="other", filesystem=None)
            place = replace(place, filesystem=probe(disk, place, progress))
        places.append(Place(volume.name, ranges, place))
    return Lvm(on_disk(physical.outside), tuple(places))


def system_in(disk: DiskFile, lvm: Lvm) -> str:
    """The installed Linux in one of the volumes, by the name that it gives itself; "" when none was found."""
    for place in lvm.places:
        inside = place.partition
        if inside is None or inside.filesystem is None or inside.filesystem.kind not in GROWABLE:
            continue
        with loop_device(disk.path, offset=inside.start, length=inside.length) as device:
            if system := find_system(device, inside.filesystem.kind):
                return system
    return ""
