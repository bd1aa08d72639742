"""What of a saved disk was found in a folder, and where it belongs on the disk. Pure.

Not for: how a program names its files (`clonezilla.py`, `fog.py`), putting it all on a disk (`restoring.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netboot.masters.saved.table_dump import SavedTable
from netboot.shared.errors import NetbootError

ELSEWHERE: Final = "restore it with the program that saved it, onto a PC or a virtual disk, and import that disk"
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LABEL: Final = re.compile(r"[ -~]{0,16}")
BOOT_CODE: Final = 440
"""Bytes of the first sector before the disk's signature: boot code."""


@dataclass(frozen=True, slots=True)
class Swap:
    """A swap partition, which is made anew."""

    uuid: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class SavedDisk:
    """A disk as it was saved. `images` are the files of each partition's image, in order, by the partition's number;
    `swaps` those of swap. `boot` is what stands before the first partition: its boot code, and what follows the first
    sector of a disk with an MBR."""

    table: SavedTable
    boot: bytes
    images: Mapping[int, tuple[str, ...]]
    swaps: Mapping[int, Swap]

    def require_whole(self, name: str) -> None:
        """Raises NetbootError when a partition has neither image nor swap, or what stands first does not fit there."""
        for partition in self.table.partitions:
            if partition.number not in self.images and partition.number not in self.swaps:
                if partition.needs_no_image:
                    continue
                raise NetbootError(
                    f"{name} has no image of partition {partition.number} that can be read: LVM, RAID and encrypted "
                    "partitions are not, nor is a disk that was saved in part",
                    hint=ELSEWHERE,
                )


def swap_of(uuid: str, label: str = "") -> Swap:
    """A swap with this UUID and label, as far as they are such."""
    return Swap(uuid if _UUID.fullmatch(uuid) else "", label if _LABEL.fullmatch(label) else "")
