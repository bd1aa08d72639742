"""A disk with nothing but a BIOS boot sector that says on the serial port that it was started, then halts.

Enough to see that a BIOS PC booted its disk. Not for: UEFI (`efi_disk.py`), masters, which have systems on them.
"""

from pathlib import Path
from typing import Final

from netboot.lab.disks import create_empty

SIZE: Final = 64 << 20
SAID: Final = "the loader on the disk was started"
"""What it says, as the loader of an `efi_disk` does."""

# ds = 0; si = the text, which follows at 0x7c00 + 24; dx = COM1; a byte at a time until the zero; then halt.
_CODE: Final = bytes.fromhex("31c0 8ed8 fc be187c baf803 ac 84c0 7403 ee ebf8 fa f4 ebfc 90")
_SECTOR: Final = 512


def create_bios_disk(path: Path) -> None:
    """Make an image of SIZE bytes. Raises NetbootError."""
    create_empty(path, SIZE)
    program = _CODE + SAID.encode() + b"\r\n\0"
    with path.open("r+b") as image:
        image.write(program.ljust(_SECTOR - 2, b"\0") + b"\x55\xaa")
