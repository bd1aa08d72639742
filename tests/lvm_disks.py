"""Disk images with a volume group as installers make it, by LVM's own tools and without the kernel's device-mapper."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netboot.shared.process import run
from netboot.survey.loop import loop_device, writable_loop_device
from tests.agent.installed import prepared_pc, small_system
from tests.file_trees import plant
from tests.masters.images import MIB, sized

EXTENT = 4 * MIB
SWAP_UUID = "5f1a9a52-6c5c-4a6e-9d8e-0f5a3c1b2d4e"
PLANTED = "srv/tree"
ALONE = ("--driverloaded=n", "--nolocking", "--nohints", "--config=backup { backup=0 archive=0 }")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A volume: its size in MiB, and what is made in it: a file system with a system (`root`) or files, or swap."""

    name: str
    size: int
    kind: str
    root: bool = False


def disk_with_group(
    folder: Path, volumes: Sequence[Wanted], *, size: int, before: str = "", group: str = "debian-vg"
) -> Path:
    """A disk of `size` MiB whose last partition is a physical volume with these, one behind the other. `before` are
    lines of sfdisk for partitions in front of it; a table that begins with `label: dos` has it in an extended one."""
    image = sized(folder / "disk.raw", size * MIB)
    logical = "type=5\ntype=8e" if before.startswith("label: dos") else ""
    head = before if logical else f"label: gpt\nunit: sectors\n{before}"
    run(["sfdisk", "--quiet", image], stdin=f"{head}\n{logical or 'type=E6D6D379-F507-44C2-A23C-238F2A3DF928'}\n")
    part = last_partition(image)
    with writable_loop_device(image, offset=part["start"] * 512, length=part["size"] * 512) as device:
        lvm(device, "pvcreate", "--yes", device)
        lvm(device, "vgcreate", group, device)
        for one in volumes:
            words = ["--zero=n", "--wipesignatures=n", "--name", one.name, f"--size={one.size}m", group]
            lvm(device, "lvcreate", *words)
        offset = int(lvm(device, "pvs", "--noheadings", "--units=b", "--nosuffix", "--options=pe_start", device))
    at = part["start"] * 512 + offset
    for one in volumes:
        with writable_loop_device(image, offset=at, length=one.size * MIB) as device:
            make(device, one, folder)
        at += one.size * MIB
    return image


def make(device: Path, one: Wanted, folder: Path) -> None:
    """What is in a volume."""
    if one.kind == "swap":
        run(["mkswap", "--uuid", SWAP_UUID, "--label", "memory", device])
        return
    run([f"mkfs.{one.kind}", "-q", device])
    with mounted(device, folder / "making", one.kind) as top:
        if one.root:
            small_system(top)
            prepared_pc(top, folder)
        (top / PLANTED).mkdir(parents=True)
        plant(top / PLANTED, one.kind)


def lvm(device: Path, command: str, *words: str | Path) -> str:
    """What an LVM tool says that sees this device alone."""
    return run(["lvm", command, *ALONE, "--devices", device, *words]).stdout


def volumes_on(device: Path) -> list[tuple[str, int, list[int]]]:
    """Each volume by name, its size in extents, and where its pieces begin, as LVM tells it."""
    words = ["--noheadings", "--reportformat=json", "--segments", "--options=lv_name,seg_size_pe,seg_pe_ranges"]
    told = json.loads(lvm(device, "lvs", *words))["report"][0]
    rows = told.get("seg") or told["lv"]
    found: dict[str, tuple[int, list[int]]] = {}
    for row in rows:
        size, places = found.get(row["lv_name"], (0, []))
        first = int(row["seg_pe_ranges"].rpartition(":")[2].partition("-")[0])
        found[row["lv_name"]] = (size + int(row["seg_size_pe"]), [*places, first])
    return [(name, size, places) for name, (size, places) in found.items()]


def last_partition(image: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(run(["sfdisk", "--json", image]).stdout)["partitiontable"]
    last: dict[str, Any] = table["partitions"][-1]
    return last


@contextmanager
def mounted(device: Path, folder: Path, kind: str, *options: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    run(["mount", "--types", kind, *options, device, folder])
    try:
        yield folder
    finally:
        run(["umount", folder])


@contextmanager
def volume(disk: Path, name: str) -> Iterator[Path]:
    """A volume of the group in a disk's last partition, in one piece, to be read alone, as LVM says where it is."""
    part = last_partition(disk)
    start, length = part["start"] * 512, part["size"] * 512
    with loop_device(disk, offset=start, length=length) as device:
        known = {one: (size, places) for one, size, places in volumes_on(device)}
        offset = int(lvm(device, "pvs", "--noheadings", "--units=b", "--nosuffix", "--options=pe_start", device))
    size, (first,) = known[name]
    with loop_device(disk, offset=start + offset + first * EXTENT, length=size * EXTENT) as device:
        yield device
