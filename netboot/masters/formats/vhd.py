"""VHD, Microsoft's format of before 2012 (Virtual Hard Disk Image Format Specification; QEMU's block/vpc.c reads it).

qemu-img has no check for it. A file that was cut has lost its footer; what its table names is looked for here. Which
of its two sizes counts qemu-img decides by who made the file, in each version otherwise: it is told.
Not for: VHDX (`vhdx.py`).
"""

import struct
from pathlib import Path
from typing import Final

from netboot.masters.formats.bounds import Pieces, damaged
from netboot.masters.formats.qemu_img import unpack_as
from netboot.masters.formats.vhd_header import COOKIE, FOOTER, HEADER, Footer, parse_footer, parse_header, require_same
from netboot.survey.disk_file import DiskFile

_NOT_THERE: Final = 0xFFFFFFFF
_SECTOR: Final = 512


def read_header(head: bytes, file: DiskFile) -> int:
    """As `Format` says."""
    footer = _footer(file)
    if head.startswith(COOKIE):
        require_same(footer, parse_footer(head[:FOOTER], file.name), file.name)
    if footer.fixed == head.startswith(COOKIE):
        raise damaged(file.name, "its footer is one of another type of disk")
    if footer.fixed and footer.whole != file.size - FOOTER:
        raise damaged(file.name, f"its disk has {footer.whole} bytes, and {file.size - FOOTER} are in it")
    return footer.size


def require_whole(file: DiskFile) -> None:
    """As `Format` says."""
    footer = _footer(file)
    if footer.fixed:
        return
    table = parse_header(file.read(footer.header_at, footer.header_at + HEADER), footer, file.name)
    # Whoever made it may have left room for more blocks than the disk has.
    length = 4 * -(-footer.size // table.block)
    if table.end > file.size - FOOTER:
        raise damaged(file.name, "its table lies behind its end")
    pieces = Pieces(table.end, file.size - FOOTER, table.bitmap + table.block)
    for number, (sector,) in enumerate(struct.iter_unpack(">I", file.read(table.at, table.at + length))):
        if sector == _NOT_THERE:
            continue
        needed = table.bitmap + min(table.block, footer.size - number * table.block)
        wrong = pieces.add(sector * _SECTOR, needed)
        if wrong:
            raise damaged(file.name, wrong)


def unpack(file: DiskFile, raw: Path) -> None:
    """As `Format` says."""
    unpack_as(file, raw, "vpc", force_size_calc="chs" if _footer(file).by_geometry else "current_size")


def _footer(file: DiskFile) -> Footer:
    return parse_footer(file.read(max(0, file.size - FOOTER), file.size), file.name)
