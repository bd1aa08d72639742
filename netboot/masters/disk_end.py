"""Lets a master's disk end soon behind its last partition, where much of the disk behind it belongs to none.

So a system whose file system nothing here makes smaller (btrfs, XFS, f2fs) fits small disks all the same, once whoever
prepared it has given it a small partition. Nothing is copied: a GPT says where its disk ends, a dos table's disk ends
there anyway (`survey/disk_layout.py`). All values are bytes. Not for: making a file system smaller (`shrinking.py`).
"""

from dataclasses import replace

from netboot.masters.worth_shrinking import room_behind
from netboot.survey.disk_file import DiskFile
from netboot.survey.gpt import read_gpt, with_end
from netboot.survey.used_ranges import GRAIN, align
from netboot.survey.whole_disk import Survey


def ends_sooner(disk: DiskFile, found: Survey) -> Survey | None:
    """What was found, on a disk that ends behind its last partition; None where that saves too little, or the table
    with the new end is not read as the same one."""
    layout = found.layout
    if not room_behind(layout.partitions, layout.table, layout.size):
        return None
    last = max(layout.partitions, key=lambda one: one.end)
    shortened = with_end(replace(disk, patches=layout.patches).read, layout.sector, last.number, last.end)
    patches = (*layout.patches, *shortened.patches)
    gpt = read_gpt(replace(disk, patches=patches).read, shortened.disk, layout.sector)
    was = read_gpt(replace(disk, patches=layout.patches).read, layout.size, layout.sector)
    if gpt is None or was is None or gpt.patches or (gpt.table_id, gpt.partitions) != (was.table_id, was.partitions):
        return None
    inside = ((start, min(end, last.end)) for start, end in found.ranges if start < last.end)
    return replace(
        found,
        layout=replace(layout, size=gpt.disk, backup=gpt.backup, patches=patches),
        ranges=align((*inside, (gpt.backup, gpt.disk)), GRAIN, gpt.disk),
    )
