"""Lays a root folder out as a raw disk image: GPT, BIOS boot partition, ESP, ext4 root. Nothing is mounted.

Identifiers come from the inputs, not from chance, so that two builds agree. The table and the ESP are made for one
sector size: Linux mounts no FAT whose sectors are smaller than the disk's, and not all firmware reads one whose sectors
are larger. The root's blocks are as large as the largest sectors. Not for: what the root holds (`system_root.py`). All
sizes are bytes.
"""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.masters.boot_loader import SECTOR, BootIds, embed_bios
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.survey.loop import writable_loop_device

MIB: Final = 1024 * 1024
LARGE_SECTOR: Final = 4096
ROOT_PARTITION: Final = 3
_NAMESPACE: Final = uuid.UUID("5d2f6ac8-6a0b-5f0e-9a52-1c8a0c6e8f37")
_BIOS_BOOT: Final = "21686148-6449-6E6F-744E-656564454649"
_ESP: Final = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_ROOT: Final = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
_CLUSTER: Final = 4096
_TWO_SIZES: Final = 260 * MIB
"""The smallest ESP that can be made for sectors of 4096 bytes: FAT32 has at least 65,525 clusters of a sector or more
(Microsoft, "Hard drives and partitions": "the minimum size is 260 MB")."""
# Both are newer than what GRUB 2.12 reads (metadata_csum_seed) or Debian 12's resize2fs checks (orphan_file).
_EXT4_FEATURES: Final = "^metadata_csum_seed,^orphan_file"


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the three partitions lie; the whole disk is `size`."""

    size: int
    esp_length: int

    bios_start: int = MIB
    bios_length: int = MIB
    esp_start: int = 2 * MIB

    @property
    def root_start(self) -> int:
        """The first byte of the root partition."""
        return self.esp_start + self.esp_length

    @property
    def root_length(self) -> int:
        """Up to the last MiB, which the backup GPT needs a part of."""
        return self.size - MIB - self.root_start

    @property
    def for_large_sectors(self) -> bool:
        """Whether it can be laid out for sectors of 4096 bytes."""
        return self.esp_length >= _TWO_SIZES


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Every identifier of one disk, drawn from the digest of its inputs."""

    inputs: str

    def guid(self, purpose: str) -> str:
        """The GUID of `what`, in lower case."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.inputs} {purpose}"))

    @property
    def fat_serial(self) -> str:
        """The ESP's serial, eight hex digits."""
        return self.guid("esp file system")[:8]

    def boot_ids(self) -> BootIds:
        """What boot loaders and fstab name."""
        serial = self.fat_serial.upper()
        return BootIds(self.guid("root file system"), f"{serial[:4]}-{serial[4:]}", ROOT_PARTITION)


def write_partition_table(image: Path, geometry: Geometry, ids: Identifiers) -> None:
    """Make the image, sparse, with its GPT for sectors of 512 bytes. Raises NetbootError."""
    with image.open("xb") as file:
        file.truncate(geometry.size)
    run(["sfdisk", "--quiet", image], stdin=sfdisk_script(geometry, ids), timeout=60)


def clear_for_large_sectors(image: Path, geometry: Geometry, ids: Identifiers) -> None:
    """Clear all of a finished image but its root, and give it the same GPT for sectors of 4096 bytes. Needs root.

    It has no boot code then, which no BIOS could read. Raises NetbootError.
    """
    root_end = geometry.root_start + geometry.root_length
    with image.open("r+b") as file:
        for start, end in ((0, geometry.root_start), (root_end, geometry.size)):
            file.seek(start)
            for _ in range(start, end, MIB):
                file.write(bytes(MIB))
    # sfdisk takes the sector size from a device alone.
    with writable_loop_device(image, sector=LARGE_SECTOR) as device:
        script = sfdisk_script(geometry, ids, LARGE_SECTOR)
        run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", device], stdin=script, timeout=60)


