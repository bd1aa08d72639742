"""The stick's partition table, and its first sectors, which start a BIOS PC. Pure: values and bytes.

A plain MBR (UEFI Specification 2.10 §5.2.1; entries of 16 bytes at 446), which firmware must be able to read (§13.3.2),
and no GPT beside it: some BIOSes refuse a stick without an active partition, and the copy that a GPT has at the disk's
end would lie in the middle of whatever larger stick the image is written to.

    sector 0         GRUB's boot sector and the table
    sectors 1 …      GRUB's core image, before the first partition
    1 MiB            1: FAT32, for what the kit brings back. First, since older Windows shows a stick's first alone
    then             2: FAT32, active, type EF: loaders, kernel, archives; never written by the kit

Not for: the file systems (`image.py`).
"""

import struct
from dataclasses import dataclass
from typing import Final

from netboot.shared.errors import NetbootError

SECTOR: Final = 512
MIB: Final = 1 << 20
FIRST: Final = MIB
DATA: Final = 160 * MIB
"""FAT32 has at least 65,525 clusters (Microsoft's FAT specification 1.03), here of 1 KiB; a visit takes up to 1 MiB."""

_CODE: Final = 440
_ENTRY: Final = struct.Struct("<B3sB3sII")
_FAT32_LBA: Final = 0x0C
_ESP: Final = 0xEF
_ACTIVE: Final = 0x80
_BEYOND_CHS: Final = b"\xfe\xff\xff"
"""In place of cylinder, head and sector: what reads these as numbers is to take the sector's own number."""
_DRIVE_CHECK: Final = 0x66
"""GRUB_BOOT_MACHINE_DRIVE_CHECK (grub-core/boot/i386/pc/boot.S): a jump over the cure for BIOSes that tell a wrong
drive. grub-install puts two NOPs there for whatever is no floppy (util/setup.c), and so does this."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Where it begins and how long it is, in bytes."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The stick: `size` in bytes is the image's, and the least that a stick must have."""

    data: Partition
    boot: Partition

    @property
    def size(self) -> int:
        """Up to the end of the last partition."""
        return self.boot.start + self.boot.size


def layout_for(boot: int) -> Layout:
    """The layout for `boot` bytes of files on the second partition, with an eighth and 16 MiB to spare."""
    size = -(-(boot + boot // 8 + 16 * MIB) // MIB) * MIB
    return Layout(Partition(FIRST, DATA), Partition(FIRST + DATA, max(size, 96 * MIB)))


def first_sectors(layout: Layout, *, boot_sector: bytes, core: bytes, disk_id: int) -> bytes:
    """What stands before the first partition, FIRST bytes. `disk_id` is the MBR's disk signature, not 0.

    Raises NetbootError for loaders that do not fit there.
    """
    if len(boot_sector) != SECTOR or len(core) > FIRST - SECTOR:
        raise NetbootError(
            "the loaders of these boot files do not fit before the stick's first partition",
            hint="run: sudo ./run netboot bootfiles build --refresh",
        )
    code = bytearray(boot_sector[:_CODE])
    code[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"
    table = _entry(layout.data, _FAT32_LBA) + _entry(layout.boot, _ESP, active=_ACTIVE) + bytes(2 * _ENTRY.size)
    sector = bytes(code) + struct.pack("<IH", disk_id, 0) + table + b"\x55\xaa"
    return (sector + core).ljust(FIRST, b"\0")


def _entry(partition: Partition, kind: int, *, active: int = 0) -> bytes:
    start, count = partition.start // SECTOR, partition.size // SECTOR
    return _ENTRY.pack(active, _BEYOND_CHS, kind, _BEYOND_CHS, start, count)
