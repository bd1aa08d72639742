"""VMDK, VMware's format, of one file (VMware, Virtual Disk Format 1.1; what qemu-img reads of it: QEMU's block/vmdk.c).

`qemu-img check` notices only a piece of the disk, a “grain”, that begins behind the file's end, so all tables are
followed here. Not for: disks of several files, and VMware ESX's own kinds (COWD, seSparse).
"""

import struct
from pathlib import Path
from typing import Final

from netboot.masters.formats.bounds import Pieces, damaged
from netboot.masters.formats.qemu_img import require_checked, unpack_as
from netboot.masters.formats.vmdk_header import (
    DESCRIPTION,
    ENTRIES,
    FOOTER,
    SECTOR,
    Header,
    parse_footer,
    parse_header,
    require_alone,
    require_description,
)
from netboot.survey.disk_file import DiskFile

_TABLE: Final = struct.Struct(f"<{ENTRIES}I")
_GRAIN_MARKER: Final = struct.Struct("<QI")


def read_header(head: bytes, file: DiskFile) -> int:
    """As `Format` says."""
    header = parse_header(head, file.name)
    if header.directory is None:
        parse_footer(_end(file), header, file.name)
    require_alone(file.read(*DESCRIPTION), file.name)
    start, end = header.description
    if end > file.size:
        raise damaged(file.name, "its description lies behind its end")
    # One of some hundred bytes is usual; what is longer is none.
    require_description(file.read(start, min(end, start + (1 << 20))), header, file.name)
    return header.size


def require_whole(file: DiskFile) -> None:
    """As `Format` says."""
    header = parse_header(file.read(0, SECTOR), file.name)
    if header.directory is None:
        header = parse_footer(_end(file), header, file.name)
    wrong = _follow(file, header)
    if wrong:
        raise damaged(file.name, wrong)
    require_checked(file, "vmdk")


def unpack(file: DiskFile, raw: Path) -> None:
    """As `Format` says."""
    unpack_as(file, raw, "vmdk")


def _end(file: DiskFile) -> bytes:
    """The footer, if the file is long enough and of whole sectors, as its writers leave it."""
    return b"" if file.size < FOOTER or file.size % SECTOR else file.read(file.size - FOOTER, file.size)


def _follow(file: DiskFile, header: Header) -> str:
    """What is wrong with the grain tables and the places that they name, "" when nothing is."""
    directory = _directory(file, header.directory or 0, header.tables)
    if directory is None:
        return "its directory lies behind its end"
    copy = directory if header.copy is None else _directory(file, header.copy, header.tables)
    if copy is None:
        return "the copy of its directory lies behind its end"
    pieces = Pieces(header.first, file.size, header.grain)
    known: set[int] = set()
    for number, (at, at_copy) in enumerate(zip(directory, copy, strict=True)):
        if bool(at) != bool(at_copy):
            return "its directory and the copy of it contradict each other"
        if not at:
            continue
        if at in known:
            return "two places of its directory name the same table"
        known.add(at)
        table = file.read(at * SECTOR, at * SECTOR + _TABLE.size)
        if len(table) < _TABLE.size:
            return "one of its tables lies behind its end"
        if at_copy != at and file.read(at_copy * SECTOR, at_copy * SECTOR + _TABLE.size) != table:
            return "one of its tables and the copy of it contradict each other"
        wrong = _grains(file, header, pieces, number * ENTRIES, _TABLE.unpack(table))
        if wrong:
            return wrong
    return ""


def _directory(file: DiskFile, at: int, length: int) -> tuple[int, ...] | None:
    """The sectors of this many tables, None when they are not in the file."""
    end = at + 4 * length
    return struct.unpack(f"<{length}I", file.read(at, end)) if end <= file.size else None


def _grains(file: DiskFile, header: Header, pieces: Pieces, first: int, table: tuple[int, ...]) -> str:
    """What is wrong with the grains of one table, the first of which is number `first` of the disk."""
    for number, sector in enumerate(table, first):
        at = number * header.grain
        if not sector or (sector == 1 and header.zeroed) or at >= header.size:
            continue
        if header.compressed:
            wrong = _compressed(file, header, at, sector * SECTOR)
        else:
            wrong = pieces.add(sector * SECTOR, min(header.grain, header.size - at))
        if wrong:
            return wrong
    return ""


def _compressed(file: DiskFile, header: Header, at: int, start: int) -> str:
    """What is wrong with the compressed grain that stands at `start` in the file and at `at` on the disk."""
    marker = file.read(start, start + _GRAIN_MARKER.size)
    if len(marker) < _GRAIN_MARKER.size:
        return "one of its tables points behind its end"
    sector, length = _GRAIN_MARKER.unpack(marker)
    if sector * SECTOR != at or not 0 < length <= 2 * header.grain:
        return "one of its tables points to something else"
    if start + len(marker) + length > file.size:
        return "one of its tables points behind its end"
    return ""
