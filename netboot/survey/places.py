"""Where a master's partitions lie once one of them has another end, and the table that says so. Pure.

What lies behind that partition goes with it: to the end of a larger disk, or up to it where it became smaller; all
others stay. On a PC it follows from the master's own places and the disk alone, so that a stage that was cut finds the
same again. The table is text as `sfdisk --dump` writes and sfdisk(8) reads it, so that all else that it says stays.
Not for: LVM (`lvm_room.py`), moving what is in a partition, writing the table. All values are bytes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Partition

Place = tuple[int, int]
"""Where a partition begins, and how long it is, in bytes."""

_MIB: Final = 1024 * 1024
_ROW: Final = re.compile(r"^(?P<node>/\S*?(?P<number>\d+)) : start= *\d+, size= *\d+(?P<rest>.*)$")


def behind(partitions: Iterable[Partition], changed: Partition) -> tuple[Partition, ...]:
    """What lies behind the partition that gets another end, in order: by the manifest's rule, all of it can move."""
    later = (one for one in partitions if one.role != "extended" and one.start >= changed.end)
    return tuple(sorted(later, key=lambda one: one.start))


def is_empty_extended(one: Partition, partitions: Iterable[Partition]) -> bool:
    """Whether it is an extended partition without a logical one."""
    inside = [other for other in partitions if other.role != "extended" and one.start <= other.start < one.end]
    return one.role == "extended" and not inside


def is_copied(partition: Partition) -> bool:
    """Whether what is in it is moved with it."""
    return partition.filesystem is None or partition.filesystem.kind != "swap"


def places_at_the_end(partitions: Sequence[Partition], growing: Partition, end: int) -> Mapping[int, Place]:
    """The new places by the partitions' numbers, of those that get one; none when the rest is not worth it, or a copy
    would lie over what is copied, be it another's: after a power cut all are copied again, from where they were. `end`
    is where the disk's usable part ends."""
    later, end = behind(partitions, growing), end // _MIB * _MIB
    back, taken = _back_from_the_end(partitions, later)
    found = {one.number: (end - back[one.number], one.length) for one in later}
    found[growing.number] = (growing.start, end - taken - growing.start)
    if end < least_end(partitions, growing):
        return {}
    return _with_containers(partitions, growing, found)


def least_end(partitions: Sequence[Partition], growing: Partition) -> int:
    """Where the usable part of a disk ends at least on which this partition grows: `places_at_the_end` has none for any
    that ends before."""
    later = behind(partitions, growing)
    back, taken = _back_from_the_end(partitions, later)
    copied = [one for one in later if is_copied(one)]
    beyond = max(one.end for one in copied) + back[copied[0].number] if copied else 0
    return _in_mib(max(growing.end + _MIB + taken, beyond))


def _back_from_the_end(partitions: Iterable[Partition], later: Sequence[Partition]) -> tuple[Mapping[int, int], int]:
    """How far from the disk's end each of these begins once they are moved there, and the one before them ends."""
    back, taken = dict[int, int](), 0
    for one in reversed(later):
        back[one.number] = _in_mib(taken + one.length)
        taken = back[one.number] + _before(partitions, one)
    return back, taken


def _in_mib(length: int) -> int:
    return -(-length // _MIB) * _MIB


def places_moved_up(partitions: Sequence[Partition], shrunk: Partition, end: int) -> Mapping[int, Place]:
    """The new places by the partitions' numbers, where one that is smaller now ends at `end`."""
    found = {shrunk.number: (shrunk.start, end - shrunk.start)}
    at = end
    for one in behind(partitions, shrunk):
        at = -(-(at + _before(partitions, one)) // _MIB) * _MIB
        found[one.number] = (at, one.length)
        at += one.length
    return _with_containers(partitions, shrunk, found)


def _before(partitions: Iterable[Partition], one: Partition) -> int:
    """What a logical partition needs in front of it: its own table stands there."""
    return _MIB if any(other.role == "extended" and _is_in(one, other) for other in partitions) else 0


def _with_containers(
    partitions: Iterable[Partition], changed: Partition, found: Mapping[int, Place]
) -> Mapping[int, Place]:
    """The same, and each extended partition around those of which it has to follow."""
    known, around = tuple(partitions), dict[int, Place]()
    for container in (one for one in known if one.role == "extended"):
        inside = [one for one in known if one is not container and _is_in(one, container)]
        if not any(one.number in found for one in inside):
            continue
        now = [found.get(one.number, (one.start, one.length)) for one in inside]
        moves = all(one.number in found and one.number != changed.number for one in inside)
        start = min(first for first, _ in now) - _MIB if moves else container.start
        around[container.number] = (start, max(first + length for first, length in now) - start)
    return {**found, **around}


def with_places(dump: str, new: Mapping[int, Place], sector: int) -> str:
    """The table with these partitions elsewhere. Raises NetbootError when it has not all of them."""
    lines, done = list[str](), set[int]()
    for line in dump.splitlines():
        row = _ROW.fullmatch(line)
        place = new.get(int(row["number"])) if row is not None else None
        if row is not None and place is not None:
            done.add(int(row["number"]))
            line = f"{row['node']} : start={place[0] // sector}, size={place[1] // sector}{row['rest']}"
        # The last sector that may be used is another's: sfdisk works it out.
        if not line.startswith("last-lba:"):
            lines.append(line)
    if done != new.keys():
        raise NetbootError("the partition table is not the master's", hint="deploy the master again")
    return "".join(f"{line}\n" for line in lines)


def _is_in(one: Partition, container: Partition) -> bool:
    return container.start <= one.start and one.end <= container.end
