"""Growing a physical volume of LVM to its partition, and one of its volumes to all that is free then.

LVM's own tools change the metadata, told of this one partition and of no device-mapper: they neither see another group
of the PC nor activate anything. The group's new text is made by `survey/lvm_room.py`, and vgcfgrestore judges it and
writes it in one step. Swap that lay behind the volume is at the end then; its header is written anew, with the same
UUID and label, so that whatever names it finds it. Done again after a power cut, it does what is left to do.
Blocks; needs root. Not for: the file system in the volume (`grow.py`).
"""

import tempfile
from pathlib import Path
from typing import Final

from netboot.agent.disks.logical_volumes import read_group, volume_device
from netboot.shared.manifest import FileSystem, LogicalVolume, Partition
from netboot.shared.process import run
from netboot.survey.lvm_room import with_the_rest

_ALONE: Final = (
    "--driverloaded=n",
    "--nolocking",
    "--nohints",
    "--config=backup { backup=0 archive=0 } global { event_activation=0 } devices { use_devicesfile=0 }",
)
_WITHIN: Final = 600.0


def grow_volume(device: Path, partition: Partition, volume: LogicalVolume, *, sector: int) -> None:
    """Give `volume` the rest of the partition, which has its new size. Raises NetbootError."""
    group, _, name = volume.name.partition("/")
    swaps = {one.name.partition("/")[2]: one for one in partition.volumes or () if one.role == "swap"}
    _lvm(device, "pvresize", "--yes", device)
    with tempfile.TemporaryDirectory(prefix="netboot-lvm-") as folder:
        backup = Path(folder, "group")
        _lvm(device, "vgcfgbackup", "--file", backup, group)
        text = with_the_rest(backup.read_text(encoding="utf-8"), name, swaps.keys())
        if text is not None:
            backup.write_text(text, encoding="utf-8")
            _lvm(device, "vgcfgrestore", "--yes", "--file", backup, group)
    found = {one.name: one.ranges for one in read_group(device).volumes}
    for own, swap in swaps.items():
        if swap.filesystem is not None and found[own] > found[name]:
            with volume_device(device, swap.name, sector=sector) as inside:
                make_swap(inside, swap.filesystem)


def make_swap(device: Path, known: FileSystem) -> None:
    """An empty swap area by the name that `known` has. Raises NetbootError."""
    uuid, label = (("--uuid", known.uuid) if known.uuid else ()), (("--label", known.label) if known.label else ())
    run(["mkswap", *uuid, *label, device], timeout=_WITHIN)


def _lvm(device: Path, command: str, *words: str | Path) -> None:
    run(["lvm", command, *_ALONE, "--devices", device, *words], timeout=_WITHIN)
