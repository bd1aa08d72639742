"""VHDX, Hyper-V's format (Microsoft, [MS-VHDX]; what qemu-img reads of it: QEMU's block/vhdx.c).

Not for: VHD (`vhd.py`), differencing disks, disks of 4096-byte sectors.
"""

import struct
from pathlib import Path
from typing import Final

from netboot.masters.formats.bounds import WHOLE, Pieces, damaged
from netboot.masters.formats.qemu_img import require_checked, unpack_as
from netboot.masters.formats.vhdx_header import (
    FIRST,
    HEADERS,
    METADATA,
    REGIONS,
    Disk,
    Place,
    parse_items,
    parse_metadata,
    parse_regions,
    require_closed,
)
from netboot.shared.errors import NetbootError
from netboot.survey.disk_file import DiskFile

_STATE: Final = 0b111
_WHOLLY, _PARTLY, _UNKNOWN = 6, 7, 4
_OFFSET: Final = ~(FIRST - 1)


def read_header(head: bytes, file: DiskFile) -> int:
    """As `Format` says."""
    if not head.startswith(b"vhdxfile"):
        raise damaged(file.name, "it has no VHDX header")
    require_closed(tuple(file.read(*place) for place in HEADERS), file.name)
    return _read(file)[0].size


def require_whole(file: DiskFile) -> None:
    """As `Format` says."""
    disk, (start, end) = _read(file)
    length = 8 * disk.entries
    if length > end - start or start + length > file.size:
        raise damaged(file.name, "its table of blocks is too short, or lies behind its end")
    entries = tuple(entry for (entry,) in struct.iter_unpack("<Q", file.read(start, start + length)))
    pieces = Pieces(FIRST, file.size, disk.block)
    for number in range(disk.blocks):
        entry = entries[number + number // disk.chunk]
        state = entry & _STATE
        if state == _PARTLY:
            raise NetbootError(f"{file.name} is not whole: it needs the disk that it was made from", hint=WHOLE)
        if state == _UNKNOWN:
            raise damaged(file.name, "a block of it is in no known state")
        if state != _WHOLLY:
            continue  # zeros
        wrong = pieces.add(entry & _OFFSET, min(disk.block, disk.size - number * disk.block))
        if wrong:
            raise damaged(file.name, wrong)
    require_checked(file, "vhdx")


def unpack(file: DiskFile, raw: Path) -> None:
    """As `Format` says."""
    unpack_as(file, raw, "vhdx")


def _read(file: DiskFile) -> tuple[Disk, Place]:
    """The disk, and where its table of blocks stands."""
    table, metadata = parse_regions(file.read(*REGIONS), file.name)
    items = parse_metadata(file.read(metadata[0], metadata[0] + METADATA), metadata, file.name)
    values = _item(file, items.parameters), _item(file, items.size), _item(file, items.sector)
    return parse_items(*values, file.name), table


def _item(file: DiskFile, place: Place) -> bytes:
    """An item of the metadata; those that are asked for have a few bytes."""
    return file.read(place[0], min(place[1], place[0] + 16))
