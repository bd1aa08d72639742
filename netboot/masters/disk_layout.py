"""What lies where on a disk image: its partition table, and each partition's file system, role and boot loader.

Reads `sfdisk --json` (util-linux), `blkid --probe` and, for the ESP, `mdir` (mtools).
Not for: which blocks of a file system are in use (`used_ranges.py`).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from netboot.errors import NetbootError
from netboot.manifest import FileSystem, Partition, Role, UefiLoader
from netboot.masters.loop import loop_device
from netboot.process import run

# UEFI specification 2.10 §5.3.3, the Discoverable Partitions Specification, and Microsoft's PARTITION_INFORMATION_GPT.
GPT_ROLES: Final[dict[str, Role]] = {
    "21686148-6449-6e6f-744e-656564454649": "bios-boot",
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "esp",
    "bc13c2ff-59e6-4262-a352-b275fd6f7172": "boot",
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "root",
    "933ac7e1-2eb4-4f13-b844-0e14e2aef915": "home",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "swap",
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "data",
    "de94bba4-06d1-4d40-a16a-bfd50179d6ac": "recovery",
    "e3c9e316-0b5c-4db8-817d-f92df00215ae": "reserved",
}
DOS_ROLES: Final[dict[str, Role]] = {
    "05": "extended", "0f": "extended", "85": "extended", "82": "swap", "ef": "esp", "27": "recovery", "07": "data",
}  # fmt: skip
_LINUX: Final = {"0fc63daf-8483-4772-8e79-3d69d8477de4", "83"}
_ROOT_KINDS: Final = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"}
# What the agent's customise stage can make larger (agent/grow.py), with the extended partition around it.
_GROWABLE: Final = {"ext2", "ext3", "ext4"}

_LOADER: Final = re.compile(r"(/[A-Za-z0-9._-]+)+\.efi", re.IGNORECASE)
_REMOVABLE: Final = re.compile(r"/EFI/BOOT/BOOT(X64|IA32|AA64)\.EFI", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DiskLayout:
    """A disk image's geometry. `size` and the offsets in `partitions` are bytes; `backup` is where the area after the
    last usable sector begins (the backup GPT), `size` when there is none."""

    size: int
    sector: Literal[512, 4096]
    table: Literal["gpt", "dos"]
    table_id: str
    backup: int
    partitions: tuple[Partition, ...]


def read_layout(image: Path) -> DiskLayout:
    """Read the partition table and the file systems of a raw disk image. Raises NetbootError. Needs root."""
    sector = sector_size(image)
    size = image.stat().st_size
    with loop_device(image, sector=sector) as device:
        table = run(["sfdisk", "--json", device], timeout=60).stdout
    layout = parse_table(table, size=size, sector=sector, source=image.name)
    partitions = [(partition, _probe(image, partition)) for partition in layout.partitions]
    return DiskLayout(size, sector, layout.table, layout.table_id, layout.backup, with_file_systems(partitions))


def sector_size(image: Path) -> Literal[512, 4096]:
    """The sector size an image was made with: where its GPT header stands; 512 bytes when it has none."""
    with image.open("rb") as file:
        start = file.read(4096 + 8)
    return 4096 if start[4096:] == b"EFI PART" and start[512:520] != b"EFI PART" else 512


def parse_table(text: str, *, size: int, sector: Literal[512, 4096], source: str) -> DiskLayout:
    """Read what `sfdisk --json` printed about `source`. Raises NetbootError."""
    try:
        table: dict[str, Any] = json.loads(text)["partitiontable"]
        label = table["label"]
        if label not in ("gpt", "dos"):
            raise NetbootError(
                f"{source} has a partition table of the kind {label!r}", hint="only gpt and dos are read"
            )
        roles = GPT_ROLES if label == "gpt" else DOS_ROLES
        partitions = []
        for entry in table["partitions"]:
            kind = str(entry["type"]).lower().zfill(2)
            partitions.append(
                Partition(
                    number=int(re.sub(r"^.*\D", "", str(entry["node"]))),
                    start=int(entry["start"]) * sector,
                    length=int(entry["size"]) * sector,
                    type=kind,
                    uuid=str(entry.get("uuid", "")).lower(),
                    name=str(entry.get("name", ""))[:36],
                    role=roles.get(kind, "other"),
                )
            )
        backup = (int(table["lastlba"]) + 1) * sector if label == "gpt" else size
        table_id = str(table.get("id", "")).lower().removeprefix("0x")
    except (KeyError, TypeError, ValueError) as error:
        raise NetbootError(
            f"{source} has no partition table that can be read: {error}", hint="see sfdisk --list"
        ) from (error)
    if not partitions or any(partition.end > size for partition in partitions):
        raise NetbootError(
            f"{source} has no partition, or one that ends after the disk", hint="import the image of a whole disk"
        )
    return DiskLayout(size, sector, label, table_id, min(backup, size), tuple(partitions))


def with_file_systems(found: Iterable[tuple[Partition, FileSystem | None]]) -> tuple[Partition, ...]:
    """Give partitions their file systems, and the roles and growth that follow from them."""
    pairs = list(found)
    roots = [
        partition
        for partition, system in pairs
        if partition.role == "other" and partition.type in _LINUX and system is not None and system.kind in _ROOT_KINDS
    ]
    has_root = any(partition.role == "root" for partition, _ in pairs)
    root = None if has_root else max(roots, key=lambda partition: partition.length, default=None)
    last = max((p for p, _ in pairs if p.role != "extended"), key=lambda partition: partition.start)
    return tuple(
        Partition(
            number=partition.number,
            start=partition.start,
            length=partition.length,
            type=partition.type,
            uuid=partition.uuid,
            name=partition.name,
            role="root" if partition is root else partition.role,
            grow=partition is last and system is not None and system.kind in _GROWABLE,
            filesystem=system,
        )
        for partition, system in pairs
    )


def find_loader(image: Path, layout: DiskLayout) -> UefiLoader | None:
    """The boot loader that the firmware's entry should name, or None. Raises NetbootError."""
    esp = next((partition for partition in layout.partitions if partition.role == "esp"), None)
    if esp is None:
        return None
    listed = run(["mdir", "-i", f"{image}@@{esp.start}", "-/", "-b", "::/EFI"], expect=None, timeout=60)
    return choose_loader(listed.stdout.splitlines(), esp.number)


