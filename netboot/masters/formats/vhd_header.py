"""The footer and the header of a VHD (Microsoft, Virtual Hard Disk Image Format Specification, 2006).

Pure. A fixed disk is its raw bytes and a footer. A dynamic one begins with a copy of the footer, then a header, and a
table of the blocks that are in the file. All numbers are big-endian.
Not for: the table (`vhd.py`).
"""

import struct
from dataclasses import dataclass
from typing import Final

from netboot.masters.formats.bounds import WHOLE, damaged, require_size
from netboot.shared.errors import NetbootError

SECTOR: Final = 512
FOOTER: Final = 512
HEADER: Final = 1024
COOKIE: Final = b"conectix"

_FOOTER: Final = struct.Struct(">8s4xI Q4x4s8x8xQ HBB II 16s")
_HEADER: Final = struct.Struct(">8s8xQ4xII I")
_FOOTER_SUM_AT, _HEADER_SUM_AT = 64, 36
_FIXED, _DYNAMIC, _DIFFERENCING = 2, 3, 4
_LARGEST_GEOMETRY: Final = 65535 * 16 * 255
_BY_GEOMETRY: Final = (b"vpc ", b"qemu")
"""Virtual PC, and QEMU before 2.1: a guest saw what cylinders, heads and sectors make, not the size beside them."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says. `size` is what the guest saw, `whole` what is kept, `header_at` where the header is (bytes);
    `by_geometry`: whether the two differ because the geometry counts."""

    fixed: bool
    size: int
    whole: int
    by_geometry: bool
    header_at: int
    identity: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """The table of blocks: where it stands, how many there are, how long each is and the bitmap before it (bytes)."""

    at: int
    blocks: int
    block: int

    @property
    def bitmap(self) -> int:
        """A bit for each sector of a block, in whole sectors."""
        return -(-self.block // (8 * SECTOR * SECTOR)) * SECTOR

    @property
    def end(self) -> int:
        """Where blocks may begin."""
        return -(-(self.at + 4 * self.blocks) // SECTOR) * SECTOR


def parse_footer(data: bytes, name: str) -> Footer:
    """The footer in these bytes. Raises NetbootError when it is none, or of a disk that needs another file."""
    if len(data) != FOOTER or data[:8] != COOKIE:
        raise damaged(name, "its end is missing")
    _, version, header_at, maker, whole, cylinders, heads, sectors, kind, checksum, identity = _FOOTER.unpack_from(data)
    if checksum != _sum(data, _FOOTER_SUM_AT):
        raise damaged(name, "the checksum of its footer is another")
    if version >> 16 != 1:
        raise NetbootError(f"{name} is a VHD of version {version >> 16}, which is not known", hint=WHOLE)
    if kind == _DIFFERENCING:
        raise NetbootError(f"{name} is not whole: it needs the disk that it was made from", hint=WHOLE)
    if kind not in (_FIXED, _DYNAMIC):
        raise damaged(name, f"VHD knows no type {kind}")
    geometry = cylinders * heads * sectors
    by_geometry = maker in _BY_GEOMETRY and geometry != _LARGEST_GEOMETRY
    size = require_size(geometry * SECTOR if by_geometry else whole, name)
    if size > require_size(whole, name):
        raise damaged(name, f"its geometry has more than its {whole} bytes")
    return Footer(kind == _FIXED, size, whole, by_geometry, header_at, identity)


def parse_header(data: bytes, footer: Footer, name: str) -> Table:
    """The header of a dynamic disk. Raises NetbootError."""
    if len(data) != HEADER or data[:8] != b"cxsparse":
        raise damaged(name, "it has no header")
    _, table_at, blocks, block, checksum = _HEADER.unpack_from(data)
    if checksum != _sum(data, _HEADER_SUM_AT):
        raise damaged(name, "the checksum of its header is another")
    if block < 8 * SECTOR or block & (block - 1) or block * blocks < footer.size:
        raise damaged(name, f"{blocks} blocks of {block} bytes make no disk of {footer.size}")
    return Table(table_at, blocks, block)


def require_same(footer: Footer, copy: Footer, name: str) -> None:
    """Refuse a file that begins with one disk's footer and ends with another's. Raises NetbootError."""
    if footer != copy:
        raise damaged(name, "its beginning and its end contradict each other")


def _sum(data: bytes, at: int) -> int:
    """The complement of the sum of all bytes but the checksum's own four."""
    return ~(sum(data) - sum(data[at : at + 4])) & 0xFFFFFFFF