def sfdisk_script(geometry: Geometry, ids: Identifiers, sector: int = SECTOR) -> str:
    """The partition table as sfdisk(8) reads it."""
    partitions = (
        (geometry.bios_start, geometry.bios_length, _BIOS_BOOT, "bios"),
        (geometry.esp_start, geometry.esp_length, _ESP, "esp"),
        (geometry.root_start, geometry.root_length, _ROOT, "root"),
    )
    lines = ["label: gpt", f"label-id: {ids.guid('disk')}", "unit: sectors", ""]
    lines += [
        f'start={start // sector}, size={length // sector}, type={kind}, uuid={ids.guid(name)}, name="{name}"'
        for start, length, kind, name in partitions
    ]
    return "\n".join(lines) + "\n"


def write_bios_loader(image: Path, geometry: Geometry, boot: bytes, core: bytes) -> None:
    """Put GRUB's two BIOS images where the BIOS and each other look for them. Raises NetbootError."""
    code, placed = embed_bios(boot, core, start=geometry.bios_start, length=geometry.bios_length)
    with image.open("r+b") as file:
        file.write(code)
        file.seek(geometry.bios_start)
        file.write(placed)


def write_esp(
    image: Path,
    geometry: Geometry,
    ids: Identifiers,
    files: Mapping[str, bytes],
    epoch: int,
    *,
    sector: int = SECTOR,
) -> None:
    """Make the EFI system partition with these files. `epoch` is their time (Unix seconds). Raises NetbootError."""
    # With larger clusters a small ESP has too few for FAT32.
    cluster = _CLUSTER if geometry.for_large_sectors else sector
    times = {"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"}
    run(
        [
            "mkfs.vfat",
            "-F",
            "32",
            "-S",
            str(sector),
            "-s",
            str(cluster // sector),
            "-h",
            str(geometry.esp_start // sector),
            "-n",
            "ESP",
            "-i",
            ids.fat_serial,
            f"--offset={geometry.esp_start // sector}",
            image,
            str(geometry.esp_length // 1024),
        ],
        env=times,
        timeout=60,
    )
    inside = f"{image}@@{geometry.esp_start}"
    folders = sorted({os.fspath(parent) for name in files for parent in Path(name).parents} - {"."})
    run(["mmd", "-i", inside, *(f"::/{folder}" for folder in folders)], env=times, timeout=60)
    staged = image.with_name(f"{image.name}.file")
    try:
        for name, content in sorted(files.items()):
            staged.write_bytes(content)
            os.utime(staged, (epoch, epoch))
            run(["mcopy", "-m", "-i", inside, staged, f"::/{name}"], env=times, timeout=60)
    finally:
        staged.unlink(missing_ok=True)


def write_root(image: Path, geometry: Geometry, ids: Identifiers, root: Path, epoch: int) -> None:
    """Make the root file system from this folder. `epoch` is its time (Unix seconds). Raises NetbootError."""
    used = sum(path.lstat().st_blocks * 512 for path in root.rglob("*") if not path.is_symlink())
    if used > geometry.root_length * 9 // 10:
        raise NetbootError(
            f"the root has {used // MIB} MiB and its partition {geometry.root_length // MIB} MiB",
            hint="give the recipe a larger `disk`",
        )
    guid = ids.guid("root file system")
    run(
        [
            "mke2fs",
            "-q",
            "-F",
            "-t",
            "ext4",
            "-b",
            "4096",
            "-m",
            "1",
            "-L",
            "root",
            "-U",
            guid,
            "-O",
            _EXT4_FEATURES,
            "-E",
            # Nothing is left to be zeroed later: unused blocks of the target's disk hold an erase pattern, not zeros.
            f"hash_seed={guid},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,offset={geometry.root_start}",
            "-d",
            root,
            image,
            f"{geometry.root_length // 1024}k",
        ],
        env={"E2FSPROGS_FAKE_TIME": str(epoch), "SOURCE_DATE_EPOCH": str(epoch)},
        timeout=1800,
    )
