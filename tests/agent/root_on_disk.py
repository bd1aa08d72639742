"""A disk image with one partition, and in it a file system with a small installed system that was used."""

import json
import subprocess
from pathlib import Path

from netboot.shared.manifest import Manifest, Partition
from tests.agent.boot_http import manifest_of, root_partition
from tests.agent.installed import prepared_pc, small_system

MIB = 1024 * 1024


def tool(*words: str | Path, stdin: str | None = None) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, input=stdin).stdout


def disk_with_root(path: Path, kind: str, size: int, folder: str) -> Manifest:
    """A disk image with one partition for the rest, a file system of this kind, and in `folder` of it a system."""
    with path.open("wb") as file:
        file.truncate(size)
    tool("sfdisk", "--quiet", path, stdin="label: gpt\nstart=2048, type=L\n")
    table = json.loads(tool("sfdisk", "--json", path))["partitiontable"]["partitions"][0]
    root = root_partition(table["start"] * 512, table["size"] * 512, kind=kind)
    device = tool("losetup", "--find", "--show", f"--offset={root.start}", f"--sizelimit={root.length}", path).strip()
    mount = path.with_name("making")
    mount.mkdir()
    try:
        tool(f"mkfs.{kind}", "-q", device)
        tool("mount", "-t", kind, device, mount)
        try:
            if folder:
                tool("btrfs", "subvolume", "create", mount / folder)
            small_system(mount / folder)
            prepared_pc(mount / folder, mount.parent)
        finally:
            tool("umount", mount)
    finally:
        tool("losetup", "--detach", device)
        mount.rmdir()
    return manifest_of(path.read_bytes()[:MIB], (root,), used=[(0, MIB)], length=MIB)


def leave_a_zfs_label(image: Path, partition: Partition) -> None:
    """What blkid takes for a ZFS beside the ext4: the uberblocks of the labels at the end of the partition."""
    with image.open("r+b") as file:
        for label in (1, 2):
            for block in range(8):
                file.seek(partition.end - label * 256 * 1024 + 128 * 1024 + block * 1024)
                file.write((0x00BAB10C).to_bytes(8, "little"))
