"""A folder of Clonezilla: which of its files are of the disk that was saved.

Names and contents are those of its own script that writes them (Debian's clonezilla 5.3.17, `ocs-functions`: `parts`,
`disk`, `sda-pt.sf`, `sda-mbr`, `sda-hidden-data-after-mbr`, `sda1.ext4-ptcl-img.gz.aa`, `sda2.dd-ptcl-img.zst`,
`swappt-sda3.info`). The lists of devices, parted's tables, the copies of a GPT and the firmware's settings are not
needed: sfdisk's table has it all. Images by ntfsclone and partimage, which are old or were asked for, are not read.
Not for: FOG's folders (`fog.py`).
"""

import re
from typing import Final

from netboot.masters.saved.folder import Folder
from netboot.masters.saved.parts import BOOT_CODE, ELSEWHERE, SavedDisk, Swap, swap_of
from netboot.masters.saved.table_dump import SECTOR, read_dump
from netboot.shared.errors import NetbootError
from netboot.survey.used_ranges import BOOT_AREA

_TABLE: Final = "-pt.sf"
_DISK: Final = re.compile(r"[a-z][a-z0-9]{1,30}")
_READ: Final = ("gz", "bz2", "xz", "zst", "uncomp")
# Of which partition, of which file system, what it is packed with, which piece it is.
_IMAGE: Final = re.compile(
    r"(?P<base>p?(?P<number>\d{1,3})\.(?:[a-z0-9+_-]+-ptcl-img\.(?P<packed>[a-z0-9]{2,6})|dd-img))(?:\.[a-z]{2,4})?"
)
_SWAP: Final = re.compile(r'^(UUID|LABEL)="?([^"\n]*)"?\s*$', re.MULTILINE)


def is_clonezilla(folder: Folder) -> bool:
    """Whether Clonezilla wrote this folder."""
    return bool({"parts", "disk"} & folder.files) and any(file.endswith(_TABLE) for file in folder.files)


def read_clonezilla(folder: Folder) -> SavedDisk:
    """What there is of the disk. Raises NetbootError."""
    disk = _disk(folder)
    table = read_dump(folder.text(f"{disk}{_TABLE}"), f"{folder.name}/{disk}{_TABLE}")
    images, swaps = dict[int, tuple[str, ...]](), dict[int, Swap]()
    for file in sorted(folder.files):
        found = _IMAGE.fullmatch(file.removeprefix(disk)) if file.startswith(disk) else None
        if found is None:
            continue
        if found["packed"] not in (None, *_READ):
            raise NetbootError(
                f"{folder.name} is packed with {found['packed']}, which is not read",
                hint="pack it anew with gzip or zstd first: ocs-cvtimg-comp of Clonezilla does",
            )
        number, base = int(found["number"]), f"{disk}{found['base']}"
        pieces = folder.pieces(base)
        if images.setdefault(number, pieces) != pieces:
            raise NetbootError(f"{folder.name} has two images of partition {number}", hint=ELSEWHERE)
    for partition in table.partitions:
        info = next((f for f in _swap_files(disk, partition.number) if f in folder.files), "")
        if info:
            said = dict(_SWAP.findall(folder.text(info)))
            swaps[partition.number] = swap_of(said.get("UUID", ""), said.get("LABEL", ""))
    boot = folder.head(f"{disk}-mbr", SECTOR)[:BOOT_CODE].ljust(SECTOR, b"\0")
    if table.label == "dos":
        boot += folder.head(f"{disk}-hidden-data-after-mbr", BOOT_AREA - SECTOR)
    return SavedDisk(table, boot, images, swaps)


def _disk(folder: Folder) -> str:
    """The name of the one disk that was saved."""
    disks = folder.text("disk").split() or [
        file.removesuffix(_TABLE) for file in sorted(folder.files) if file.endswith(_TABLE)
    ]
    if len(disks) != 1:
        raise NetbootError(
            f"{folder.name} holds {len(disks)} disks, and a master is one", hint=f"save one disk alone, or {ELSEWHERE}"
        )
    if not _DISK.fullmatch(disks[0]) or f"{disks[0]}{_TABLE}" not in folder.files:
        raise NetbootError(f"{folder.name} has no partition table of its disk", hint="copy the folder again, whole")
    return disks[0]


def _swap_files(disk: str, number: int) -> tuple[str, ...]:
    return f"swappt-{disk}{number}.info", f"swappt-{disk}p{number}.info"