def choose_loader(paths: Iterable[str], partition: int) -> UefiLoader | None:
    """The loader among an ESP's files ("::/EFI/debian/shimx64.efi"): shim before Windows' before GRUB's before others.

    The removable path comes last: it boots without an entry.
    """
    found = sorted({path.strip().removeprefix("::") for path in paths})
    found = [path for path in found if _LOADER.fullmatch(path) and len(path) <= 200 and path.count("/") > 2]
    if not found:
        return None
    best = min(found, key=lambda path: (_rank(path), path))
    return UefiLoader(partition=partition, path=re.sub(r"\.\w+$", _plain_case, best), label=best.split("/")[2])


def _plain_case(extension: re.Match[str]) -> str:
    return extension[0] if extension[0] in (".efi", ".EFI") else ".efi"


def _rank(path: str) -> int:
    name = path.rsplit("/", 1)[1].lower()
    if _REMOVABLE.fullmatch(path):
        return 3
    if path.lower().startswith("/efi/boot/"):
        return 5
    return {"shimx64.efi": 0, "bootmgfw.efi": 1, "grubx64.efi": 2}.get(name, 4)


def _probe(image: Path, partition: Partition) -> FileSystem | None:
    if partition.role in ("extended", "bios-boot"):
        return None
    found = run(
        [
            "blkid",
            "--probe",
            f"--offset={partition.start}",
            f"--size={partition.length}",
            "--output=export",
            image,
        ],
        expect=(0, 2, 8),
        timeout=60,
    )
    return parse_blkid(found.stdout)


def parse_blkid(text: str) -> FileSystem | None:
    """The file system that `blkid --output=export` named, or None."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    kind = values.get("TYPE", "")
    if not 0 < len(kind) <= 32:
        return None
    return FileSystem(kind=kind, uuid=values.get("UUID", "")[:256], label=values.get("LABEL", "")[:256])
