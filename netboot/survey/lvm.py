"""The volumes in a physical volume of LVM, by its own metadata: where on the disk each lies. Pure.

Nothing is activated: the kernel's device-mapper, and whatever volume group of the same name this machine has, are left
alone. Layout: lvm2, lib/format_text/layout.h; the text is read in `lvm_text.py`. A volume that is anything but plain
extents one after the other (a mirror, a snapshot, thin, striped over several) is not understood, and then neither is
the whole group.
Not for: what is in a volume (`volumes.py`). All values are bytes within the partition unless said otherwise.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from netboot.survey.lvm_text import LvmError, Section, parse, the_group

Range = tuple[int, int]
Read = Callable[[int, int], bytes]

_SECTOR: Final = 512
_LABELS: Final = 4
"""In which of the first sectors a label may stand."""
_LABEL: Final = struct.Struct("<8sQLL8s")
_AREA: Final = struct.Struct("<2Q")
_PLACED: Final = struct.Struct("<2Q2L")
_HEADER_MAGIC: Final = b" LVM2 x[5A%r0N*>"
_LONGEST: Final = 4 << 20
_AREAS: Final = 8
_CRC_START: Final = 0xF597A6CF
_IGNORED: Final = 0x1
_PLAIN: Final = frozenset({"READ", "WRITE", "VISIBLE"})
_RESIZEABLE: Final = frozenset({"RESIZEABLE", "READ", "WRITE"})
_FOREIGN: Final = frozenset({"lock_type", "lock_args"})
"""Of a group that several machines use by turns (lvmlockd(8)); one that a single one may use: lvmsystemid(7)."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A logical volume: its name, and the ranges of the partition that it lies in, in its own order. `fixed`: LVM says
    of it more than that it can be read and written, so its place and size stay as they are."""

    name: str
    ranges: tuple[Range, ...]
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class PhysicalVolume:
    """What is in a partition that is a physical volume: its group, what stands before its extents and behind, and its
    volumes. `fixed`: LVM itself would not make it larger, or only for a machine that locks it."""

    group: str
    outside: tuple[Range, ...]
    volumes: tuple[Volume, ...]
    fixed: bool = False


def read_physical_volume(read: Read, length: int) -> PhysicalVolume:
    """Read it; `length` is the partition's. Raises LvmError."""
    try:
        uuid, areas = _label(read)
        name, group = the_group(parse(_metadata(read, areas, length)))
        return _volumes(name, group, uuid, areas, length)
    except (struct.error, AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise LvmError(f"its LVM metadata cannot be read ({error!r})"[:200]) from error


def _label(read: Read) -> tuple[str, list[Range]]:
    """The physical volume's UUID, without hyphens, and its metadata areas."""
    for sector in range(_LABELS):
        block = read(sector * _SECTOR, (sector + 1) * _SECTOR)
        magic, number, _, offset, kind = _LABEL.unpack_from(block)
        if magic != b"LABELONE" or kind != b"LVM2 001" or number != sector:
            continue
        uuid = block[offset : offset + 32].decode("ascii")
        at = offset + 40
        for _ in range(_AREAS):  # where data is: this is in the metadata as well
            first, _ = _AREA.unpack_from(block, at)
            at += _AREA.size
            if not first:
                break
        areas: list[Range] = []
        for _ in range(_AREAS):
            first, size = _AREA.unpack_from(block, at)
            at += _AREA.size
            if not first:
                return uuid, areas
            areas.append((first, first + size))
    raise LvmError("it has no LVM label that can be read")


def _metadata(read: Read, areas: list[Range], length: int) -> str:
    """The text of the first area that holds one, its checksum right."""
    for start, end in areas:
        header = read(start, start + _SECTOR)
        (magic,) = struct.unpack_from("<16s", header, 4)
        if magic != _HEADER_MAGIC or end > length:
            raise LvmError("its LVM metadata is damaged")
        offset, size, checksum, flags = _PLACED.unpack_from(header, 40)
        if not offset or flags & _IGNORED:
            continue
        if not 0 < size <= _LONGEST or offset >= end - start:
            raise LvmError("its LVM metadata is damaged")
        text = read(start + offset, min(start + offset + size, end))
        # The area is a ring, behind its header.
        text += read(start + _SECTOR, start + _SECTOR + size - len(text))
        if len(text) != size or zlib.crc32(text, _CRC_START ^ 0xFFFFFFFF) ^ 0xFFFFFFFF != checksum:
            raise LvmError("its LVM metadata is damaged")
        return text.rstrip(b"\0").decode("utf-8", "replace")
    raise LvmError("its LVM metadata is not in it")


def _volumes(group_name: str, group: Section, uuid: str, areas: list[Range], length: int) -> PhysicalVolume:
    extent = group["extent_size"] * _SECTOR
    physical = group["physical_volumes"]
    if len(physical) != 1:
        raise LvmError(f"its LVM group lies on {len(physical)} partitions")
    ((name, own),) = physical.items()
    if own["id"].replace("-", "") != uuid:
        raise LvmError("its LVM metadata is another's")
    first, count = own["pe_start"] * _SECTOR, own["pe_count"]
    end = first + count * extent
    if not extent or not first or end > length or any(start < first < stop for start, stop in areas):
        raise LvmError("its LVM group is larger than the partition")
    if "system_id" in group:
        # Its own system would find it another's, once that has a hostname or machine-id of its own.
        raise LvmError("its LVM group is for one machine alone (system_id)")
    found = []
    for volume, told in group.get("logical_volumes", {}).items():
        ranges: list[Range] = []
        for number in range(1, told["segment_count"] + 1):
            segment = told[f"segment{number}"]
            if segment["type"] != "striped" or segment["stripe_count"] != 1:
                raise LvmError(f"its LVM volume {volume[:60]} is not plain ({str(segment['type'])[:20]})")
            on, at = segment["stripes"]
            extents = segment["extent_count"]
            if on != name or not 0 <= at < at + extents <= count:
                raise LvmError(f"its LVM volume {volume[:60]} lies elsewhere")
            start, stop = first + at * extent, first + (at + extents) * extent
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], stop)
            else:
                ranges.append((start, stop))
        found.append(Volume(volume, tuple(ranges), set(told["status"]) != _PLAIN))
    # A second area stands at the end of the partition, where pvresize leaves it in the way.
    fixed = len(areas) != 1 or set(group["status"]) != _RESIZEABLE or not _FOREIGN.isdisjoint(group)
    fixed = fixed or own["status"] != ["ALLOCATABLE"] or bool(own["flags"])
    # All but the extents: label, metadata, and what may stand behind the last extent.
    return PhysicalVolume(group_name, ((0, first), (end, length)), tuple(found), fixed)
