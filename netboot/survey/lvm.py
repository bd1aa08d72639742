"""The volumes in a physical volume of LVM, by its own metadata: where on the disk each lies. Pure.

Nothing is activated: the kernel's device-mapper, and whatever volume group of the same name this machine has, are left
alone. Layout: lvm2, lib/format_text/layout.h and the text of `man vgcfgbackup`. A volume that is anything but plain
extents one after the other (a mirror, a snapshot, thin, striped over several) is not understood, and then neither is
the whole group.
Not for: what is in a volume (`volumes.py`). All values are bytes within the partition unless said otherwise.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from netboot.shared.errors import NetbootError

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
_DEPTH: Final = 8
_CRC_START: Final = 0xF597A6CF
_IGNORED: Final = 0x1
_WORD: Final = re.compile(r'\s+|#[^\n]*|(?P<word>[A-Za-z0-9_.+-]+)|(?P<sign>[{}=\[\],])|(?P<text>"(?:[^"\\]|\\.)*")')


class LvmError(NetbootError):
    """Metadata that is damaged, or of a group that is not understood."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A logical volume: its name, and the ranges of the partition that it lies in, in its own order."""

    name: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class PhysicalVolume:
    """What is in a partition that is a physical volume: what stands before its extents and behind, and its volumes."""

    outside: tuple[Range, ...]
    volumes: tuple[Volume, ...]


def read_physical_volume(read: Read, length: int) -> PhysicalVolume:
    """Read it; `length` is the partition's. Raises LvmError."""
    try:
        uuid, areas = _label(read)
        group = _group(_metadata(read, areas, length))
        return _volumes(group, uuid, areas, length)
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


def _group(text: str) -> dict[str, Any]:
    """The one volume group of a metadata text."""
    words = _words(text)
    whole = _section(words, 0)
    groups = [value for value in whole.values() if isinstance(value, dict)]
    if len(groups) != 1:
        raise LvmError(f"its LVM metadata tells of {len(groups)} groups")
    group: dict[str, Any] = groups[0]
    return group


def _words(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise LvmError(f"its LVM metadata has {text[at : at + 20]!r}")
        at = found.end()
        if found.lastgroup:
            yield found[found.lastgroup]


def _section(words: Iterator[str], depth: int) -> dict[str, Any]:
    section: dict[str, Any] = {}
    for name in words:
        if name == "}" and depth:
            return section
        sign = next(words, "")
        if sign == "{" and depth < _DEPTH:
            section[name] = _section(words, depth + 1)
        elif sign == "=":
            word = next(words, "")
            section[name] = _list(words) if word == "[" else _value(word)
        else:
            raise LvmError(f"its LVM metadata has {name[:20]!r}")
    if depth:
        raise LvmError("its LVM metadata is cut short")
    return section


def _list(words: Iterator[str]) -> list[str | int]:
    found: list[str | int] = []
    for word in words:
        if word == "]":
            return found
        if word != ",":
            found.append(_value(word))
    raise LvmError("its LVM metadata is cut short")


def _value(word: str) -> str | int:
    if word.startswith('"'):
        return word[1:-1]
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else word


def _volumes(group: dict[str, Any], uuid: str, areas: list[Range], length: int) -> PhysicalVolume:
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
        found.append(Volume(volume, tuple(ranges)))
    # All but the extents: label, metadata, and what may stand behind the last extent.
    return PhysicalVolume(((0, first), (end, length)), tuple(found))
