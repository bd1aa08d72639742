"""Where a master's partitions lie once one of them has the rest of a larger disk, and the table that says so. Pure.

What lies behind that partition goes to the end of the disk; all others stay. It follows from the master's own places
and the disk alone, so that a stage that was cut finds the same again. The table is text as `sfdisk --dump` writes and
sfdisk(8) reads it, so that all else that it says stays. Not for: LVM (`survey/lvm_room.py`), writing it (`grow.py`).
"""

import re
from collections.abc import Mapping
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, Partition

Place = tuple[int, int]
"""Where a partition begins, and how long it is, in bytes."""

_MIB: Final = 1024 * 1024
_ROW: Final = re.compile(r"^(?P<node>/\S*?(?P<number>\d+)) : start= *\d+, size= *\d+(?P<rest>.*)$")


def behind(manifest: Manifest, growing: Partition) -> tuple[Partition, ...]:
    """What lies behind the partition that grows, in order: all of it can go to the end, by the manifest's own rule."""
    later = (one for one in manifest.partitions if one.role != "extended" and one.start >= growing.end)
    return tuple(sorted(later, key=lambda one: one.start))


def is_copied(partition: Partition) -> bool:
    """Whether what is in it is moved with it."""
    return partition.filesystem is None or partition.filesystem.kind != "swap"


def places(manifest: Manifest, growing: Partition, end: int) -> Mapping[int, Place]:
    """The new places by the partitions' numbers, of those that get one; none when the rest is not worth it, or what has
    to be copied would lie over itself. `end` is where the disk's usable part ends, in bytes."""
    containers = [one for one in manifest.partitions if one.role == "extended"]
    found: dict[int, Place] = {}
    at = end // _MIB * _MIB
    for one in reversed(behind(manifest, growing)):
        at = (at - one.length) // _MIB * _MIB
        found[one.number] = (at, one.length)
        if any(_is_in(one, container) for container in containers):
            at -= _MIB  # a logical partition's own table stands before it
    found[growing.number] = (growing.start, at - growing.start)
    if at - growing.start < growing.length + _MIB:
        return {}
    if any(is_copied(one) and found[one.number][0] < one.end for one in behind(manifest, growing)):
        return {}
    for container in containers:
        inside = [one for one in manifest.partitions if one is not container and _is_in(one, container)]
        if not any(one.number in found for one in inside):
            continue
        now = [found.get(one.number, (one.start, one.length)) for one in inside]
        moves = all(one.number in found and one.number != growing.number for one in inside)
        start = min(first for first, _ in now) - _MIB if moves else container.start
        found[container.number] = (start, max(first + length for first, length in now) - start)
    return found


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
