"""Which file system is in a partition, even where an older one left its signature: `blkid --probe`, and checks.

blkid gives no answer (status 8) where it finds the signatures of two. Then it is the one that is intact: ext2, 3 and 4
are checked by e2fsck, read-only. Not for: what is in a file system (`installed_system.py`). All values are bytes.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from netboot.shared.errors import NetbootError
from netboot.shared.growth import EXT, SUPERBLOCK, SuperblockError, read_ext
from netboot.shared.manifest import FileSystem, Partition
from netboot.shared.process import run
from netboot.survey.disk_file import DiskFile
from netboot.survey.loop import loop_device
from netboot.survey.ntfs import largest_ntfs

_NOT_PROBED: Final = ("extended", "bios-boot")
_AMBIVALENT: Final = 8
_ESCAPED: Final = re.compile(r"\\([^x])")
_EXT: Final = ("ext4", "ext3", "ext2")


def probe(disk: DiskFile, partition: Partition, progress: Callable[[str], None]) -> FileSystem | None:
    """The file system of this partition, None when it has none that is known. Raises NetbootError. Needs root."""
    if partition.role in _NOT_PROBED:
        return None
    system = _probe(disk, partition, progress)
    if system is not None and system.kind == "ntfs":
        largest = largest_ntfs(disk, partition, progress)
        return system if largest is None else replace(system, largest=largest)
    if system is None or system.kind not in EXT:
        return system
    try:
        superblock = disk.read(partition.start + SUPERBLOCK.start, partition.start + SUPERBLOCK.stop)
        return replace(system, largest=read_ext(superblock).largest)
    except SuperblockError as error:
        raise NetbootError(
            f"partition {partition.number} is called {system.kind} and has {error}", hint="check it with e2fsck"
        ) from error


def _probe(disk: DiskFile, partition: Partition, progress: Callable[[str], None]) -> FileSystem | None:
    part = ["blkid", "--probe", f"--offset={partition.start}", f"--size={partition.length}", "--output=export"]
    probed = run([*part, disk.path], expect=(0, 2, _AMBIVALENT), timeout=60)
    if probed.status != _AMBIVALENT:
        return parse_blkid(probed.stdout)
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        kinds = signatures(device)
        whole = next((kind for kind in _EXT if kind in kinds and _is_whole(device)), "")
    ambiguity = f"partition {partition.number} has the signs of several file systems ({', '.join(kinds)})"
    if not whole:
        progress(f"{ambiguity}: which one is in use cannot be told")
        return None
    progress(f"{ambiguity}: {whole} is the one that is whole")
    return parse_blkid(run([*part, f"--match-types={whole}", disk.path], timeout=60).stdout)


def signatures(device: Path) -> list[str]:
    """The kinds of file systems whose signs are on a device, each once, as wipefs lists them (it changes nothing)."""
    listed = run(["wipefs", "--no-act", "--noheadings", "--output=TYPE", device], timeout=60)
    return list(dict.fromkeys(line.strip()[:32] for line in listed.stdout.splitlines() if line.strip()))


def parse_blkid(text: str) -> FileSystem | None:
    """The file system that `blkid --output=export` named, or None."""
    # What a shell would take for its own has a backslash before it; what is not printable stays as it is told (\x1b).
    values = dict(_ESCAPED.sub(r"\1", line).split("=", 1) for line in text.splitlines() if "=" in line)
    kind = values.get("TYPE", "")
    if not 0 < len(kind) <= 32 or not all(letter.isalnum() or letter in "_.+-" for letter in kind):
        return None
    return FileSystem(kind=kind, uuid=values.get("UUID", "")[:256], label=values.get("LABEL", "")[:256])


def _is_whole(device: Path) -> bool:
    return run(["e2fsck", "-f", "-n", device], expect=None, timeout=3600).status == 0
