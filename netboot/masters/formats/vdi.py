"""VDI, VirtualBox's format (VirtualBox's src/VBox/Storage/VDICore.h; what qemu-img reads of it: QEMU's block/vdi.c).

`qemu-img check` counts the blocks and does not ask whether they lie in the file, so that is asked here.
Not for: snapshots, which are files of their own and need the others.
"""

import struct
from pathlib import Path
from typing import Final

from netboot.masters.formats.bounds import Pieces, damaged
from netboot.masters.formats.qemu_img import require_checked, unpack_as
from netboot.masters.formats.vdi_header import BLOCK, parse_header
from netboot.survey.disk_file import DiskFile

_NOT_THERE: Final = 0xFFFFFFFE
"""This and the number above it stand for blocks of zeros that are not in the file."""


def read_header(head: bytes, file: DiskFile) -> int:
    """As `Format` says."""
    return parse_header(head, file.name).size


def require_whole(file: DiskFile) -> None:
    """As `Format` says."""
    header = parse_header(file.read(0, 512), file.name)
    end = header.map_at + 4 * header.blocks
    if end > file.size:
        raise damaged(file.name, "its map of blocks lies behind its end")
    pieces = Pieces(header.data_at, file.size, BLOCK)
    for number, (place,) in enumerate(struct.iter_unpack("<I", file.read(header.map_at, end))):
        if place >= _NOT_THERE:
            continue
        wrong = pieces.add(header.data_at + place * BLOCK, min(BLOCK, header.size - number * BLOCK))
        if wrong:
            raise damaged(file.name, wrong)
    require_checked(file, "vdi")


def unpack(file: DiskFile, raw: Path) -> None:
    """As `Format` says."""
    unpack_as(file, raw, "vdi")
