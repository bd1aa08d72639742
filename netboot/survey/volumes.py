"""The file systems in the volumes of LVM, as far as a volume lies in one piece: it is looked into like a partition.

Not for: where the volumes lie (`lvm.py`), what of them is in use (`used_ranges.py`). All values are bytes of the disk.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace as replace_struct

from netboot.shared.growth import GROWABLE
from netboot.shared.manifest import CUSTOMISABLE, FileSystem, LogicalVolume, Partition, Role
from netboot.survey.disk_file import DiskFile
from netboot.survey.disk_layout import DiskLayout, last_that_stays
from netboot.survey.file_systems import probe
from netboot.survey.installed_system import UNREAD, find_system
from netboot.survey.loop import loop_device
from netboot.survey.lvm import Range, read_physical_volume
from netboot.survey.lvm_room import is_fixed, takes_the_rest
from netboot.survey.lvm_text import LvmError

LVM: Final = "LVM2_member"
_GROWN: Final = CUSTOMISABLE
"""The file systems that grow in a volume: those of which a state that is not clean keeps none from growing."""
_MOST: Final = 128


@dataclass(frozen=True, slots=True)
class Place:
    """A volume, by its group's name and its own. `partition` is what it would be as a partition, its number that of the
    physical volume; None when it lies in several pieces. `system`: the installed Linux on it, as `find_system` says."""

    name: str
    ranges: tuple[Range, ...]
    partition: Partition | None
    system: str = ""

    @property
    def filesystem(self) -> FileSystem | None:
        """What is in it, as far as it was looked into."""
        return self.partition.filesystem if self.partition is not None else None


@dataclass(frozen=True, slots=True)
class Lvm:
    """A physical volume: what of it is outside of all extents, and its volumes. `grows` is the name of the one that can
    take the rest of it, "" when none can. `fixed`: LVM may not change the group."""

    outside: tuple[Range, ...]
    places: tuple[Place, ...]
    grows: str
    fixed: bool


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
            place = replace_struct(partition, start=start, length=end - start, role="other", filesystem=None)
            place = replace_struct(place, filesystem=probe(disk, place, progress))
        system = _system_in(disk, place) if place is not None else ""
        places.append(Place(f"{physical.group}/{volume.name}", ranges, place, system))
    swaps = {place.name.partition("/")[2] for place in places if _is_swap(place)}
    last = takes_the_rest(physical, swaps)
    name = f"{physical.group}/{last.name}" if last is not None else ""
    kinds = {place.filesystem.kind for place in places if place.name == name and place.filesystem is not None}
    return Lvm(on_disk(physical.outside), tuple(places), name if kinds & _GROWN else "", is_fixed(physical))


def with_volumes(layout: DiskLayout, lvm: Mapping[int, Lvm]) -> DiskLayout:
    """The layout, each partition of `lvm` (by its number) with the volumes in it. The root is where a system is
    installed, in a volume too, and the last partition grows where it is of LVM and one of its volumes can."""
    own = next((one for one in layout.partitions if one.role == "root"), None)
    inside = max((place for one in lvm.values() for place in one.places if place.system), key=_likely, default=None)
    if own is not None and (inside is None or _rank(layout.system, own.length) >= _likely(inside)):
        inside = None
    elif inside is not None:
        # What is the root by its size alone, as Debian's /boot, is none beside a system.
        layout = replace(layout, system=inside.system)
        if own is not None:
            others = (replace_struct(one, role="other") if one is own else one for one in layout.partitions)
            layout = replace(layout, partitions=tuple(others))
    last = last_that_stays(layout.partitions, plain=layout.plain)
    found = []
    for one in layout.partitions:
        known = lvm.get(one.number)
        if known is not None:
            grows = known.grows if one.number == last else ""
            first = None if known.fixed else one.start
            volumes = tuple(_as_volume(place, inside, grows, first) for place in known.places if place.ranges)
            found.append(replace_struct(one, volumes=volumes, grow=bool(grows)))
        else:
            found.append(one)
    return replace(layout, partitions=tuple(found))


Rank = tuple[bool, bool, int]


def _rank(system: str, length: int) -> Rank:
    return system not in ("", UNREAD), bool(system), length


def _likely(place: Place) -> Rank:
    return _rank(place.system, sum(end - start for start, end in place.ranges))


def _as_volume(place: Place, root: Place | None, grows: str, first: int | None) -> LogicalVolume:
    """`first` is where its physical volume begins, where LVM may change that."""
    role: Role = "root" if place is root else "swap" if _is_swap(place) else "other"
    return LogicalVolume(
        name=place.name,
        length=sum(end - start for start, end in place.ranges),
        role=role,
        grow=place.name == grows,
        filesystem=place.filesystem,
        start=UNSET if place.partition is None or first is None else place.partition.start - first,
    )


def _is_swap(place: Place) -> bool:
    return place.filesystem is not None and place.filesystem.kind == "swap"


def _system_in(disk: DiskFile, inside: Partition) -> str:
    if inside.filesystem is None or inside.filesystem.kind not in GROWABLE:
        return ""
    with loop_device(disk.path, offset=inside.start, length=inside.length) as device:
        return find_system(device, inside.filesystem.kind)
