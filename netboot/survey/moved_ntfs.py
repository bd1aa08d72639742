"""What an NTFS that was moved says of its new place: the hidden sectors, in its boot sector and in that one's copy.

GParted keeps the first right too; ntfsfix wants both the same. Layout: ntfs-3g, layout.h. Pure.
Not for: moving it.
"""

import struct
from collections.abc import Callable
from typing import Final

_BOOT: Final = 512
_NTFS: Final = b"NTFS    "
_HIDDEN_SECTORS: Final = 0x1C


def moved_boot_sectors(read: Callable[[int, int], bytes], length: int, sector: int) -> dict[int, bytes]:
    """The bytes that change, by where they stand in the partition of `length` bytes, when it begins at this sector of
    the disk; none when there is no NTFS in it. `read` gives what is in the partition, from one byte to another."""
    boot = read(0, _BOOT)
    if len(boot) < _BOOT or not boot.startswith(_NTFS, 3):
        return {}
    bytes_each, sectors = struct.unpack_from("<H", boot, 0x0B)[0], struct.unpack_from("<Q", boot, 0x28)[0]
    copies = (
        at for at in (0, bytes_each * sectors) if at + _BOOT <= length and read(at, at + _BOOT).startswith(_NTFS, 3)
    )
    return {at + _HIDDEN_SECTORS: struct.pack("<I", sector & 0xFFFFFFFF) for at in copies}
