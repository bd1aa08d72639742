"""The headers, the region table and the metadata of a VHDX (Microsoft, [MS-VHDX] 2.2, 2.5 and 2.6).

Pure. Not for: the log, which is never replayed here, and the table of blocks (`vhdx.py`).
"""

import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from netboot.masters.formats.bounds import CONVERT, WHOLE, damaged, require_size
from netboot.masters.formats.crc32c import crc32c
from netboot.shared.errors import NetbootError

HEADERS: Final = ((64 << 10, 68 << 10), (128 << 10, 132 << 10))
"""Where the two headers stand: the newer whole one counts."""
REGIONS: Final = (192 << 10, 256 << 10)
"""Where the region table stands. There is a copy behind it, which qemu-img does not look at."""
METADATA: Final = 64 << 10
"""How long the metadata table is."""
FIRST: Final = 1 << 20
"""Where anything but headers begins, and what all is aligned to."""

_HEADER: Final = struct.Struct("<4sI Q 16s16s16s HH IQ")
_REGIONS: Final = struct.Struct("<4sII4x")
_REGION: Final = struct.Struct("<16sQII")
_METADATA: Final = struct.Struct("<8s2xH20x")
_ITEM: Final = struct.Struct("<16sIII4x")
_PARAMETERS: Final = struct.Struct("<II")
_MOST_REGIONS, _MOST_ITEMS = 2047, 1023
_HAS_PARENT: Final = 1 << 1
_LONGEST_BLOCK: Final = 256 << 20
_SECTORS_OF_A_CHUNK: Final = 1 << 23
_TABLE_REGION: Final = UUID("2DC27766-F623-4200-9D64-115E9BFD4A08").bytes_le
_METADATA_REGION: Final = UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E").bytes_le
_FILE_PARAMETERS: Final = UUID("CAA16737-FA36-4D43-B3B6-33F0AA44E76B").bytes_le
_DISK_SIZE: Final = UUID("2FA54224-CD1B-4876-B211-5DBED83BF4B8").bytes_le
_SECTOR_SIZE: Final = UUID("8141BF1D-A96F-4709-BA47-F233A8FAAB5F").bytes_le
_PARENT: Final = UUID("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C").bytes_le

Place = tuple[int, int]
"""Where something starts and ends in the file."""


@dataclass(frozen=True, slots=True)
class Items:
    """Where in the file the metadata's items stand that are asked for."""

    parameters: Place
    size: Place
    sector: Place


@dataclass(frozen=True, slots=True)
class Disk:
    """What the metadata say of the disk, in bytes."""

    size: int
    block: int

    @property
    def blocks(self) -> int:
        """How many blocks the disk has."""
        return -(-self.size // self.block)

    @property
    def chunk(self) -> int:
        """After so many blocks an entry of the table is for something else."""
        return _SECTORS_OF_A_CHUNK * 512 // self.block

    @property
    def entries(self) -> int:
        """How many entries the table has."""
        return self.blocks + (self.blocks - 1) // self.chunk


def require_closed(copies: tuple[bytes, ...], name: str) -> None:
    """Refuse a file whose log holds changes that are not made yet. Raises NetbootError."""
    whole = [copy for copy in copies if copy[:4] == b"head" and len(copy) == 4096 and _sums(copy)]
    if not whole:
        raise damaged(name, "neither of its headers is whole")
    newest = max(whole, key=lambda copy: int(_HEADER.unpack_from(copy)[2]))
    log, version = _HEADER.unpack_from(newest)[5], _HEADER.unpack_from(newest)[7]
    if version != 1:
        raise NetbootError(f"{name} is a VHDX of version {version}, which is not known", hint=CONVERT)
    if any(log):
        raise NetbootError(
            f"{name} was in use when it was copied: changes of it are in its log only",
            hint="shut the virtual machine down, then copy it again; or have them made: qemu-img check -r all THIS",
        )


def parse_regions(data: bytes, name: str) -> tuple[Place, Place]:
    """Where the table of blocks and the metadata stand. Raises NetbootError."""
    if len(data) != REGIONS[1] - REGIONS[0] or data[:4] != b"regi" or not _sums(data):
        raise damaged(name, "its region table is not whole")
    count = _REGIONS.unpack_from(data)[2]
    if count > _MOST_REGIONS:
        raise damaged(name, f"it tells of {count} regions")
    found: dict[bytes, Place] = {}
    for number in range(count):
        kind, start, length, required = _REGION.unpack_from(data, _REGIONS.size + number * _REGION.size)
        if kind in found or start < FIRST:
            raise damaged(name, "its regions lie over each other")
        if kind not in (_TABLE_REGION, _METADATA_REGION) and required & 1:
            raise NetbootError(f"{name} is a VHDX with a region that is not known", hint=CONVERT)
        found[kind] = (start, start + length)
    if not {_TABLE_REGION, _METADATA_REGION} <= found.keys():
        raise damaged(name, "a region of it is missing")
    return found[_TABLE_REGION], found[_METADATA_REGION]


def parse_metadata(data: bytes, region: Place, name: str) -> Items:
    """Where the items stand, by the table at the metadata's beginning. Raises NetbootError; for a parent too."""
    if len(data) != METADATA or data[:8] != b"metadata":
        raise damaged(name, "its metadata are missing")
    count = _METADATA.unpack_from(data)[1]
    if count > _MOST_ITEMS:
        raise damaged(name, f"it has {count} metadata")
    found: dict[bytes, Place] = {}
    for number in range(count):
        kind, start, length, _ = _ITEM.unpack_from(data, _METADATA.size + number * _ITEM.size)
        # One without a length stands nowhere.
        if kind in found or (length and not METADATA <= start <= region[1] - region[0] - length):
            raise damaged(name, "its metadata lie over each other")
        found[kind] = (region[0] + start, region[0] + start + length)
    if _PARENT in found:
        raise NetbootError(f"{name} is not whole: it needs the disk that it was made from", hint=WHOLE)
    if not {_FILE_PARAMETERS, _DISK_SIZE, _SECTOR_SIZE} <= found.keys():
        raise damaged(name, "some of its metadata are missing")
    return Items(found[_FILE_PARAMETERS], found[_DISK_SIZE], found[_SECTOR_SIZE])


def parse_items(parameters: bytes, size: bytes, sector: bytes, name: str) -> Disk:
    """The disk, by three items of the metadata. Raises NetbootError."""
    if (len(parameters), len(size), len(sector)) != (8, 8, 4):
        raise damaged(name, "its metadata have odd lengths")
    block, flags = _PARAMETERS.unpack(parameters)
    if flags & _HAS_PARENT:
        raise NetbootError(f"{name} is not whole: it needs the disk that it was made from", hint=WHOLE)
    if not FIRST <= block <= _LONGEST_BLOCK or block & (block - 1):
        raise damaged(name, f"its blocks have {block} bytes")
    if int.from_bytes(sector, "little") != 512:
        raise NetbootError(
            f"{name} is a disk of other sectors than 512 bytes, which qemu-img does not unpack right",
            hint="import a raw image of it",
        )
    return Disk(require_size(int.from_bytes(size, "little"), name), block)


def _sums(data: bytes) -> bool:
    """Whether the checksum, which stands after the signature, is that of these bytes."""
    return int.from_bytes(data[4:8], "little") == crc32c(data[:4] + bytes(4) + data[8:])
