"""What lies behind a file system that was made smaller, moved up to it in a copy that is ours, and its partition table.

What is in use is taken from the disk itself, which keeps it as it is. Not for: making the file system smaller
(`shrinking.py`), where the partitions go (`survey/places.py`). Blocks; needs root. All values are bytes.
"""

import os
from pathlib import Path
from typing import BinaryIO, Final

from netboot.shared.manifest import Partition
from netboot.shared.process import run
from netboot.survey.disk_file import DiskFile
from netboot.survey.loop import loop_device, writable_loop_device
from netboot.survey.moved_ntfs import moved_boot_sectors
from netboot.survey.new_table import write_table
from netboot.survey.places import behind, places_moved_up, with_places
from netboot.survey.used_ranges import GRAIN
from netboot.survey.whole_disk import Survey

_MIB: Final = 1024 * 1024
_PIECE: Final = 64 * _MIB


def move_up(disk: DiskFile, found: Survey, shrunk: Partition, end: int, copy: Path) -> None:
    """Let `shrunk` end at `end` in the copy, all behind it follow, and the disk end there. Raises NetbootError."""
    layout = found.layout
    places = places_moved_up(layout.partitions, shrunk, end)
    last = -(-max(start + length for start, length in places.values()) // GRAIN) * GRAIN
    with copy.open("r+b") as file:
        for one in behind(layout.partitions, shrunk):
            _move(disk, found, one, places[one.number][0], file)
    # The image may have been written to since the rest was copied.
    disk.require_unchanged()
    with loop_device(copy, sector=layout.sector) as device:
        dump = run(["sfdisk", "--dump", device], timeout=60).stdout
    # A GPT has its copy behind the last partition.
    os.truncate(copy, last + _MIB if layout.table == "gpt" else last)
    with writable_loop_device(copy, sector=layout.sector) as device:
        write_table(device, with_places(dump, places, layout.sector), table=layout.table, sector=layout.sector)


def _move(disk: DiskFile, found: Survey, one: Partition, target: int, file: BinaryIO) -> None:
    """Write what is in use of this partition to where it is to begin."""
    for start, stop in found.ranges:
        for at in range(max(start, one.start), min(stop, one.end), _PIECE):
            file.seek(target + at - one.start)
            file.write(disk.read(at, min(at + _PIECE, stop, one.end)))

    def read(start: int, stop: int) -> bytes:
        return disk.read(one.start + start, one.start + stop)

    for at, data in moved_boot_sectors(read, one.length, target // found.layout.sector).items():
        file.seek(target + at)
        file.write(data)
