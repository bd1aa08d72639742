"""Enciphered volumes of former owners on a disk, as this machine's own blkid calls them."""

import subprocess
from pathlib import Path

from netboot.agent.disks.block_devices import SEALS
from netboot.agent.disks.listing import SEALED, read_disks
from netboot.agent.host import Host

UDEV = """P: /devices/pci0/nvme0n1
E: ID_PART_TABLE_TYPE=gpt

P: /devices/pci0/nvme0n1/nvme0n1p1
E: ID_FS_TYPE=vfat

P: /devices/pci0/nvme0n1/nvme0n1p2
E: ID_FS_TYPE=BitLocker

P: /devices/pci0/nvme0n1/nvme0n1p3
E: ID_FS_TYPE=crypto_LUKS

P: /devices/pci0/sda
E: ID_FS_TYPE=crypto_LUKS
"""


def tree(root: Path) -> Host:
    """Two disks as /sys has them: the first with three partitions, the second enciphered whole."""
    for path in ("nvme0n1", "nvme0n1/nvme0n1p1", "nvme0n1/nvme0n1p2", "nvme0n1/nvme0n1p3", "sda", "vda"):
        place = root / "sys/devices/pci0" / path
        place.mkdir(parents=True)
        (place / ("partition" if "p" in path.rpartition("/")[2][6:] else "size")).write_text("8\n")
    (root / "sys/block").mkdir()
    for name in ("nvme0n1", "sda", "vda"):
        (root / "sys/block" / name).symlink_to(f"../devices/pci0/{name}")
    return Host(root, lambda command: UDEV if command[0] == "udevadm" else "")


def test_volumes_are_told_by_what_udev_found_on_disk_and_partitions(tmp_path: Path) -> None:
    found = {disk.name: disk.sealed for disk in read_disks(tree(tmp_path))}
    assert found == {"nvme0n1": ("bitlocker", "luks"), "sda": ("luks",), "vda": ()}
    assert SEALED.keys() == SEALS


def test_this_machines_blkid_calls_them_so(tmp_path: Path) -> None:
    image = tmp_path / "sealed"
    # libblkid's bitlocker.c: a first sector of Windows 7 and later leads to the metadata, which has the same signature.
    signature = b"-FVE-FS-"
    first = (b"\xeb\x58\x90" + signature).ljust(176, b"\0") + (65536).to_bytes(8, "little")
    bitlocker = first.ljust(65536, b"\0") + signature + bytes.fromhex("40000200")
    for head, name in ((bitlocker, "BitLocker"), (b"LUKS\xba\xbe\x00\x02", "crypto_LUKS")):
        image.write_bytes(head.ljust(1 << 20, b"\0"))
        said = subprocess.run(["blkid", "-p", "-o", "value", "-s", "TYPE", image], capture_output=True, text=True)
        assert said.stdout.strip() == name
