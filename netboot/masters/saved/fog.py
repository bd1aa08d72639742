"""A folder of FOG: which of its files are of the disk that was saved.

Names and contents are those of the scripts that write them (FOGProject/fos, `funcs.sh` and `partition-funcs.sh`:
`d1.partitions`, `d1.mbr`, `d1.grub.mbr`, `d1p1.img` or `d1p1.img.000`…, `d1.original.swapuuids`). Of an image that FOG
may resize, the partitions have the size that they had, and the file systems the size to which FOG shrank them. LVM and
images of several disks are not read. Not for: Clonezilla's folders (`clonezilla.py`).
"""

import re
from typing import Final

from netboot.masters.saved.folder import Folder
from netboot.masters.saved.parts import BOOT_CODE, ELSEWHERE, SavedDisk, swap_of
from netboot.masters.saved.table_dump import SECTOR, read_dump
from netboot.shared.errors import NetbootError
from netboot.survey.used_ranges import BOOT_AREA

_TABLES: Final = ("d1.partitions", "d1.original.partitions")
_OTHER_DISK: Final = re.compile(r"d(?!1\D)\d+(p\d+)?\.\w+.*")
_SWAP: Final = re.compile(r"^\s*(\d{1,3})\s+(\S{1,40})\s*$", re.MULTILINE)


def is_fog(folder: Folder) -> bool:
    """Whether FOG wrote this folder."""
    return any(table in folder.files for table in _TABLES)


def read_fog(folder: Folder) -> SavedDisk:
    """What there is of the disk. Raises NetbootError."""
    if any(_OTHER_DISK.fullmatch(file) for file in folder.files):
        raise NetbootError(f"{folder.name} holds several disks, and a master is one", hint=ELSEWHERE)
    file = next(table for table in _TABLES if table in folder.files)
    table = read_dump(folder.text(file), f"{folder.name}/{file}")
    images = {}
    for partition in table.partitions:
        if pieces := folder.pieces(f"d1p{partition.number}.img"):
            images[partition.number] = pieces
    swaps = {int(number): swap_of(uuid) for number, uuid in _SWAP.findall(folder.text("d1.original.swapuuids"))}
    # With a GPT, d1.mbr is sgdisk's backup, which begins with the disk's first sector, and GRUB's is a file of its own.
    boot = folder.head("d1.grub.mbr", SECTOR) or folder.head("d1.mbr", SECTOR)
    boot = boot[:BOOT_CODE].ljust(SECTOR, b"\0")
    if table.label == "dos":
        boot += folder.head("d1.mbr", BOOT_AREA)[SECTOR:]
    return SavedDisk(table, boot, images, swaps)
