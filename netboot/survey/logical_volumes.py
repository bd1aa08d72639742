"""A volume of LVM as a block device, nothing activated: a loop device on the one range of the partition where it lies.

The kernel's device-mapper is not asked. So a group of the same name or UUID that this machine has elsewhere is never
taken for it, and nothing has to be deactivated: the loop device goes with the process at the latest.
Blocks; needs root. Not for: changing a group (`lvm_group.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.survey.loop import writable_loop_device
from netboot.survey.lvm import PhysicalVolume, read_physical_volume
from netboot.survey.lvm_text import LvmError

_AGAIN: Final = "deploy the master again"


@contextmanager
def volume_device(partition: Path, name: str, *, sector: int) -> Iterator[Path]:
    """The volume `name` (its group's and its own) of this physical volume, to be written to, with sectors of so many
    bytes; all is on the disk at the end. Raises NetbootError when it is not there in one piece."""
    group, _, own = name.partition("/")
    physical = read_group(partition)
    ranges = next((one.ranges for one in physical.volumes if (physical.group, one.name) == (group, own)), ())
    if len(ranges) != 1:
        raise NetbootError(f"the volume {name} lies in {len(ranges)} pieces of {partition.name}", hint=_AGAIN)
    ((start, end),) = ranges
    with writable_loop_device(partition, offset=start, length=end - start, sector=sector) as device:
        yield device


def read_group(partition: Path) -> PhysicalVolume:
    """What LVM has in this partition, by its own metadata. Raises NetbootError."""
    try:
        with partition.open("rb", buffering=0) as file:
            length = file.seek(0, os.SEEK_END)
            return read_physical_volume(lambda start, end: os.pread(file.fileno(), end - start, start), length)
    except (LvmError, OSError) as error:
        raise NetbootError(f"{partition.name}: {error}", hint=_AGAIN) from error
