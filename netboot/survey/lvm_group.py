"""Changes a volume group on one device by LVM's own tools, told of this device and of no device-mapper.

They neither see another group of this machine, whatever its name or UUID, nor activate anything. The group's new text
is made by `lvm_room.py`; vgcfgrestore judges it and writes it in one step. Swap that lies behind the volume that
changed gets its header anew, with the same UUID and label, so that whatever names it finds it.
Blocks; needs root. Not for: what is in the other volumes.
"""

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from netboot.shared.manifest import FileSystem, LogicalVolume, Partition
from netboot.shared.process import run
from netboot.survey.logical_volumes import read_group, volume_device

_CONFIG: Final = """
backup { backup=0 archive=0 }
global { event_activation=0 }
devices { use_devicesfile=0 filter=["a|.*|"] global_filter=["a|.*|"] }
"""
_ALONE: Final = ("--driverloaded=n", "--nolocking", "--nohints", f"--config={' '.join(_CONFIG.split())}")
_WITHIN: Final = 600.0

Change = Callable[[str, str, Collection[str]], str | None]
"""A group's text and the names of a volume and of those with swap: the new text, None when it is that already."""


def change_group(device: Path, partition: Partition, volume: LogicalVolume, change: Change, *, sector: int) -> None:
    """Have this `change` made for `volume`, and swap behind it made anew. Raises NetbootError."""
    group, _, name = volume.name.partition("/")
    swaps = {one.name.partition("/")[2]: one for one in partition.volumes or () if one.role == "swap"}
    with tempfile.TemporaryDirectory(prefix="netboot-lvm-") as folder:
        backup = Path(folder, "group")
        _lvm(device, "vgcfgbackup", "--file", backup, group)
        text = change(backup.read_text(encoding="utf-8"), name, swaps.keys())
        if text is not None:
            backup.write_text(text, encoding="utf-8")
            _lvm(device, "vgcfgrestore", "--yes", "--file", backup, group)
    found = {one.name: one.ranges for one in read_group(device).volumes}
    for own, swap in swaps.items():
        if swap.filesystem is not None and found[own] > found[name]:
            with volume_device(device, swap.name, sector=sector) as inside:
                make_swap(inside, swap.filesystem)


def resize_group(device: Path, length: int | None = None) -> None:
    """Let the group have `length` bytes of the device, or all of it. Raises NetbootError."""
    wanted = () if length is None else (f"--setphysicalvolumesize={length}b",)
    _lvm(device, "pvresize", "--yes", *wanted, device)


def make_swap(device: Path, known: FileSystem) -> None:
    """An empty swap area by the name that `known` has. Raises NetbootError."""
    uuid, label = (("--uuid", known.uuid) if known.uuid else ()), (("--label", known.label) if known.label else ())
    run(["mkswap", *uuid, *label, device], timeout=_WITHIN)


def _lvm(device: Path, command: str, *words: str | Path) -> None:
    run(["lvm", command, *_ALONE, "--devices", device, *words], timeout=_WITHIN)
